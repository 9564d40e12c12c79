import { type Codec, encode, frameSamples, transcode } from "./codec/codec.ts";
import type { Hearing } from "./endpoint/hearing.ts";
import type { Source } from "./plan.ts";

/** What the mixer sees of an endpoint. */
export type Talker = { readonly plan: { readonly source: Source }; readonly hearing: Hearing | undefined };

/** What one listener gets: nobody's voice, one as it came, a sum of its own, or the sum of everybody without its own. */
type Part =
  | { readonly kind: "voice"; readonly from: Talker }
  | { readonly kind: "sum"; readonly from: readonly Talker[] }
  | { readonly kind: "total"; readonly without: Talker | undefined };

/**
 * The voices of one call. Who hears everybody else shares one sum, so a conference of n costs n and not n². `arrange` at each plan, `begin` at each frame,
 * then `mix` for each listener.
 */
export class Mixer {
  readonly #parts = new Map<Talker, Part>();
  readonly #total = new Int32Array(frameSamples);
  readonly #sum = new Int32Array(frameSamples);
  #speakers: readonly Talker[] = [];
  #isTotalDone = false;

  /** Returns the endpoints that somebody hears. */
  arrange(endpoints: ReadonlyMap<string, Talker>): ReadonlySet<Talker> {
    const heardBy = new Map<Talker, ReadonlySet<Talker>>();
    for (const endpoint of endpoints.values()) {
      const { source } = endpoint.plan;
      if (source.kind !== "mix") continue;
      const voices = new Set<Talker>();
      for (const id of source.endpointIds) {
        const voice = endpoints.get(id);
        if (voice !== undefined && voice !== endpoint) voices.add(voice);
      }
      heardBy.set(endpoint, voices);
    }
    const speakers = new Set([...heardBy.values()].flatMap((voices) => [...voices]));
    this.#speakers = [...speakers];
    this.#parts.clear();
    for (const [listener, voices] of heardBy) {
      const [only] = voices;
      if (only === undefined) continue;
      const isSpeaker = speakers.has(listener);
      if (voices.size === 1) this.#parts.set(listener, { kind: "voice", from: only });
      else if (voices.size === speakers.size - (isSpeaker ? 1 : 0)) {
        this.#parts.set(listener, { kind: "total", without: isSpeaker ? listener : undefined });
      } else this.#parts.set(listener, { kind: "sum", from: [...voices] });
    }
    return speakers;
  }

  begin(): void {
    this.#isTotalDone = false;
  }

  /** Fills a frame of what `listener` hears. */
  mix(listener: Talker, codec: Codec, into: Uint8Array): void {
    const part = this.#parts.get(listener);
    switch (part?.kind) {
      case undefined:
        into.fill(codec.silence);
        return;
      case "voice": {
        const { hearing } = part.from;
        if (hearing === undefined) into.fill(codec.silence);
        else transcode(hearing.codec, codec, hearing.frame, into);
        return;
      }
      case "sum":
        this.#sum.fill(0);
        for (const voice of part.from) add(this.#sum, voice.hearing, 1);
        encode(codec, this.#sum, into);
        return;
      case "total":
        this.#addTotal();
        this.#sum.set(this.#total);
        add(this.#sum, part.without?.hearing, -1);
        encode(codec, this.#sum, into);
    }
  }

  #addTotal(): void {
    if (this.#isTotalDone) return;
    this.#isTotalDone = true;
    this.#total.fill(0);
    for (const speaker of this.#speakers) add(this.#total, speaker.hearing, 1);
  }
}

function add(sum: Int32Array, hearing: Hearing | undefined, sign: 1 | -1): void {
  if (hearing === undefined) return;
  const { linear } = hearing;
  for (let index = 0; index < frameSamples; index++) sum[index] = (sum[index] ?? 0) + sign * (linear[index] ?? 0);
}
