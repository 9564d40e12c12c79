import { describe, expect, test } from "vitest";
import { callProgressTones } from "../plan.ts";
import { callProgressTone, renderCadence } from "./call-progress.ts";
import { tonesByCountry } from "./call-progress-countries.ts";

const countries = Object.keys(tonesByCountry);

/** [frequencies, ms] of each segment. */
const shape = (...of: Parameters<typeof callProgressTone>) =>
  callProgressTone(...of).map(({ partials, durationMs }) => [partials.map(({ frequencyHz }) => frequencyHz), durationMs]);

describe("by country", () => {
  test.each<[Parameters<typeof callProgressTone>[0], string | undefined, unknown]>([
    [
      "ringback",
      undefined,
      [
        [[440, 480], 2000],
        [[], 4000],
      ],
    ],
    [
      "ringback",
      "US",
      [
        [[440, 480], 2000],
        [[], 4000],
      ],
    ],
    [
      "ringback",
      "XX",
      [
        [[440, 480], 2000],
        [[], 4000],
      ],
    ],
    [
      "ringback",
      "de",
      [
        [[425], 1000],
        [[], 4000],
      ],
    ],
    [
      "ringback",
      "GB",
      [
        [[400, 450], 400],
        [[], 200],
        [[400, 450], 400],
        [[], 2000],
      ],
    ],
    [
      "ringback",
      "JP",
      [
        [[400, 384, 416], 1000],
        [[], 2000],
      ],
    ],
    [
      "busy",
      "GB",
      [
        [[400], 375],
        [[], 375],
      ],
    ],
    ["dial", "FR", [[[440], 1000]]],
    [
      "congestion",
      "DE",
      [
        [[425], 240],
        [[], 240],
      ],
    ],
    [
      "special-information",
      "DE",
      [
        [[950], 330],
        [[1400], 330],
        [[1800], 330],
        [[], 1000],
      ],
    ],
    [
      "special-information",
      "SE",
      [
        [[950], 332],
        [[], 24],
        [[1400], 332],
        [[], 24],
        [[1800], 332],
        [[], 2024],
      ],
    ],
    [
      "confirmation",
      "IT",
      [
        [[425], 100],
        [[], 100],
      ],
    ],
    [
      "call-waiting",
      "US",
      [
        [[440], 300],
        [[], 10_000],
      ],
    ],
  ])("%s of %s", (kind, country, expected) => {
    expect(shape(kind, country)).toEqual(expected);
  });

  test("there are more than forty, and each tone of each is one", () => {
    expect(countries.length).toBeGreaterThan(40);
    for (const country of countries) {
      expect(country).toMatch(/^[A-Z]{2}$/);
      for (const kind of callProgressTones) {
        const cadence = callProgressTone(kind, country);
        expect(cadence.length).toBeGreaterThan(0);
        expect(cadence[0]?.partials.length).toBeGreaterThan(0);
        for (const { partials, durationMs } of cadence) {
          expect(durationMs).toBeGreaterThanOrEqual(15);
          expect(durationMs).toBeLessThanOrEqual(15_000);
          for (const { frequencyHz, amplitude } of partials) {
            expect(Number.isInteger(frequencyHz) && frequencyHz >= 300 && frequencyHz <= 1900).toBe(true);
            expect(amplitude).toBeGreaterThan(1000);
          }
        }
        // Whatever is not steady has its pause; SIT's three tones have one at the end.
        if (cadence.length > 1) expect(cadence.at(-1)?.partials).toEqual([]);
      }
    }
  });

  test("countries with the same tone have the same object, so it is made once", () => {
    expect(callProgressTone("ringback", "DE")).toBe(callProgressTone("ringback", "PL"));
    expect(callProgressTone("ringback", "DE")).not.toBe(callProgressTone("ringback", "AT"));
  });
});

/** Level of a frequency in samples, in dBm0. */
function levelOf(samples: Int16Array, frequencyHz: number, rate: number): number {
  let [real, imaginary] = [0, 0];
  samples.forEach((sample, at) => {
    real += sample * Math.cos((2 * Math.PI * frequencyHz * at) / rate);
    imaginary += sample * Math.sin((2 * Math.PI * frequencyHz * at) / rate);
  });
  return 20 * Math.log10((2 * Math.hypot(real, imaginary)) / samples.length / 22_300 + 1e-9);
}

const power = (samples: Int16Array) => samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;

describe("as samples", () => {
  test.each([[8000], [48_000]])("has its tones, and silence between them, at %i Hz", (rate) => {
    const samples = renderCadence(callProgressTone("ringback", "US"), rate);
    expect(samples).toHaveLength(6 * rate);
    const on = samples.subarray(rate / 2, (rate * 3) / 2);
    for (const frequencyHz of [440, 480]) expect(levelOf(on, frequencyHz, rate)).toBeCloseTo(-16, 1);
    expect(levelOf(on, 460, rate)).toBeLessThan(-60);
    expect(new Set(samples.subarray(2 * rate))).toEqual(new Set([0]));
  });

  test("one that swings is as loud as one that does not", () => {
    const swinging = renderCadence(callProgressTone("dial", "IN"), 8000);
    expect(power(swinging) / power(renderCadence(callProgressTone("dial", "FR"), 8000))).toBeCloseTo(1, 2);
    // 25 times a second it is nearly nothing.
    expect(Math.max(...swinging.subarray(155, 165).map(Math.abs))).toBeLessThan(200);
  });

  test("a steady one goes on from its end to its begin", () => {
    const samples = renderCadence(callProgressTone("dial", "AU"), 8000);
    const twice = Int16Array.from([...samples.subarray(-80), ...samples.subarray(0, 80)]);
    const step = Math.max(...Array.from(samples.subarray(1), (sample, at) => Math.abs(sample - (samples[at] ?? 0))));
    for (let at = 1; at < twice.length; at++) expect(Math.abs((twice[at] ?? 0) - (twice[at - 1] ?? 0))).toBeLessThanOrEqual(step);
    expect(Math.max(...samples.subarray(0, 80))).toBeGreaterThan(1000);
  });
});
