import { type Codec, samplesPerMs } from "../codec/codec.ts";
import type { PlayableItem } from "../orders.ts";
import type { PromptPlan } from "../plan.ts";
import type { PromptCache } from "./prompt-cache.ts";
import { writeTone } from "./tone.ts";

/** A stretch of sound: the bytes of a file, or a tone (of 0 Hz: silence). */
type Piece = { readonly samples: number; readonly bytes?: Uint8Array; readonly frequencyHz: number };

/**
 * One prompt being played, 20 ms at a time.
 *   waiting → playing   its sound is there
 *   playing → ended     its last sample was taken, or `end` was called
 */
export class Player {
  readonly plan: PromptPlan;
  #codec: Codec;
  #items: readonly PlayableItem[] | undefined;
  #pieces: readonly Piece[] | undefined;
  #isEnded = false;
  /** Samples of the whole prompt that were played or skipped. */
  #position: number;
  /** The piece that plays, and how much of it has been. */
  #index = 0;
  #piece: Piece | undefined;
  #offset = 0;
  /** How many times the pieces are still to be gone through after this one. */
  #repeatsLeft: number;

  constructor(plan: PromptPlan, codec: Codec) {
    this.plan = plan;
    this.#codec = codec;
    this.#repeatsLeft = repeatsOf(plan);
    this.#position = Math.max(0, Math.round(plan.offsetMs)) * samplesPerMs;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** True from the first sample to the last. */
  get isPlaying(): boolean {
    return this.#pieces !== undefined && !this.#isEnded;
  }

  get positionMs(): number {
    return Math.floor(this.#position / samplesPerMs);
  }

  isSame(plan: PromptPlan): boolean {
    return plan.promptId === this.plan.promptId && plan.start === this.plan.start;
  }

  /** Gets the sound of `items` into memory; then it plays from its offset. Rejects when a file cannot be read. */
  async load(items: readonly PlayableItem[], cache: PromptCache): Promise<void> {
    this.#items = items;
    const codec = this.#codec;
    const pieces = await Promise.all(items.map((item) => pieceOf(item, codec, cache)));
    if (codec !== this.#codec) return;
    this.#pieces = pieces;
    this.#seek();
  }

  /** The peer wants another codec: goes on from where it is. */
  async changeCodec(codec: Codec, cache: PromptCache): Promise<void> {
    this.#codec = codec;
    this.#pieces = undefined;
    this.#piece = undefined;
    if (this.#items !== undefined) await this.load(this.#items, cache);
  }

  /** Fills a frame; what is after the end is silence. */
  read(into: Uint8Array): void {
    let at = 0;
    while (at < into.length) {
      const piece = this.#piece;
      if (piece === undefined && this.#isAgain()) continue;
      if (piece === undefined) break;
      const length = Math.min(into.length - at, piece.samples - this.#offset);
      this.#copy(piece, into, at, at + length);
      at += length;
      this.#offset += length;
      this.#position += length;
      if (this.#offset < piece.samples) continue;
      this.#index += 1;
      this.#piece = this.#pieces?.[this.#index];
      this.#offset = 0;
    }
    if (at < into.length) into.fill(this.#codec.silence, at);
    if (this.#piece === undefined && this.#pieces !== undefined && !this.#isAgain()) this.#isEnded = true;
  }

  /** Goes back to the first piece when another round is due. A prompt without any sound has no rounds. */
  #isAgain(): boolean {
    if (this.#repeatsLeft === 0 || samplesOf(this.#pieces) === 0) return false;
    this.#repeatsLeft -= 1;
    this.#index = 0;
    this.#piece = this.#pieces?.[0];
    this.#offset = 0;
    return true;
  }

  end(): void {
    this.#isEnded = true;
  }

  #copy(piece: Piece, into: Uint8Array, start: number, end: number): void {
    const { bytes } = piece;
    if (bytes === undefined) {
      if (piece.frequencyHz === 0) into.fill(this.#codec.silence, start, end);
      else writeTone(this.#codec, [piece.frequencyHz], this.#offset, into, start, end);
      return;
    }
    // A view of the bytes for `set` would cost three times the copy.
    for (let at = start, from = this.#offset; at < end; at++, from++) into[at] = bytes[from] ?? 0;
  }

  #seek(): void {
    const pieces = this.#pieces ?? [];
    const round = Math.max(1, samplesOf(pieces));
    const rounds = Math.min(Math.floor(this.#position / round), repeatsOf(this.plan));
    this.#repeatsLeft = repeatsOf(this.plan) - rounds;
    this.#index = 0;
    this.#offset = this.#position - rounds * round;
    while (this.#index < pieces.length && this.#offset >= (pieces[this.#index]?.samples ?? 0)) {
      this.#offset -= pieces[this.#index]?.samples ?? 0;
      this.#index += 1;
    }
    this.#piece = pieces[this.#index];
  }
}

/** Infinity for ever. */
function repeatsOf({ repeat = 0 }: PromptPlan): number {
  return repeat < 0 ? Number.POSITIVE_INFINITY : repeat;
}

function samplesOf(pieces: readonly Piece[] = []): number {
  return pieces.reduce((sum, { samples }) => sum + samples, 0);
}

async function pieceOf(item: PlayableItem, codec: Codec, cache: PromptCache): Promise<Piece> {
  switch (item.kind) {
    case "file": {
      const bytes = await cache.load(item.files[codec.name]);
      return { samples: bytes.length, bytes, frequencyHz: 0 };
    }
    case "silence":
      return { samples: Math.round(item.durationMs) * samplesPerMs, frequencyHz: 0 };
    case "tone":
      return { samples: Math.round(item.durationMs) * samplesPerMs, frequencyHz: item.frequencyHz };
  }
}
