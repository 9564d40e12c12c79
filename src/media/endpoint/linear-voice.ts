import type { AudioCodec } from "../codec/audio-codec.ts";
import { frameMs } from "../codec/frame.ts";
import { StreamResampler } from "../codec/stream-resampler.ts";
import { VoiceEncoder } from "../codec/voice-encoder.ts";
import type { OpusPlan } from "../plan.ts";

/** What an endpoint says as linear sound, for what cannot be sent as it lies in memory: mixes, announcements over something, other volumes. */
export class LinearVoice {
  readonly codec: AudioCodec;
  /** Of `frame`. */
  readonly rateHz: number;
  /** The 20 ms that are being made, and then those made last. */
  readonly frame: Int16Array;
  readonly #encoder: VoiceEncoder;
  /** Sound of another rate on its way into the frame. */
  #other: { readonly rateHz: number; readonly resampler: StreamResampler; readonly frame: Int16Array } | undefined;
  #added: Int16Array | undefined;

  constructor(codec: AudioCodec, rateHz: number, opus: OpusPlan | undefined) {
    this.codec = codec;
    this.rateHz = rateHz;
    this.frame = new Int16Array((rateHz * frameMs) / 1000);
    this.#encoder = new VoiceEncoder(codec, rateHz, opus);
  }

  /** A frame of `rateHz` for the caller to fill; `take` then makes it that of this voice. */
  room(rateHz: number): Int16Array {
    if (rateHz === this.rateHz) return this.frame;
    if (this.#other?.rateHz !== rateHz) {
      const frame = new Int16Array((rateHz * frameMs) / 1000);
      this.#other = { rateHz, resampler: new StreamResampler(rateHz, this.rateHz), frame };
    }
    return this.#other.frame;
  }

  take(room: Int16Array): void {
    if (room !== this.frame) this.#other?.resampler.process(room, this.frame);
  }

  /** A frame of `rateHz` for what is played over the other sound. */
  get added(): Int16Array {
    this.#added ??= new Int16Array(this.frame.length);
    return this.#added;
  }

  /** Adds what `added` was filled with. */
  add(): void {
    const { frame, added } = this;
    for (let index = 0; index < frame.length; index++) frame[index] = clipped((frame[index] ?? 0) + (added[index] ?? 0));
  }

  scale(gain: number): void {
    const { frame } = this;
    for (let index = 0; index < frame.length; index++) frame[index] = clipped((frame[index] ?? 0) * gain);
  }

  /** Returns the bytes written into `payload`; 0 when nothing need be sent. */
  encode(payload: Uint8Array): number {
    return this.#encoder.encode(this.frame, payload);
  }

  close(): void {
    this.#encoder.close();
  }
}

function clipped(sample: number): number {
  return sample > 32_767 ? 32_767 : sample < -32_768 ? -32_768 : sample;
}
