import { type Parsed, parsed, unparsed } from "../../../kernel/index.ts";
import type { BlockCodec } from "./blocks.ts";
import { clipped } from "./sound-reader.ts";
import { viewOf } from "./wav-format.ts";

/** By how much a nibble changes the step, in 256ths. */
const adaptation = [230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230] as const;
const leastDelta = 16;
/** For each channel: predictor (8), delta, the last sample and the one before it (16 each). */
const headerBytes = 7;
const mostCoefficients = 256;

/**
 * Microsoft ADPCM. `extra` of the format: samples in a block, number of coefficients (16 each), then pairs of coefficients (16 each, in 256ths).
 * A block:
 *
 *   for each channel: predictor (8);  for each: delta (16);  for each: second sample (16);  for each: first sample (16)
 *   then nibbles, high first, each channel in turn
 */
export function msAdpcm(channels: number, blockBytes: number, extra: Uint8Array): Parsed<BlockCodec> {
  const header = headerBytes * channels;
  if (channels > 2 || blockBytes <= header) return unparsed(`blocks of ${blockBytes} bytes of MS ADPCM, with ${channels} channels`);
  const pairs = extra.length < 4 ? 0 : viewOf(extra).getUint16(2, true);
  if (pairs === 0 || pairs > mostCoefficients || extra.length < 4 + pairs * 4) return unparsed("MS ADPCM without its coefficients");
  const coefficients = Int16Array.from({ length: pairs * 2 }, (_, index) => viewOf(extra).getInt16(4 + index * 2, true));
  const blockSamples = 2 + Math.floor(((blockBytes - header) * 2) / channels);
  const deltas = new Int32Array(channels);
  const predictors = new Int32Array(channels);
  const last = new Int32Array(channels);
  const before = new Int32Array(channels);
  return parsed({
    name: "MS ADPCM",
    blockBytes,
    blockSamples,
    decode(bytes, start, end, into, at) {
      if (end - start < header) return 0;
      const view = viewOf(bytes);
      for (let channel = 0; channel < channels; channel++) {
        predictors[channel] = Math.min(pairs - 1, bytes[start + channel] ?? 0);
        deltas[channel] = view.getInt16(start + channels + channel * 2, true);
        last[channel] = view.getInt16(start + 3 * channels + channel * 2, true);
        before[channel] = view.getInt16(start + 5 * channels + channel * 2, true);
      }
      into[at] = meanOf(before);
      into[at + 1] = meanOf(last);
      const nibbles = (end - start - header) * 2;
      const count = 2 + Math.floor(nibbles / channels);
      for (let index = 2, nibble = 0; index < count; index++) {
        for (let channel = 0; channel < channels; channel++, nibble++) {
          const byte = bytes[start + header + (nibble >> 1)] ?? 0;
          advance(channel, nibble % 2 === 0 ? byte >> 4 : byte & 15);
        }
        into[at + index] = meanOf(last);
      }
      return count;
    },
  });

  function advance(channel: number, nibble: number): void {
    const [one, other] = [last[channel] ?? 0, before[channel] ?? 0];
    const pair = (predictors[channel] ?? 0) * 2;
    const delta = deltas[channel] ?? 0;
    const predicted = (one * (coefficients[pair] ?? 0) + other * (coefficients[pair + 1] ?? 0)) >> 8;
    before[channel] = one;
    last[channel] = clipped(predicted + (nibble < 8 ? nibble : nibble - 16) * delta);
    deltas[channel] = Math.max(leastDelta, ((adaptation[nibble] ?? 0) * delta) >> 8);
  }

  function meanOf(samples: Int32Array): number {
    return clipped(((samples[0] ?? 0) + (samples[channels - 1] ?? 0)) / 2);
  }
}
