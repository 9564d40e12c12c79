import type { AudioCodec, Decoder } from "../codec/audio-codec.ts";
import { frameMs } from "../codec/frame.ts";
import { encoderRateHz } from "../codec/voice-encoder.ts";
import { StreamResampler } from "../codec/stream-resampler.ts";
import type { LinearVoice } from "./linear-voice.ts";

/** What the peer of an endpoint heard in the last frame, as linear sound of one rate, for recordings of both sides. */
export class HeardFrame {
  readonly #rateHz: number;
  readonly #frame: Int16Array;
  #voice: LinearVoice | undefined;
  /** Of the payload that was sent; 0 when none was. */
  #bytes = 0;
  /** `#frame` is that of now. */
  #isMade = false;
  #resampler: StreamResampler | undefined;
  #resampledFromHz = 0;
  #decoder: { readonly codec: AudioCodec; readonly decoder: Decoder; readonly rateHz: number; readonly frame: Int16Array } | undefined;

  constructor(rateHz: number) {
    this.#rateHz = rateHz;
    this.#frame = new Int16Array((rateHz * frameMs) / 1000);
  }

  /** Nothing, so far. */
  forget(): void {
    this.#voice = undefined;
    this.#bytes = 0;
    this.#isMade = false;
  }

  /** A frame was sent: that of `voice`, or without one so many bytes of the payload that `at` is given. */
  took(voice: LinearVoice | undefined, bytes: number): void {
    this.#voice = voice;
    this.#bytes = bytes;
    this.#isMade = false;
  }

  /** The same for all who ask in one frame. */
  at(codec: AudioCodec, payload: Uint8Array): Int16Array {
    if (this.#voice?.rateHz === this.#rateHz) return this.#voice.frame;
    if (this.#isMade) return this.#frame;
    this.#isMade = true;
    if (this.#voice !== undefined) this.#take(this.#voice.frame, this.#voice.rateHz);
    else if (this.#bytes === 0) this.#frame.fill(0);
    else this.#decode(codec, payload);
    return this.#frame;
  }

  close(): void {
    this.#decoder?.decoder.close();
  }

  #decode(codec: AudioCodec, payload: Uint8Array): void {
    if (this.#decoder?.codec !== codec) {
      this.#decoder?.decoder.close();
      const decodedHz = encoderRateHz(codec, this.#rateHz);
      const room = new Int16Array((decodedHz * frameMs) / 1000);
      this.#decoder = { codec, decoder: codec.createDecoder(decodedHz), rateHz: decodedHz, frame: room };
    }
    const { decoder, rateHz, frame } = this.#decoder;
    frame.fill(0, decoder.decode(payload, 0, this.#bytes, frame));
    this.#take(frame, rateHz);
  }

  #take(frame: Int16Array, rateHz: number): void {
    if (rateHz === this.#rateHz) {
      this.#frame.set(frame);
      return;
    }
    if (this.#resampledFromHz !== rateHz) this.#resampler = new StreamResampler(rateHz, this.#rateHz);
    this.#resampledFromHz = rateHz;
    this.#resampler?.process(frame, this.#frame);
  }
}
