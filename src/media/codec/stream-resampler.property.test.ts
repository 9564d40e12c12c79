import * as fc from "fast-check";
import { expect, test } from "vitest";
import { noise } from "./fixture/sounds.case.ts";
import { StreamResampler } from "./stream-resampler.ts";

test("how sound is cut into frames makes no difference, at any two rates", () => {
  const said = noise(4000);
  const rate = fc.constantFrom(8000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000);
  fc.assert(
    fc.property(rate, rate, fc.array(fc.integer({ min: 0, max: 1500 }), { maxLength: 6 }), (fromHz, toHz, cuts) => {
      const atOnce = new Int16Array(30_000);
      const written = new StreamResampler(fromHz, toHz).process(said, atOnce);
      const inParts = new Int16Array(30_000);
      const resampler = new StreamResampler(fromHz, toHz);
      let read = 0;
      let at = 0;
      for (const cut of [...cuts, said.length]) {
        at += resampler.process(said.subarray(read, read + cut), inParts.subarray(at));
        read += cut;
      }
      expect(at).toBe(written);
      expect(inParts).toEqual(atOnce);
    }),
    { numRuns: 60 },
  );
});
