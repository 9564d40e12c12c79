import type { CodecName } from "../../kernel/index.ts";
import type { AudioCodec } from "./audio-codec.ts";
import { aLaw, type CompandingTables, muLaw } from "./g711.ts";
import { memorylessCodec } from "./memoryless-codec.ts";

export const pcmu: AudioCodec = g711("PCMU", muLaw);
export const pcma: AudioCodec = g711("PCMA", aLaw);

function g711(name: CodecName, tables: CompandingTables): AudioCodec {
  const { fromLinear, toLinear, silence } = tables;
  return memorylessCodec({
    name,
    sampleRateHz: 8000,
    bytesPerMs: 8,
    silence,
    tables,
    encode(samples, into, at) {
      const count = Math.min(samples.length, into.length - at);
      for (let index = 0; index < count; index++) into[at + index] = fromLinear[(samples[index] ?? 0) & 0xffff] ?? 0;
      return count;
    },
    decode(bytes, start, end, into) {
      const count = Math.min(end - start, into.length);
      for (let index = 0; index < count; index++) into[index] = toLinear[bytes[start + index] ?? 0] ?? 0;
      return count;
    },
  });
}
