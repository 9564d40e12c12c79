import type { ByteSource } from "./byte-source.ts";
import { sliceBytes, type SoundReader } from "./sound-reader.ts";

/** How samples lie in blocks: single frames, or stretches that are compressed on their own. */
export type BlockCodec = {
  /** For people: "16-bit PCM". */
  readonly name: string;
  readonly blockBytes: number;
  /** Samples that a whole block gives. */
  readonly blockSamples: number;
  /** Writes the mean of all channels of the block at `start` to `into` from `at` on; how many samples. The last block may be cut off. */
  decode(bytes: Uint8Array, start: number, end: number, into: Int16Array, at: number): number;
};

export type BlockRange = {
  readonly start: number;
  readonly end: number;
  /** Of each channel, where it is said. Only the last block is cut by it. */
  readonly samples?: number | undefined;
};

/** Reads the blocks in [start, end) of `source`. */
export function blockReader(
  source: ByteSource,
  codec: BlockCodec,
  container: { readonly name: string; readonly contentType: string },
  sampleRateHz: number,
  { start, end, samples: declared }: BlockRange,
): SoundReader {
  const blocks = Math.max(1, Math.floor(sliceBytes / codec.blockBytes));
  const samples = new Int16Array(blocks * codec.blockSamples);
  const most = mostSamples(codec, end - start, declared);
  let at = start;
  let given = 0;
  return {
    kind: `${container.name}, ${codec.name}`,
    contentType: container.contentType,
    sampleRateHz,
    async next() {
      if (at >= end) return undefined;
      const bytes = await source.read(at, Math.min(blocks * codec.blockBytes, end - at));
      if (bytes.length === 0) return undefined;
      let count = 0;
      for (let block = 0; block < bytes.length; block += codec.blockBytes) {
        count += codec.decode(bytes, block, Math.min(block + codec.blockBytes, bytes.length), samples, count);
      }
      at += bytes.length;
      count = Math.min(count, most - given);
      given += count;
      return samples.subarray(0, count);
    },
    close: () => undefined,
  };
}

function mostSamples({ blockBytes, blockSamples }: BlockCodec, bytes: number, declared: number | undefined): number {
  const whole = Math.floor(bytes / blockBytes) * blockSamples;
  return declared !== undefined && declared > whole - blockSamples && declared < whole ? declared : Number.POSITIVE_INFINITY;
}
