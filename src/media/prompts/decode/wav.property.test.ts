import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decoded, wavFile, type WavShape } from "../../fixture/sound-files.case.ts";
import { aLaw, muLaw } from "../../codec/g711.ts";

/** How a kind of sample is written, and how much of 16 bits it keeps. */
type Kind = { readonly code: number; readonly bits: number; readonly keeps: number; write(sample: number): readonly number[] };

const kinds: Readonly<Record<string, Kind>> = {
  "8-bit PCM": { code: 1, bits: 8, keeps: 255, write: (sample) => [(sample >> 8) + 128] },
  "16-bit PCM": { code: 1, bits: 16, keeps: 0, write: (sample) => littleEndian(2, (view) => view.setInt16(0, sample, true)) },
  "24-bit PCM": {
    code: 1,
    bits: 24,
    keeps: 0,
    write: (sample) => littleEndian(4, (view) => view.setInt32(0, sample << 16, true)).slice(1),
  },
  "32-bit PCM": { code: 1, bits: 32, keeps: 0, write: (sample) => littleEndian(4, (view) => view.setInt32(0, sample << 16, true)) },
  "32-bit float": { code: 3, bits: 32, keeps: 0, write: (sample) => littleEndian(4, (view) => view.setFloat32(0, sample / 32_768, true)) },
  "64-bit float": { code: 3, bits: 64, keeps: 0, write: (sample) => littleEndian(8, (view) => view.setFloat64(0, sample / 32_768, true)) },
  "mu-law": { code: 7, bits: 8, keeps: 1100, write: (sample) => [muLaw.fromLinear[sample & 0xffff] ?? 0] },
  "A-law": { code: 6, bits: 8, keeps: 1100, write: (sample) => [aLaw.fromLinear[sample & 0xffff] ?? 0] },
};

function littleEndian(bytes: number, write: (view: DataView) => void): readonly number[] {
  const view = new DataView(new ArrayBuffer(bytes));
  write(view);
  return [...new Uint8Array(view.buffer)];
}

const samples = fc.array(fc.integer({ min: -32_768, max: 32_767 }), { minLength: 1, maxLength: 300 });

describe.each(Object.entries(kinds))("%s", (name, { code, bits, keeps, write }) => {
  test("is read back", async () => {
    await fc.assert(
      fc.asyncProperty(samples, fc.integer({ min: 6000, max: 192_000 }), async (sound, rateHz) => {
        const { what, sampleRateHz, samples: read } = await decoded(wavFile(sound.flatMap(write), { code, bits, rateHz }));
        expect([what, sampleRateHz, read.length]).toEqual([`WAV, ${name}`, rateHz, sound.length]);
        for (const [index, sample] of sound.entries()) expect(Math.abs((read[index] ?? 0) - sample)).toBeLessThanOrEqual(keeps);
      }),
    );
  });

  test("of several channels is their mean", async () => {
    await fc.assert(
      fc.asyncProperty(samples, fc.integer({ min: 2, max: 8 }), async (sound, channels) => {
        const frames = sound.flatMap((sample) =>
          Array.from({ length: channels }, (_, channel) => (channel === 0 ? sample : 0)).flatMap(write),
        );
        const { samples: read } = await decoded(wavFile(frames, { code, bits, channels }));
        expect(read.length).toBe(sound.length);
        for (const [index, sample] of sound.entries())
          expect(Math.abs((read[index] ?? 0) - sample / channels)).toBeLessThanOrEqual(keeps + 9);
      }),
    );
  });
});

const guid = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

test.each<[string, readonly number[], WavShape, readonly number[]]>([
  ["a length of 0: a stream's", [1, 0, 2, 0], { length: 0 }, [1, 2]],
  ["a length that is not known", [1, 0, 2, 0], { length: 0xffff_ffff }, [1, 2]],
  ["a length beyond the end", [1, 0, 2, 0], { length: 1000 }, [1, 2]],
  ["an odd length", [1, 0, 2], {}, [1]],
  ["half a frame at the end", [1, 0, 3, 0, 5, 0], { channels: 2 }, [2]],
  [
    "other chunks before the format",
    [7, 0],
    {
      chunksBefore: [
        ["JUNK", [1, 2, 3]],
        ["LIST", []],
      ],
    },
    [7],
  ],
  ["an extensible format", [7, 0], { code: 0xfffe, extra: [16, 0, 4, 0, 0, 0, 1, 0, ...guid] }, [7]],
  ["20 bits in 24", [0, 0, 1], { bits: 20, blockBytes: 3 }, [256]],
  ["20 bits in 32", [0, 0, 0, 1], { bits: 20, blockBytes: 4 }, [256]],
])("%s is read", async (_what, data, shape, expected) => {
  expect([...(await decoded(wavFile(data, shape))).samples]).toEqual(expected);
});

test("the length of an RF64 file is in its ds64 chunk", async () => {
  const lengths = Buffer.alloc(28);
  lengths.writeBigUInt64LE(4n, 8);
  const bytes = wavFile([1, 0, 2, 0, 3, 0], { length: 0xffff_ffff, chunksBefore: [["ds64", [...lengths]]] });
  bytes.write("RF64");
  expect([...(await decoded(bytes)).samples]).toEqual([1, 2]);
});

/** A block of 9 samples of IMA ADPCM. */
const block = [0, 0, 0, 0, ...Array<number>(4).fill(0x77)];

function imaShape(fact: number): WavShape {
  return { code: 0x11, bits: 4, blockBytes: 8, extra: [2, 0, 9, 0], chunksBefore: [["fact", [fact, 0, 0, 0]]] };
}

test("a last block is cut where the fact chunk says, but by no more than itself", async () => {
  for (const [fact, length] of [
    [13, 13],
    [18, 18],
    [9, 18],
    [200, 18],
  ] as const)
    expect((await decoded(wavFile([...block, ...block], imaShape(fact)))).samples.length).toBe(length);
});

test("a sample that is no number is silence, and one beyond 1 is 1", async () => {
  const { write: _, ...shape } = kinds["32-bit float"] ?? { write: undefined };
  const values = [Number.NaN, Number.POSITIVE_INFINITY, 4, -4];
  const data = values.flatMap((value) => littleEndian(4, (view) => view.setFloat32(0, value, true)));
  expect([...(await decoded(wavFile(data, shape))).samples]).toEqual([0, 0, 32_767, -32_768]);
});

test.each<[string, Uint8Array, string]>([
  ["nine channels", wavFile([], { channels: 9 }), "9 channels; 1 to 8 are read"],
  ["5 kHz", wavFile([], { rateHz: 5000 }), "5000 Hz; 6000 to 192000 are read"],
  ["200 kHz", wavFile([], { rateHz: 200_000 }), "200000 Hz; 6000 to 192000 are read"],
  ["MP3 in WAV", wavFile([], { code: 0x55 }), "WAV format 85 with 16 bits"],
  ["a file without samples", wavFile([]).subarray(0, 36), "there are no samples in the file"],
  ["a format that is cut off", wavFile([]).subarray(0, 30), "the format is cut off"],
  ["MS ADPCM without coefficients", wavFile([], { code: 2, blockBytes: 256 }), "MS ADPCM without its coefficients"],
  ["IMA ADPCM of blocks that hold nothing", wavFile([], { code: 0x11, blockBytes: 4 }), "blocks of 4 bytes of IMA ADPCM"],
])("%s is refused", async (_what, bytes, reason) => {
  await expect(decoded(bytes)).rejects.toThrow(reason);
});
