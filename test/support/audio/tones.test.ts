import { expect, test } from "vitest";
import { heardTones, keyTones, tone, toneAmplitude } from "./tones.ts";

const at8Khz = (samples: Int16Array) => ({ sampleRateHz: 8_000, samples });

test("a tone is found as long and as loud as it is, and no other", () => {
  const heard = at8Khz(Int16Array.from([...new Int16Array(4_000), ...tone(600, 1).map((sample) => sample / 2)]));
  expect(heardTones(heard, 600)).toEqual({ seconds: expect.closeTo(1, 1), levelDb: expect.closeTo(-6, 1) });
  expect(heardTones(heard, 625)).toEqual({ seconds: 0, levelDb: Number.NEGATIVE_INFINITY });
});

test("5 kHz are found at 48 kHz", () => {
  expect(heardTones({ sampleRateHz: 48_000, samples: tone(5_000, 0.4, 48_000) }, 5_000)).toMatchObject({ seconds: 0.4 });
});

test("a tone with noise, with another one, or with holes in it does not count", () => {
  const [one, other] = [tone(600, 1), tone(1_000, 1)];
  const spoiled = [
    one.map((sample, index) => sample + (((index * 7_919) % 101) / 101 - 0.5) * toneAmplitude * 2),
    one.map((sample, index) => sample + (other[index] ?? 0)),
    one.map((sample, index) => (index % 320 < 80 ? 0 : sample)),
  ];
  for (const samples of spoiled) expect(heardTones(at8Khz(samples), 600).seconds).toBe(0);
});

test("two tones are heard together, and neither alone nor with a third", () => {
  const other = tone(1_000, 1);
  const both = tone(600, 1).map((sample, index) => sample + (other[index] ?? 0) / 2);
  expect(heardTones(at8Khz(both), 600, 1_000)).toEqual({ seconds: 1, levelDb: expect.closeTo(-6, 1) as number });
  for (const others of [[600], [1_000], [600, 1_000, 1_400]]) expect(heardTones(at8Khz(both), ...others).seconds).toBe(0);
});

test("a key is two tones, 100 ms long", () => {
  const samples = keyTones("7", 20);
  expect(samples).toHaveLength(160 + 800 + 800);
  expect(samples.subarray(0, 160).every((sample) => sample === 0)).toBe(true);
  // 852 and 1,209 Hz, each half as loud: neither is alone.
  expect(heardTones(at8Khz(samples), 850).seconds).toBe(0);
  expect(Math.max(...samples)).toBeGreaterThan(toneAmplitude * 0.9);
});
