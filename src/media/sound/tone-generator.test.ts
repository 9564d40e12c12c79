import { describe, expect, test } from "vitest";
import { amplitudeOf, keyPartials, recordBeep, ToneGenerator } from "./tone-generator.ts";

const thousand = [{ frequencyHz: 1000, amplitude: 10_000 }];
const seconds = (samples: number) => Array.from({ length: samples }, (_, at) => at);

function read(generator: ToneGenerator, length: number, piece = length): Int16Array {
  const samples = new Int16Array(length);
  for (let at = 0; at < length; at += piece) generator.read(samples, at, Math.min(length, at + piece));
  return samples;
}

test.each([[8000], [16_000], [48_000]])("is the sum of its sines at %i Hz", (rate) => {
  const partials = keyPartials("5");
  const samples = read(new ToneGenerator(partials, rate), rate, 441);
  const expected = seconds(rate).map((at) =>
    partials.reduce((sum, { frequencyHz, amplitude }) => sum + amplitude * Math.sin((2 * Math.PI * frequencyHz * at) / rate), 0),
  );
  const ramp = rate * 0.003;
  expect(Math.max(...seconds(rate).map((at) => (at < ramp ? 0 : Math.abs((samples[at] ?? 0) - (expected[at] ?? 0)))))).toBeLessThan(0.6);
});

test("pieces of any size join, and a piece can be sought", () => {
  const whole = read(new ToneGenerator(thousand, 8000, 4000), 4000);
  expect(read(new ToneGenerator(thousand, 8000, 4000), 4000, 37)).toEqual(whole);
  const later = new ToneGenerator(thousand, 8000, 4000);
  later.seek(1234);
  expect(read(later, 160)).toEqual(whole.subarray(1234, 1394));
});

test("an hour on, it is where it should be", () => {
  const generator = new ToneGenerator([{ frequencyHz: 697, amplitude: 30_000 }], 8000);
  generator.seek(3600 * 8000);
  const fresh = new ToneGenerator([{ frequencyHz: 697, amplitude: 30_000 }], 8000);
  fresh.seek(8000);
  expect(read(generator, 8000)).toEqual(read(fresh, 8000));
});

test("comes and goes by ramps of 3 ms, and is silent after its end", () => {
  const generator = new ToneGenerator([{ frequencyHz: 2000, amplitude: 8000 }], 8000, 800);
  const samples = read(generator, 960, 160);
  // Each second sample of 2 kHz at 8 kHz is a peak.
  const peaks = seconds(480).map((pair) => Math.abs(samples[pair * 2 + 1] ?? 0));
  expect(peaks[0]).toBeLessThan(500);
  for (let peak = 1; peak < 12; peak++) expect(peaks[peak]).toBeGreaterThan(peaks[peak - 1] ?? 0);
  expect(new Set(peaks.slice(12, 388))).toEqual(new Set([8000]));
  for (let peak = 389; peak < 400; peak++) expect(peaks[peak]).toBeLessThan(peaks[peak - 1] ?? 0);
  expect(samples[799]).toBe(0);
  expect(new Set(samples.subarray(800))).toEqual(new Set([0]));
  expect(generator.isEnded).toBe(true);
});

test("ends by a ramp when it is told to", () => {
  const generator = new ToneGenerator([{ frequencyHz: 2000, amplitude: 8000 }], 8000);
  read(generator, 160);
  generator.end();
  const samples = read(generator, 160);
  expect(Math.abs(samples[1] ?? 0)).toBeGreaterThan(7000);
  expect(samples.findLastIndex((sample) => sample !== 0)).toBeLessThan(24);
  expect(generator.isEnded).toBe(true);
});

test("what is too loud is clipped", () => {
  const samples = read(new ToneGenerator([{ frequencyHz: 440, amplitude: 60_000 }], 8000), 800);
  expect([Math.max(...samples), Math.min(...samples)]).toEqual([32_767, -32_768]);
});

describe("levels", () => {
  test("+3.17 dBm0 is the largest sine of µ-law", () => expect(amplitudeOf(3.17)).toBeCloseTo(32_124, -1));

  test("keys: both together fit, and nothing but keys has any", () => {
    for (const digit of "0123456789*#ABCDabcd") {
      const partials = keyPartials(digit);
      expect(partials).toHaveLength(2);
      expect(partials.reduce((sum, { amplitude }) => sum + amplitude, 0)).toBeLessThan(32_124);
    }
    expect(keyPartials("1").map(({ frequencyHz }) => frequencyHz)).toEqual([697, 1209]);
    expect(keyPartials("d").map(({ frequencyHz }) => frequencyHz)).toEqual([941, 1633]);
    for (const other of ["", "E", "12", " "]) expect(keyPartials(other)).toEqual([]);
  });

  test("a record beep is 300 ms of 1,400 Hz", () => {
    const samples = recordBeep(16_000);
    expect(samples).toHaveLength(4800);
    const crossings = seconds(4799).filter((at) => (samples[at] ?? 0) < 0 !== (samples[at + 1] ?? 0) < 0).length;
    expect(Math.abs(crossings - 840)).toBeLessThan(4);
  });
});
