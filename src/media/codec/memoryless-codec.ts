import { type AudioCodec, checkRate, type Encoder } from "./audio-codec.ts";
import { ConcealingDecoder, type PayloadDecoder } from "./concealing-decoder.ts";

type Memoryless = Pick<AudioCodec, "name" | "bytesPerMs" | "silence" | "tables"> & {
  readonly sampleRateHz: number;
  readonly encode: Encoder["encode"];
  readonly decode: PayloadDecoder["decode"];
};

/** A codec in which a sample follows from its own bytes alone: one encoder is enough for all, and a decoder remembers only what it conceals with. */
export function memorylessCodec({ sampleRateHz, encode, decode, ...codec }: Memoryless): AudioCodec {
  const encoder: Encoder = { encode, close: () => undefined };
  const payloads: PayloadDecoder = { decode };
  return {
    ...codec,
    clockRateHz: sampleRateHz,
    sampleRatesHz: [sampleRateHz],
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
