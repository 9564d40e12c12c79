import type { AudioCodec } from "./codec/audio-codec.ts";
import { frameMs } from "./codec/frame.ts";
import { VoiceEncoder } from "./codec/voice-encoder.ts";
import type { Talker } from "./talker.ts";

/** Whose mixes they are. */
type Mix = { readonly rateHz: number; mix(listener: Talker, into: Int16Array): void };
type Shared = { readonly encoder: VoiceEncoder; readonly frame: Int16Array; readonly payload: Uint8Array; bytes: number; isDone: boolean };

/**
 * What all listeners of a conference hear who do not talk themselves, encoded once in a frame for each codec and what is asked of it. A listener who begins to talk goes on with an
 * encoder of its own: the change can be heard by nobody but who is speaking at that moment.
 */
export class SharedVoices {
  /** By `encoding`. */
  readonly #byEncoding = new Map<string, Shared>();
  #rateHz = 0;

  begin(): void {
    for (const shared of this.#byEncoding.values()) shared.isDone = false;
  }

  /** The payload of this frame for `listener`, who shares it with all of its `encoding`: codec and options. Returns its bytes, 0 for none. */
  encode(mixer: Mix, listener: Talker, codec: AudioCodec, encoding: string, into: Uint8Array): number {
    if (mixer.rateHz !== this.#rateHz) this.close();
    this.#rateHz = mixer.rateHz;
    let shared = this.#byEncoding.get(encoding);
    if (shared === undefined) {
      const frame = new Int16Array((mixer.rateHz * frameMs) / 1000);
      const encoder = new VoiceEncoder(codec, mixer.rateHz, listener.plan.opus);
      shared = { encoder, frame, payload: new Uint8Array(into.length), bytes: 0, isDone: false };
      this.#byEncoding.set(encoding, shared);
    }
    if (!shared.isDone) {
      mixer.mix(listener, shared.frame);
      shared.bytes = shared.encoder.encode(shared.frame, shared.payload);
      shared.isDone = true;
    }
    for (let index = 0; index < shared.bytes; index++) into[index] = shared.payload[index] ?? 0;
    return shared.bytes;
  }

  close(): void {
    for (const { encoder } of this.#byEncoding.values()) encoder.close();
    this.#byEncoding.clear();
  }
}
