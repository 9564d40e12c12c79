import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { noise, rms, snrDb, tone } from "../fixture/sounds.case.ts";
import { g722 } from "./g722.ts";

const rateHz = 16_000;
const frame = 320;
/** Of both filters together, in samples. */
const delay = 22;

/** A second each of a tone, noise, a tone that is clipped to a square wave, noise hardly heard, and nothing. */
const mixture = Int16Array.of(
  ...tone(440, rateHz, rateHz, 3000),
  ...noise(rateHz, 12_000),
  ...tone(3000, rateHz, rateHz, 200_000),
  ...noise(rateHz, 40, 7),
  ...new Int16Array(rateHz),
);

function encoded(samples: Int16Array): Uint8Array {
  const encoder = g722.createEncoder(rateHz);
  const bytes = new Uint8Array(samples.length / 2);
  for (let at = 0; at < samples.length; at += frame) {
    expect(encoder.encode(samples.subarray(at, at + frame), bytes, at / 2)).toBe(Math.min(frame, samples.length - at) / 2);
  }
  return bytes;
}

function decoded(bytes: Uint8Array): Int16Array {
  const decoder = g722.createDecoder(rateHz);
  const samples = new Int16Array(bytes.length * 2);
  for (let at = 0; at < bytes.length; at += frame / 2) {
    decoder.decode(bytes, at, Math.min(bytes.length, at + frame / 2), samples.subarray(2 * at));
  }
  return samples;
}

const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex").slice(0, 32);
const bytesOf = (samples: Int16Array) => new Uint8Array(samples.buffer);

test("bytes are those of another implementation (FFmpeg 5.1's), for all of a mixture", () => {
  expect(hash(bytesOf(mixture))).toBe("92c2068c52aef25063e3e2ff11caf9b9");
  const bytes = encoded(mixture);
  expect(Buffer.from(bytes.subarray(0, 32)).toString("hex")).toBe("fade349e2999a0a0a0e0e1ec71f6fed9d4d2d2539699ddfcf6f3f1b0f0f276fb");
  expect(hash(bytes)).toBe("b21a921c0b3f75d799aae63a05e4b95b");
});

test("samples are those of another implementation (FFmpeg 5.1's), for its own bytes and for bytes that no encoder gives", () => {
  expect(hash(bytesOf(decoded(encoded(mixture))))).toBe("272817fd86695415a7862be92e3c1008");
  const anything = Uint8Array.from(noise(100_000, 32_767, 5));
  expect(hash(bytesOf(decoded(anything)))).toBe("ab5829971738ffb094f2be46a09a088a");
});

test.each([
  [300, 10_000, 60],
  [1000, 10_000, 46],
  [1000, 300, 35],
  [3990, 3000, 37],
  [5000, 10_000, 21],
  [5000, 300, 21],
  [6900, 10_000, 21],
])("a tone of %i Hz with a peak of %i keeps its level within 0.1 dB, with %i dB to its noise", (frequencyHz, peak, leastDb) => {
  const said = tone(frequencyHz, rateHz, rateHz, peak);
  const heard = decoded(encoded(said));
  expect(Math.abs(20 * Math.log10(rms(heard.subarray(8000)) / rms(said.subarray(8000))))).toBeLessThan(0.1);
  expect(snrDb(said.subarray(8000), heard.subarray(8000 + delay))).toBeGreaterThan(leastDb);
});

// The two bits of the higher band are the limit, and at the highest level the range of both bands.
test.each([
  [30_000, 7],
  [3000, 11],
  [100, 10],
])("white noise with a peak of %i has %i dB to the noise of coding", (peak, leastDb) => {
  const said = noise(rateHz, peak);
  expect(snrDb(said, decoded(encoded(said)), delay)).toBeGreaterThan(leastDb);
});

test("silence is silence: from the encoder, and as a payload of the silent byte", () => {
  expect(Math.max(...decoded(encoded(new Int16Array(5 * rateHz))).map(Math.abs))).toBeLessThanOrEqual(4);
  expect(Math.max(...decoded(new Uint8Array(5 * 8000).fill(g722.silence)).map(Math.abs))).toBeLessThanOrEqual(4);
});

test("a new encoder and a new decoder know nothing of those before, and frames of any length are one stream", () => {
  const said = noise(rateHz, 5000);
  const bytes = encoded(said);
  expect(encoded(said)).toEqual(bytes);
  const whole = new Uint8Array(bytes.length);
  g722.createEncoder(rateHz).encode(said, whole, 0);
  expect(whole).toEqual(bytes);
  const samples = new Int16Array(said.length);
  expect(g722.createDecoder(rateHz).decode(bytes, 0, bytes.length, samples)).toBe(said.length);
  expect(samples).toEqual(decoded(bytes));
});
