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

// Scratch: a call's frame is mixed in one go, so all mixers of a thread use the same. Two buffers a call cost a plain one 3 µs, and its collection more.
const total = new Int32Array(frameSamples);
const sum = new Int32Array(frameSamples);
const nobody: ReadonlySet<Talker> = new Set();

/**
 * The voices of one call. Who hears everybody else shares one sum, so a conference of n costs n and not n². `arrange` at each plan, `begin` at each frame,
 * then `mix` for each listener.
 */
export class Mixer {
  readonly #parts = new Map<Talker, Part>();
  #speakers: readonly Talker[] = [];
  #isTotalDone = false;

  /** Returns the endpoints that somebody hears. */
  arrange(endpoints: ReadonlyMap<string, Talker>): ReadonlySet<Talker> {
    if (this.#parts.size === 0 && !hasMix(endpoints)) return nobody;
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
        sum.fill(0);
        for (const voice of part.from) add(sum, voice.hearing, 1);
        encode(codec, sum, into);
        return;
      case "total":
        this.#addTotal();
        sum.set(total);
        add(sum, part.without?.hearing, -1);
        encode(codec, sum, into);
    }
  }

  #addTotal(): void {
    if (this.#isTotalDone) return;
    this.#isTotalDone = true;
    total.fill(0);
    for (const speaker of this.#speakers) add(total, speaker.hearing, 1);
  }
}

function hasMix(endpoints: ReadonlyMap<string, Talker>): boolean {
  for (const { plan } of endpoints.values()) if (plan.source.kind === "mix") return true;
  return false;
}

function add(into: Int32Array, hearing: Hearing | undefined, sign: 1 | -1): void {
  if (hearing === undefined) return;
  const { linear } = hearing;
  for (let index = 0; index < frameSamples; index++) into[index] = (into[index] ?? 0) + sign * (linear[index] ?? 0);
}
