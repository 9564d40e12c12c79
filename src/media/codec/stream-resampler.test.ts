import { expect, test } from "vitest";
import { noise, rms, snrDb, tone } from "./fixture/sounds.case.ts";
import { resample } from "./fixture/resampler.case.ts";
import { StreamResampler } from "./stream-resampler.ts";

const rates = [8000, 16_000, 24_000, 48_000];
const pairs = rates.flatMap((from) => rates.filter((to) => to !== from).map((to) => [from, to] as const));

/** In frames of 20 ms. */
function streamed(samples: Int16Array, fromHz: number, toHz: number): Int16Array {
  const resampler = new StreamResampler(fromHz, toHz);
  const output = new Int16Array((samples.length * toHz) / fromHz);
  const from = fromHz / 50;
  const to = toHz / 50;
  for (let frame = 0; frame < samples.length / from; frame++) {
    const written = resampler.process(samples.subarray(frame * from, (frame + 1) * from), output.subarray(frame * to, (frame + 1) * to));
    expect(written).toBe(to);
  }
  return output;
}

test.each(pairs)(
  "from %i to %i Hz, 20 ms become 20 ms: the samples of the whole sound, 12 samples of the slower rate later",
  (fromHz, toHz) => {
    const said = noise(fromHz / 2, 20_000);
    const delay = (12 * toHz) / Math.min(fromHz, toHz);
    const heard = streamed(said, fromHz, toHz).subarray(delay);
    const whole = resample(said, fromHz, toHz);
    // Sums in another order may round otherwise.
    expect(heard.filter((sample, index) => Math.abs(sample - (whole[index] ?? 0)) > 1)).toHaveLength(0);
  },
);

test.each(pairs)(
  "from %i to %i Hz, tones up to 0.42 of the slower rate keep their level, with 57 dB to everything else",
  (fromHz, toHz) => {
    const slower = Math.min(fromHz, toHz);
    for (const frequencyHz of [300, 1000, 0.42 * slower]) {
      const heard = streamed(tone(frequencyHz, fromHz, fromHz / 2), fromHz, toHz).subarray(toHz / 100);
      const delayS = 12 / slower - 1 / 100;
      const wanted = tone(frequencyHz, toHz, heard.length, 10_000, -2 * Math.PI * frequencyHz * delayS);
      expect(snrDb(wanted, heard)).toBeGreaterThan(57);
      expect(Math.abs(20 * Math.log10(rms(heard) / rms(wanted)))).toBeLessThan(0.02);
    }
  },
);

test.each(pairs.filter(([from, to]) => from > to))("from %i to %i Hz, a tone above 0.58 of the slower rate is gone", (fromHz, toHz) => {
  const heard = streamed(tone(0.58 * toHz, fromHz, fromHz / 2), fromHz, toHz).subarray(toHz / 100);
  expect(rms(heard)).toBeLessThan((10_000 / Math.SQRT2) * 10 ** (-57 / 20));
});

test("what has no place is lost, and the next frame goes on in time", () => {
  const said = noise(640);
  const whole = new Int16Array(320);
  new StreamResampler(16_000, 8000).process(said, whole);
  const resampler = new StreamResampler(16_000, 8000);
  expect(resampler.process(said.subarray(0, 320), new Int16Array(100))).toBe(100);
  const second = new Int16Array(160);
  expect(resampler.process(said.subarray(320), second)).toBe(160);
  expect(second).toEqual(whole.subarray(160));
});
