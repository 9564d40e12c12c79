import type { CodecName } from "../../kernel/index.ts";
import { type AudioCodec, checkRate, type Encoder } from "./audio-codec.ts";
import { ConcealingDecoder, type PayloadDecoder } from "./concealing-decoder.ts";
import { aLaw, type CompandingTables, muLaw } from "./g711.ts";

const sampleRateHz = 8000;

export const pcmu: AudioCodec = g711("PCMU", muLaw);
export const pcma: AudioCodec = g711("PCMA", aLaw);

function g711(name: CodecName, tables: CompandingTables): AudioCodec {
  const encoder = encoderOf(tables);
  const payloads = payloadsOf(tables);
  return {
    name,
    clockRateHz: sampleRateHz,
    sampleRatesHz: [sampleRateHz],
    bytesPerMs: 8,
    silence: tables.silence,
    tables,
    createEncoder(rateHz) {
      checkRate(this, rateHz);
      return encoder;
    },
    createDecoder(rateHz) {
      checkRate(this, rateHz);
      return new ConcealingDecoder(payloads, rateHz);
    },
  };
}

/** Without memory, so one is enough for all. */
function encoderOf({ fromLinear }: CompandingTables): Encoder {
  return {
    encode(samples, into, at) {
      const count = Math.min(samples.length, into.length - at);
      for (let index = 0; index < count; index++) into[at + index] = fromLinear[(samples[index] ?? 0) & 0xffff] ?? 0;
      return count;
    },
    close() {},
  };
}

function payloadsOf({ toLinear }: CompandingTables): PayloadDecoder {
  return {
    decode(bytes, start, end, into) {
      const count = Math.min(end - start, into.length);
      for (let index = 0; index < count; index++) into[index] = toLinear[bytes[start + index] ?? 0] ?? 0;
      return count;
    },
  };
}
