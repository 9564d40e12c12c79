import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { muLaw } from "./g711.ts";
import { parseWav } from "./wav-reader.ts";
import { wavHeader } from "./wav-writer.ts";

type Shape = {
  readonly code?: number;
  readonly channels?: number;
  readonly rateHz?: number;
  readonly bits?: number;
  readonly length?: number;
};

function wav(data: readonly number[], { code = 1, channels = 1, rateHz = 8000, bits = 16, length = data.length }: Shape = {}): Uint8Array {
  const bytes = new Uint8Array(44 + data.length);
  const view = new DataView(bytes.buffer);
  bytes.set(wavHeader(length));
  view.setUint16(20, code, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, rateHz, true);
  view.setUint16(34, bits, true);
  bytes.set(data, 44);
  return bytes;
}

function samplesOf(bytes: Uint8Array): readonly number[] {
  const result = parseWav(bytes);
  if (!result.ok) throw new Error(result.reason);
  return Array.from(result.value.samples);
}

test("a header and samples are read back", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -32_768, max: 32_767 })), (samples) => {
      const data = samples.flatMap((sample) => [sample & 0xff, (sample >> 8) & 0xff]);
      expect(samplesOf(wav(data))).toEqual(samples);
    }),
  );
});

test.each([
  ["8 bits", wav([0, 128, 255], { bits: 8 }), [-32_768, 0, 32_512]],
  ["24 bits", wav([9, 0x34, 0x12, 0, 0, 0x80], { bits: 24 }), [0x1234, -32_768]],
  ["mu-law", wav([0x20, 0xff], { code: 7, bits: 8 }), [muLaw.toLinear[0x20], 0]],
  ["stereo, as the mean", wav([100, 0, 200, 0], { channels: 2 }), [150]],
  ["a length of 0: a stream's", wav([1, 0, 2, 0], { length: 0 }), [1, 2]],
  ["a length beyond the end", wav([1, 0, 2, 0], { length: 0xffff_ffff }), [1, 2]],
  ["half a sample at the end", wav([1, 0, 2]), [1]],
])("reads %s", (_name, bytes, samples) => {
  expect(samplesOf(bytes)).toEqual(samples);
});

test("reads the sub-format of an extensible file, and passes other chunks over", () => {
  const plain = wav([5, 0]);
  const format = new Uint8Array(8 + 40);
  format.set(plain.subarray(12, 36));
  new DataView(format.buffer).setUint32(4, 40, true);
  new DataView(format.buffer).setUint16(8, 0xfffe, true);
  format[32] = 1;
  const other = Uint8Array.of(0x4c, 0x49, 0x53, 0x54, 3, 0, 0, 0, 1, 2, 3, 0);
  expect(samplesOf(Uint8Array.from([...plain.subarray(0, 12), ...other, ...format, ...plain.subarray(36)]))).toEqual([5]);
});

describe("refuses", () => {
  test.each([
    ["what is no WAV file", new Uint8Array(100)],
    ["three channels", wav([], { channels: 3 })],
    ["4 kHz", wav([], { rateHz: 4000 })],
    ["floats", wav([], { code: 3, bits: 32 })],
    ["a file without samples", wav([]).subarray(0, 36)],
  ])("%s", (_name, bytes) => {
    expect(parseWav(bytes)).toMatchObject({ ok: false });
  });

  test("any bytes without an exception", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(60), (noise, at) => {
        const bytes = wav([1, 2, 3, 4]);
        bytes.set(noise.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length));
        expect(parseWav(bytes)).toHaveProperty("ok");
      }),
    );
  });
});
