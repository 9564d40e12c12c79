import { type Parsed, parsed, unparsed } from "../../../kernel/index.ts";
import type { BlockCodec } from "./blocks.ts";
import { clipped } from "./sound-reader.ts";

/** IMA Digital Audio Focus, 1992: by how much a nibble moves the step. */
const indexMoves = [-1, -1, -1, -1, 2, 4, 6, 8] as const;
const steps = new Int16Array([
  7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107, 118, 130, 143, 157, 173,
  190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066,
  2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10_442, 11_487, 12_635, 13_899, 15_289,
  16_818, 18_500, 20_350, 22_385, 24_623, 27_086, 29_794, 32_767,
]);
const mostIndex = steps.length - 1;
const headerBytes = 4;
/** Each channel in turn has so many bytes: eight samples. */
const groupBytes = 4;
const groupSamples = 8;

/**
 * IMA ADPCM as WAV has it (DVI). A block:
 *
 *   for each channel:  first sample (16, little-endian), step index (8), nothing (8)
 *   then groups:       for each channel 4 bytes of 8 samples, low nibble first
 */
export function imaAdpcm(channels: number, blockBytes: number): Parsed<BlockCodec> {
  const groups = Math.floor((blockBytes / channels - headerBytes) / groupBytes);
  if (groups < 1) return unparsed(`blocks of ${blockBytes} bytes of IMA ADPCM`);
  const sums = new Int32Array(1 + groups * groupSamples);
  const values = new Int32Array(channels);
  const indices = new Int32Array(channels);
  return parsed({
    name: "IMA ADPCM",
    blockBytes,
    blockSamples: sums.length,
    decode(bytes, start, end, into, at) {
      const data = start + headerBytes * channels;
      if (end < data) return 0;
      const present = Math.min(groups, Math.floor((end - data) / (groupBytes * channels)));
      sums.fill(0);
      for (let channel = 0; channel < channels; channel++) {
        const header = start + headerBytes * channel;
        const first = (((bytes[header] ?? 0) | ((bytes[header + 1] ?? 0) << 8)) << 16) >> 16;
        values[channel] = first;
        indices[channel] = Math.min(mostIndex, bytes[header + 2] ?? 0);
        sums[0] = (sums[0] ?? 0) + first;
      }
      for (let group = 0; group < present; group++) {
        for (let channel = 0; channel < channels; channel++) {
          const from = data + (group * channels + channel) * groupBytes;
          for (let sample = 0; sample < groupSamples; sample++) {
            const byte = bytes[from + (sample >> 1)] ?? 0;
            const value = advance(channel, sample % 2 === 0 ? byte & 15 : byte >> 4);
            const place = 1 + group * groupSamples + sample;
            sums[place] = (sums[place] ?? 0) + value;
          }
        }
      }
      const count = 1 + present * groupSamples;
      for (let index = 0; index < count; index++) into[at + index] = clipped((sums[index] ?? 0) / channels);
      return count;
    },
  });

  function advance(channel: number, nibble: number): number {
    const index = indices[channel] ?? 0;
    const step = steps[index] ?? 0;
    let difference = step >> 3;
    if ((nibble & 4) !== 0) difference += step;
    if ((nibble & 2) !== 0) difference += step >> 1;
    if ((nibble & 1) !== 0) difference += step >> 2;
    const value = clipped((values[channel] ?? 0) + ((nibble & 8) === 0 ? difference : -difference));
    values[channel] = value;
    indices[channel] = Math.max(0, Math.min(mostIndex, index + (indexMoves[nibble & 7] ?? 0)));
    return value;
  }
}
