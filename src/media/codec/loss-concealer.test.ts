import { expect, test } from "vitest";
import { noise, rms, tone, vowel } from "./fixture/sounds.case.ts";
import { LossConcealer } from "./loss-concealer.ts";

const rates = [8000, 16_000, 48_000];

/** `said` in frames of 20 ms, of which those named do not arrive. */
function heard(said: Int16Array, rateHz: number, lost: readonly number[]): Int16Array {
  const concealer = new LossConcealer(rateHz);
  const output = said.slice();
  const frame = rateHz / 50;
  for (let index = 0; index < said.length / frame; index++) {
    const part = output.subarray(index * frame, (index + 1) * frame);
    if (lost.includes(index)) concealer.conceal(part, frame);
    else concealer.hear(part, frame);
  }
  return output;
}

/** The error over a frame and the one behind it, in parts of what was said there. */
function distortion(said: Int16Array, output: Int16Array, rateHz: number, frame: number): number {
  const samples = rateHz / 50;
  const errors = output
    .subarray(frame * samples, (frame + 2) * samples)
    .map((sample, index) => sample - (said[frame * samples + index] ?? 0));
  return rms(errors) / rms(said.subarray(frame * samples, (frame + 2) * samples));
}

function largestStep(samples: Int16Array): number {
  return samples.reduce((largest, sample, index) => Math.max(largest, index === 0 ? 0 : Math.abs(sample - (samples[index - 1] ?? 0))), 0);
}

test.each(rates)(
  "at %i Hz, 20 ms that are lost of a tone or a vowel are nearly what was said; silence instead would be two thirds off",
  (rateHz) => {
    const sounds = [
      tone(440, rateHz, rateHz / 2),
      tone(1000, rateHz, rateHz / 2),
      vowel(110, rateHz, rateHz / 2),
      vowel(213, rateHz, rateHz / 2),
    ];
    for (const said of sounds) {
      const silenced = said.slice().fill(0, (10 * rateHz) / 50, (11 * rateHz) / 50);
      expect(distortion(said, silenced, rateHz, 10)).toBeGreaterThan(0.65);
      expect(distortion(said, heard(said, rateHz, [10]), rateHz, 10)).toBeLessThan(0.3);
    }
  },
);

test.each(rates)("at %i Hz, no seam of a gap is a click, wherever in the period it lies", (rateHz) => {
  for (const pitchHz of [87, 110, 163, 251]) {
    const said = vowel(pitchHz, rateHz, rateHz);
    for (const lost of [[10], [10, 11], [10, 11, 12, 13, 14], [10, 12, 14]]) {
      expect(largestStep(heard(said, rateHz, lost))).toBeLessThan(largestStep(said) * 1.3);
    }
  }
});

test.each(rates)("at %i Hz, a long gap fades: whole for 10 ms, half at 35, nothing after 60", (rateHz) => {
  const said = tone(500, rateHz, rateHz);
  const output = heard(said, rateHz, [10, 11, 12, 13, 14, 15, 16]);
  const levelAt = (ms: number) => rms(output.subarray((0.2 + (ms - 4) / 1000) * rateHz, (0.2 + (ms + 4) / 1000) * rateHz)) / rms(said);
  expect(levelAt(5)).toBeCloseTo(1, 1);
  expect(levelAt(35)).toBeCloseTo(0.5, 1);
  expect(output.subarray((0.26 * rateHz) | 0, 0.34 * rateHz)).toEqual(new Int16Array(0.08 * rateHz));
});

test("what is heard after a gap is untouched but for its first 5 ms", () => {
  const said = noise(8000);
  const output = heard(said, 8000, [10]);
  expect(output.subarray(0, 1600)).toEqual(said.subarray(0, 1600));
  expect(output.subarray(1760, 1800)).not.toEqual(said.subarray(1760, 1800));
  expect(output.subarray(1800)).toEqual(said.subarray(1800));
});

test("a gap at the begin, or in silence, is silent", () => {
  const concealer = new LossConcealer(8000);
  const output = new Int16Array(160).fill(1);
  concealer.conceal(output, 160);
  expect(output).toEqual(new Int16Array(160));
});

test("what is bent beyond 16 bits is clipped", () => {
  const concealer = new LossConcealer(8000);
  // A square wave that rises a sample too early, at the very end: all that follows would be twice too high.
  const said = Int16Array.from({ length: 800 }, (_, index) => (index % 80 < 40 ? 32_767 : -32_768));
  said[799] = 32_767;
  concealer.hear(said, 800);
  const output = new Int16Array(20);
  concealer.conceal(output, 20);
  expect(output).toEqual(new Int16Array(20).fill(32_767));
});
