import { beforeAll, expect, test } from "vitest";
import { envelopeCorrelation, heardFrom } from "./energy-envelope.ts";
import { speak } from "./flite.ts";
import { decodeALaw, decodeMuLaw, encodeMuLaw } from "./g711.ts";
import { formatWav, parseWav, samplesAt8Khz } from "./wav.ts";

const sentence = "Welcome to Callwright. Press one for sales or two for support.";
let expected: Int16Array;

beforeAll(async () => {
  expected = await speak(sentence);
});

/** As a telephone hears it: G.711, a start in the middle of a frame, and every hundredth packet gone. */
function throughTelephone(samples: Int16Array): Int16Array {
  const lead = 8_123;
  const heard = new Int16Array(lead + samples.length + 4_000);
  samples.forEach((sample, index) => {
    const isLost = Math.floor(index / 160) % 100 === 42;
    heard[lead + index] = isLost ? 0 : decodeMuLaw(encodeMuLaw(sample));
  });
  return heard;
}

test("a sentence is recognised after G.711, a shift and 1 % loss", () => {
  expect(envelopeCorrelation(throughTelephone(expected), expected)).toBeGreaterThanOrEqual(heardFrom);
});

test.each([
  ["another sentence", "Nobody is here at the moment, so please call again tomorrow morning."],
  ["one other word", "Welcome to Callwright. Press one for sales or seventeen for support."],
])("%s is not", async (_, said) => {
  expect(envelopeCorrelation(throughTelephone(await speak(said)), expected)).toBeLessThan(heardFrom);
});

test("half of it, and silence, are not", () => {
  expect(envelopeCorrelation(throughTelephone(expected.subarray(0, expected.length / 2)), expected)).toBeLessThan(heardFrom);
  expect(envelopeCorrelation(new Int16Array(80_000), expected)).toBeLessThan(heardFrom);
});

test("a WAV file is read back, also when its data length counts the header", () => {
  const bytes = formatWav({ sampleRateHz: 8_000, samples: Int16Array.of(0, 1, -1, 32_767, -32_768) });
  new DataView(bytes.buffer).setUint32(40, 10 + 44, true);
  expect(parseWav(bytes)).toEqual({ sampleRateHz: 8_000, samples: Int16Array.of(0, 1, -1, 32_767, -32_768) });
});

test("what is not a WAV file is refused", () => {
  expect(() => parseWav(Buffer.from("hello"))).toThrow("not a RIFF WAVE file");
});

test("16 kHz halves to 8 kHz", () => {
  expect(samplesAt8Khz({ sampleRateHz: 16_000, samples: Int16Array.of(4, 4, 4, 4) })).toEqual(Int16Array.of(3, 4));
});

// ITU-T G.711: the extremes and the codes next to zero, at 16 bits.
test.each([
  [decodeMuLaw, 0x00, -32_124],
  [decodeMuLaw, 0x80, 32_124],
  [decodeMuLaw, 0xff, 0],
  [decodeMuLaw, 0x7e, -8],
  [decodeALaw, 0xd5, 8],
  [decodeALaw, 0x55, -8],
  [decodeALaw, 0xaa, 32_256],
])("%o decodes %i to %i", (decode, byte, sample) => {
  expect(decode(byte)).toBe(sample);
});

test("mu-law encoding is the inverse of decoding", () => {
  for (let byte = 0; byte < 256; byte++) {
    // 0x7f and 0xff both stand for zero.
    if (byte !== 0x7f) expect(encodeMuLaw(decodeMuLaw(byte))).toBe(byte);
  }
});
