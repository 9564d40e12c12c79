import * as fc from "fast-check";
import { test } from "vitest";
import { ComfortNoise } from "./comfort-noise.ts";

test("payloads of any bytes make noise without a sample that is no number or beyond its frame", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }), (payloads) => {
      const comfort = new ComfortNoise();
      const into = new Int16Array(400);
      for (const payload of payloads) {
        comfort.describe(payload, 0, payload.length);
        comfort.generate(into, 320);
      }
      // A filter that had run away would stay silent (NaN becomes 0) or at the limits.
      comfort.describe(Uint8Array.of(10), 0, 1);
      comfort.generate(into, 320);
      return new Set(into.subarray(0, 320)).size > 100 && into.subarray(320).every((sample) => sample === 0);
    }),
  );
});
