import { expect, test } from "vitest";
import { resample } from "./fixture/resampler.case.ts";

function sine(frequencyHz: number, rateHz: number, samples = rateHz): Int16Array {
  return Int16Array.from({ length: samples }, (_, index) => Math.round(10_000 * Math.sin((2 * Math.PI * frequencyHz * index) / rateHz)));
}

/** Root mean square without the edges. */
function level(samples: Int16Array): number {
  const inner = samples.subarray(400, samples.length - 400);
  return Math.sqrt(inner.reduce((sum, sample) => sum + sample * sample, 0) / inner.length);
}

test.each([8000, 11_025, 12_345, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])(
  "a tone of 1 kHz at %i Hz is the same tone at 8 kHz",
  (rateHz) => {
    const result = resample(sine(1000, rateHz), rateHz, 8000);
    const wanted = sine(1000, 8000);
    expect(result.length).toBe(8000);
    expect(level(result.map((sample, index) => sample - (wanted[index] ?? 0)))).toBeLessThan(level(wanted) / 100);
  },
);

test("what 8 kHz cannot hold is taken out instead of folded back", () => {
  expect(level(resample(sine(5000, 16_000), 16_000, 8000))).toBeLessThan(20);
  expect(level(resample(sine(7000, 48_000), 48_000, 8000))).toBeLessThan(20);
  expect(level(resample(sine(4700, 44_100), 44_100, 8000))).toBeLessThan(10);
});

test("a constant stays what it is, and nothing stays nothing", () => {
  const flat = resample(new Int16Array(4410).fill(1234), 44_100, 8000);
  expect(new Set(flat.subarray(40, 760))).toEqual(new Set([1234]));
  expect(resample(new Int16Array(), 44_100, 8000)).toHaveLength(0);
});
