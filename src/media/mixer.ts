import { frameMs } from "./codec/frame.ts";
import type { Hearing } from "./endpoint/hearing.ts";
import { SharedVoices } from "./shared-voices.ts";
import type { Talker } from "./talker.ts";

type Voice<From extends Talker = Talker> = { readonly from: From; readonly gain: number };
/** What one listener gets: nobody's voice but those it names, or the sum of everybody without its own. */
type Part = { readonly kind: "sum"; readonly voices: readonly Voice[] } | { readonly kind: "total" };

/** Up to so many are heard whether they talk or not: no begin of a word is ever lost between two, and a second one's is not missed. */
const mostUngated = 3;
const mostSamples = 960;
const audibleDbov = -50;

// Scratch: a call's frame is mixed in one go, so all mixers of a thread use the same.
const sum = new Int32Array(mostSamples);
const nobody: ReadonlySet<never> = new Set();

/**
 * The voices of one call at one rate. Who hears everybody else shares one sum, so a conference of n costs n and not n²; and who does not talk either shares
 * its encoding too. `arrange` at each plan, `begin` at each frame, then `mix` or `shared` for each listener.
 */
export class Mixer {
  /** Of what `mix` gives. */
  rateHz = 8000;
  readonly shared = new SharedVoices();
  readonly #parts = new Map<Talker, Part>();
  #speakers: readonly Talker[] = [];
  readonly #heard = new Set<Talker>();
  /** Everybody who is heard now. Of this mixer alone: it is made with the first conference. */
  #total: Int32Array | undefined;
  #isTotalDone = false;

  /** Returns the endpoints that somebody hears. `listeners` are those whose source is a mix. */
  arrange<Member extends Talker>(endpoints: ReadonlyMap<string, Member>, listeners: readonly Member[]): ReadonlySet<Member> {
    if (this.#parts.size === 0 && listeners.length === 0) return nobody;
    const voicesOf = new Map(listeners.map((listener) => [listener, voicesFor(listener, endpoints)]));
    const speakers = new Set([...voicesOf.values()].flatMap((voices) => voices.map(({ from }) => from)));
    this.#speakers = [...speakers];
    this.#parts.clear();
    for (const [listener, voices] of voicesOf) {
      const others = speakers.size - (speakers.has(listener) ? 1 : 0);
      const isTotal = voices.length > 1 && voices.length === others && voices.every(({ gain }) => gain === 1);
      this.#parts.set(listener, isTotal ? { kind: "total" } : { kind: "sum", voices });
    }
    return speakers;
  }

  begin(): void {
    this.#isTotalDone = false;
    this.shared.begin();
    this.#heard.clear();
    const isGated = this.#speakers.length > mostUngated;
    for (const speaker of this.#speakers) if (!isGated || isAudible(speaker.hearing)) this.#heard.add(speaker);
  }

  /** True when `listener` hears the same as all others of whom this is true. */
  isShared(listener: Talker): boolean {
    return this.#parts.get(listener)?.kind === "total" && !this.#heard.has(listener);
  }

  /** Fills `into`, 20 ms at `rateHz`, with what `listener` hears. */
  mix(listener: Talker, into: Int16Array): void {
    const part = this.#parts.get(listener);
    if (part === undefined) into.fill(0);
    else if (part.kind === "total") this.#mixTotal(listener, into);
    else this.#mixSum(part.voices, into);
  }

  close(): void {
    this.shared.close();
  }

  #mixSum(voices: readonly Voice[], into: Int16Array): void {
    const [only] = voices;
    if (voices.length === 1 && only !== undefined && only.gain === 1 && only.from.hearing !== undefined) {
      into.set(only.from.hearing.at(this.rateHz));
      return;
    }
    sum.fill(0, 0, into.length);
    for (const { from, gain } of voices) if (this.#heard.has(from)) add(sum, from.hearing?.at(this.rateHz), gain);
    clip(sum, into);
  }

  #mixTotal(listener: Talker, into: Int16Array): void {
    const total = this.#sumUp();
    const own = this.#heard.has(listener) ? listener.hearing?.at(this.rateHz) : undefined;
    if (own === undefined) {
      clip(total, into);
      return;
    }
    for (let index = 0; index < into.length; index++) into[index] = clipped((total[index] ?? 0) - (own[index] ?? 0));
  }

  #sumUp(): Int32Array {
    this.#total ??= new Int32Array(mostSamples);
    if (this.#isTotalDone) return this.#total;
    this.#isTotalDone = true;
    this.#total.fill(0, 0, (this.rateHz * frameMs) / 1000);
    for (const speaker of this.#heard) add(this.#total, speaker.hearing?.at(this.rateHz), 1);
    return this.#total;
  }
}

function voicesFor<Member extends Talker>(listener: Member, endpoints: ReadonlyMap<string, Member>): readonly Voice<Member>[] {
  const { source } = listener.plan;
  if (source.kind !== "mix") return [];
  return [...new Set(source.endpointIds)].flatMap((id) => {
    const from = endpoints.get(id);
    return from === undefined || from === listener ? [] : [{ from, gain: gainOf(source.gainsDb?.[id]) }];
  });
}

/** The begin of a word is heard before it is known to be one. */
function isAudible(hearing: Hearing | undefined): boolean {
  return hearing !== undefined && (hearing.talk.isTalking || hearing.talk.levelDbov > audibleDbov);
}

/** The factor that so many decibels are. */
export function gainOf(decibels = 0): number {
  return decibels === 0 ? 1 : 10 ** (decibels / 20);
}

function add(into: Int32Array, frame: Int16Array | undefined, gain: number): void {
  if (frame === undefined) return;
  if (gain === 1) for (let index = 0; index < frame.length; index++) into[index] = (into[index] ?? 0) + (frame[index] ?? 0);
  else for (let index = 0; index < frame.length; index++) into[index] = (into[index] ?? 0) + gain * (frame[index] ?? 0);
}

function clip(from: Int32Array, into: Int16Array): void {
  for (let index = 0; index < into.length; index++) into[index] = clipped(from[index] ?? 0);
}

function clipped(sample: number): number {
  return sample > 32_767 ? 32_767 : sample < -32_768 ? -32_768 : sample;
}
