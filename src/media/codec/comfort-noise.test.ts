import { expect, test } from "vitest";
import { BackgroundLevel, ComfortNoise, writeComfortNoise } from "./comfort-noise.ts";
import { noise, rms, tone } from "./fixture/sounds.case.ts";

function generated(payload: readonly number[], samples = 40_000): Int16Array {
  const comfort = new ComfortNoise();
  comfort.describe(Uint8Array.from(payload), 0, payload.length);
  const into = new Int16Array(samples);
  for (let at = 0; at < samples; at += 160) comfort.generate(into.subarray(at, at + 160), 160);
  return into;
}

const levelDb = (samples: Int16Array) => -20 * Math.log10(rms(samples) / 32_767);

/** Of each sample with the one before. */
function likeness(samples: Int16Array): number {
  let product = 0;
  let energy = 0;
  for (let index = 1; index < samples.length; index++) {
    product += (samples[index] ?? 0) * (samples[index - 1] ?? 0);
    energy += (samples[index] ?? 0) ** 2;
  }
  return product / energy;
}

test.each([10, 30, 50, 65])("a payload of the level %i alone is white noise of this level", (level) => {
  const samples = generated([level]);
  expect(Math.abs(levelDb(samples) - level)).toBeLessThan(0.3);
  expect(Math.abs(likeness(samples))).toBeLessThan(0.03);
});

test("coefficients give the noise its colour and leave its level", () => {
  // FFmpeg's encoder, of brown noise at −39.5 dB with a likeness of 0.98.
  const brown = generated([40, 4, 141, 117, 115, 127, 126, 127, 133, 124, 135]);
  expect(likeness(brown)).toBeGreaterThan(0.95);
  expect(Math.abs(levelDb(brown) - 40)).toBeLessThan(1.5);
  expect(likeness(generated([40, 227]))).toBeLessThan(-0.7);
  expect(Math.abs(levelDb(generated([40, 227])) - 40)).toBeLessThan(0.3);
  expect(Math.abs(likeness(generated([40, 127, 127])))).toBeLessThan(0.03);
});

test("it is silent before a payload, at the least level, and after an empty payload it goes on as it was", () => {
  const comfort = new ComfortNoise();
  const into = new Int16Array(160).fill(7);
  comfort.generate(into, 160);
  expect(into).toEqual(new Int16Array(160));
  expect(rms(generated([127]))).toBeLessThan(1);
  comfort.describe(Uint8Array.of(20), 0, 1);
  comfort.describe(new Uint8Array(), 0, 0);
  comfort.generate(into, 160);
  expect(Math.abs(levelDb(into) - 20)).toBeLessThan(1);
});

test("coefficients at the edge, the reserved byte and too many of them stay within bounds", () => {
  for (const byte of [0, 254, 255]) {
    const samples = generated([40, ...Array.from({ length: 40 }, () => byte)]);
    expect(levelDb(samples)).toBeGreaterThan(10);
  }
});

test("the level behind a voice is that of the pauses", () => {
  const background = new BackgroundLevel(8000);
  expect(background.levelDb).toBe(127);
  const quiet = noise(8000, 100);
  const speech = tone(300, 8000, 8000, 10_000);
  for (let second = 0; second < 6; second++) {
    for (let at = 0; at < 8000; at += 160) background.hear((second % 2 === 0 ? quiet : speech).subarray(at, at + 160), 160);
    expect(background.levelDb).toBeLessThanOrEqual(55);
    expect(background.levelDb).toBeGreaterThan(50);
  }
  const payload = new Uint8Array(3);
  expect(writeComfortNoise(background.levelDb, payload, 1)).toBe(1);
  expect(payload).toEqual(Uint8Array.of(0, background.levelDb, 0));
});

test("where it becomes louder for good, the level follows within some seconds", () => {
  const background = new BackgroundLevel(8000);
  for (let frame = 0; frame < 50; frame++) background.hear(noise(160, 100, frame), 160);
  for (let frame = 0; frame < 500; frame++) background.hear(noise(160, 1000, frame), 160);
  expect(Math.abs(background.levelDb - 35)).toBeLessThanOrEqual(1);
});
