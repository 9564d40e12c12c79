import type { CodecName } from "../../kernel/index.ts";
import type { AudioCodec } from "./audio-codec.ts";
import { memorylessCodec } from "./memoryless-codec.ts";

const sampleBytes = 2;

/**
 * Linear sound as it is, most significant byte first (RFC 3551 §4.5.11).
 *
 *     0                   1
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |     sample, two's complement   |  ...
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
export function l16(name: CodecName, sampleRateHz: number): AudioCodec {
  return memorylessCodec({
    name,
    sampleRateHz,
    bytesPerMs: (sampleRateHz / 1000) * sampleBytes,
    silence: 0,
    encode(samples, into, at) {
      const count = Math.min(samples.length, (into.length - at) >> 1);
      for (let index = 0; index < count; index++) {
        const sample = samples[index] ?? 0;
        into[at + sampleBytes * index] = sample >> 8;
        into[at + sampleBytes * index + 1] = sample;
      }
      return count * sampleBytes;
    },
    // A last byte alone is no sample.
    decode(bytes, start, end, into) {
      const count = Math.min((end - start) >> 1, into.length);
      for (let index = 0; index < count; index++) {
        const at = start + sampleBytes * index;
        into[index] = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
      }
      return count;
    },
  });
}
