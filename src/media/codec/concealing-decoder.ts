import type { Decoder } from "./audio-codec.ts";
import { LossConcealer } from "./loss-concealer.ts";

/** A decoder that knows nothing of gaps. */
export type PayloadDecoder = Pick<Decoder, "decode">;

/** A decoder for codecs without concealment of their own. */
export class ConcealingDecoder implements Decoder {
  readonly #payloads: PayloadDecoder;
  readonly #concealer: LossConcealer;

  constructor(payloads: PayloadDecoder, sampleRateHz: number) {
    this.#payloads = payloads;
    this.#concealer = new LossConcealer(sampleRateHz);
  }

  decode(bytes: Uint8Array, start: number, end: number, into: Int16Array): number {
    const count = this.#payloads.decode(bytes, start, end, into);
    if (count > 0) this.#concealer.hear(into, count);
    return count;
  }

  conceal(into: Int16Array, samples: number): void {
    this.#concealer.conceal(into, samples);
  }

  close(): void {}
}
