import type { AudioCodec, Encoder, EncoderOptions } from "./audio-codec.ts";
import type { LoopCodec } from "../sound/loops.ts";
import { frameMs } from "./frame.ts";
import { StreamResampler } from "./stream-resampler.ts";

/** Encodes frames of 20 ms at a rate that the codec need not know. */
export class VoiceEncoder {
  readonly codec: AudioCodec;
  readonly rateHz: number;
  readonly #encoder: Encoder;
  #resampler: StreamResampler | undefined;
  #resampled: Int16Array | undefined;

  constructor(codec: AudioCodec, rateHz: number, options?: EncoderOptions) {
    this.codec = codec;
    this.rateHz = rateHz;
    const encoderHz = encoderRateHz(codec, rateHz);
    this.#encoder = codec.createEncoder(encoderHz, options);
    if (encoderHz === rateHz) return;
    this.#resampler = new StreamResampler(rateHz, encoderHz);
    this.#resampled = new Int16Array((encoderHz * frameMs) / 1000);
  }

  /** Returns the bytes written into `into`; 0 when nothing need be sent. */
  encode(frame: Int16Array, into: Uint8Array): number {
    if (this.#resampler === undefined || this.#resampled === undefined) return this.#encoder.encode(frame, into, 0);
    this.#resampler.process(frame, this.#resampled);
    return this.#encoder.encode(this.#resampled, into, 0);
  }

  close(): void {
    this.#encoder.close();
  }
}

/** The rate at which a codec is used for sound of `rateHz`: the same when it can, else its own. */
export function encoderRateHz({ sampleRatesHz }: AudioCodec, rateHz: number): number {
  return sampleRatesHz.includes(rateHz) ? rateHz : (sampleRatesHz[0] ?? rateHz);
}

const loopCodecs = new Map<AudioCodec, LoopCodec>();

/** A codec of so many bytes a millisecond for whole loops at a time. */
export function loopCodec(codec: AudioCodec): LoopCodec {
  const known = loopCodecs.get(codec);
  if (known !== undefined) return known;
  const sampleRateHz = codec.sampleRatesHz[0] ?? 8000;
  const made: LoopCodec = {
    name: codec.name,
    sampleRateHz,
    encode: (samples) => {
      const bytes = new Uint8Array((samples.length * (codec.bytesPerMs ?? 0) * 1000) / sampleRateHz);
      const encoder = codec.createEncoder(sampleRateHz);
      encoder.encode(samples, bytes, 0);
      encoder.close();
      return bytes;
    },
  };
  loopCodecs.set(codec, made);
  return made;
}
