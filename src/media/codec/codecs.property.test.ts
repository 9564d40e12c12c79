import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import type { Decoder } from "./audio-codec.ts";
import { audioCodecs, loadCodecs } from "./codecs.ts";

beforeAll(loadCodecs);

/** What comes, or a gap, with the payload behind it or without. */
const step = fc.record({
  payload: fc.uint8Array({ maxLength: 400 }),
  skipped: fc.nat(5),
  gap: fc.constantFrom("none", "guess", "look ahead"),
});
const marker = 0x5a5a;

/** A place in a larger buffer, so that a write beyond it would be seen. */
function isBounded(
  decoder: Decoder,
  { payload, skipped, gap }: { payload: Uint8Array; skipped: number; gap: string },
  room: number,
  frame: number,
) {
  const buffer = new Int16Array(room + 20).fill(marker);
  const into = buffer.subarray(10, 10 + room);
  const start = Math.min(skipped, payload.length);
  let written = room;
  if (gap === "none") written = decoder.decode(payload, start, payload.length, into);
  else decoder.conceal(into, Math.min(frame, room), gap === "guess" ? undefined : { bytes: payload, start, end: payload.length });
  expect(written).toBeLessThanOrEqual(room);
  expect(written).toBeGreaterThanOrEqual(0);
  const around = [...buffer.subarray(0, 10), ...buffer.subarray(10 + room)];
  expect(around.every((sample) => sample === marker)).toBe(true);
}

test.each(Object.values(audioCodecs).flatMap((codec) => codec.sampleRatesHz.map((rateHz) => [codec.name, rateHz, codec] as const)))(
  "%s at %i Hz: no payload makes a decoder throw or write beyond its place",
  async (_name, rateHz, codec) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 5 }), fc.constantFrom(0, 1, 37, rateHz / 50, rateHz / 8), async (steps, room) => {
        const decoder = codec.createDecoder(rateHz);
        await new Promise((resolve) => setImmediate(resolve));
        for (const one of steps) isBounded(decoder, one, room, rateHz / 50);
        decoder.close();
      }),
      { numRuns: 60 },
    );
  },
);
