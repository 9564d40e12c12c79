import { silentPacket } from "../codec/silence.ts";
import type { PlayableItem } from "../orders.ts";
import type { PromptPlan, SoundFormat } from "../plan.ts";
import { lengthBytes, packetStart } from "./packets.ts";
import { type Part, partOf, toneSample } from "./part.ts";
import type { PromptCache } from "./prompt-cache.ts";
import { shapeOf, type SoundShape } from "./sound-format.ts";

/**
 * One prompt being played.
 *   waiting → playing   its sound is there
 *   playing ⇄ paused    as the plan says
 *   playing → ended     its last unit was taken, its file cannot be read on (`error`), or `end` was called
 * Sound in another format may come at any time (`load`): until it is there the prompt is read in the one it has (`format`).
 */
export class Player {
  #plan: PromptPlan;
  /** 1 for 0 dB. */
  #gain: number;
  #format: SoundFormat;
  #shape: SoundShape;
  #parts: readonly Part[] | undefined;
  /** What one round of all parts has. */
  #roundUnits = 0;
  #isEnded = false;
  #error: unknown;
  /** Units of the whole prompt that were played or skipped. */
  #position: number;
  /** The part that plays, and how many of its units were. */
  #part: Part | undefined;
  #index = 0;
  #offset = 0;
  /** Where in its file the next packet is. */
  #packetAt = 0;
  /** How many times the parts are still to be gone through after this one. */
  #repeatsLeft: number;
  /** Counts loads: the last one wins. */
  #loads = 0;

  constructor(plan: PromptPlan, format: SoundFormat) {
    this.#plan = plan;
    this.#gain = gainOf(plan);
    this.#format = format;
    this.#shape = shapeOf(format);
    this.#repeatsLeft = repeatsOf(plan);
    this.#position = Math.floor((Math.max(0, plan.offsetMs) * this.#shape.unitRateHz) / 1000);
  }

  get plan(): PromptPlan {
    return this.#plan;
  }

  /** In which `read` gives the sound now, or `readLinear` when it is linear. */
  get format(): SoundFormat {
    return this.#format;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** True while reading gives sound: from the first unit to the last, but not while it is paused. */
  get isPlaying(): boolean {
    return this.#parts !== undefined && !this.#isEnded && !this.isPaused;
  }

  get isPaused(): boolean {
    return this.#plan.isPaused === true && !this.#isEnded;
  }

  /** Of the whole prompt, what was read of it and what was skipped. */
  get positionMs(): number {
    return Math.floor((this.#position * 1000) / this.#shape.unitRateHz);
  }

  /** Why it ended before its end; undefined when it did not. */
  get error(): unknown {
    return this.#error;
  }

  isSame(plan: PromptPlan): boolean {
    return plan.promptId === this.#plan.promptId && plan.start === this.#plan.start;
  }

  /** The same prompt with another volume or pause. True when a pause began, which is to be told. */
  update(plan: PromptPlan): boolean {
    const wasPaused = this.isPaused;
    this.#plan = plan;
    this.#gain = gainOf(plan);
    return this.isPaused && !wasPaused;
  }

  /**
   * Gets the sound of `items`, which is in `format`; then it plays from its offset, or goes on where it is. Rejects when a file cannot be
   * read.
   */
  async load(items: readonly PlayableItem[], format: SoundFormat, cache: PromptCache): Promise<void> {
    this.#loads += 1;
    const load = this.#loads;
    const parts = await Promise.all(items.map((item) => partOf(item, format, cache)));
    const shape = shapeOf(format);
    for (;;) {
      const position = this.#positionIn(shape);
      const place = placeIn(parts, position, repeatsOf(this.#plan));
      const starts = await Promise.all(parts.map((part) => begin(part, part === place.part ? place.offset : 0, shape)));
      if (load !== this.#loads) return;
      // What was played meanwhile is not played again.
      if (this.#positionIn(shape) !== position) continue;
      this.#format = format;
      this.#shape = shape;
      this.#parts = parts;
      this.#roundUnits = unitsOf(parts);
      this.#position = position;
      this.#packetAt = starts[place.index] ?? 0;
      this.#repeatsLeft = place.repeatsLeft;
      this.#index = place.index;
      this.#part = place.part;
      this.#offset = place.offset;
      return;
    }
  }

  end(): void {
    this.#isEnded = true;
  }

  /** Fills `into` with the bytes of a codec, or writes the next 20 ms as a packet. How many bytes it wrote; silence when nothing is played. */
  read(into: Uint8Array): number {
    if (this.#shape.unitBytes === 0) return this.#readPacket(into);
    const units = Math.floor(into.length / this.#shape.unitBytes);
    const at = this.#take(into, units) * this.#shape.unitBytes;
    if (at < into.length) into.fill(this.#shape.silence, at);
    return into.length;
  }

  /** Fills `into` with samples of a linear format, in the plan's volume. */
  readLinear(into: Int16Array): void {
    const units = this.#take(into, into.length);
    if (units < into.length) into.fill(0, units);
    if (this.#gain === 1) return;
    for (let index = 0; index < units; index++) {
      const sample = Math.round((into[index] ?? 0) * this.#gain);
      into[index] = sample > 32_767 ? 32_767 : sample < -32_768 ? -32_768 : sample;
    }
  }

  /** Copies up to `most` units. How many: fewer at the end, in a pause, or where a file is not in memory yet. */
  #take(into: Uint8Array | Int16Array, most: number): number {
    let done = 0;
    while (done < most && this.isPlaying) {
      const part = this.#currentPart();
      if (part === undefined) break;
      const units = this.#copy(part, into, done, Math.min(most - done, part.units - this.#offset));
      if (units === 0) break;
      done += units;
      this.#advance(part, units);
    }
    this.#endIfOver();
    return done;
  }

  #readPacket(into: Uint8Array): number {
    const part = this.isPlaying ? this.#currentPart() : undefined;
    const { cursor } = part ?? {};
    const low = cursor === undefined ? undefined : this.#byteOf(part, this.#packetAt);
    const high = low === undefined ? undefined : this.#byteOf(part, this.#packetAt + 1);
    if (part === undefined || low === undefined || high === undefined) return this.#writeSilentPacket(into);
    const length = low | (high << 8);
    const start = this.#packetAt + lengthBytes;
    for (let index = 0; index < length; index++) {
      const byte = this.#byteOf(part, start + index);
      if (byte === undefined) return this.#writeSilentPacket(into);
      into[index] = byte;
    }
    this.#packetAt = start + length;
    this.#advance(part, 1);
    this.#endIfOver();
    return length;
  }

  #writeSilentPacket(into: Uint8Array): number {
    into.set(silentPacket);
    this.#endIfOver();
    return silentPacket.length;
  }

  #byteOf(part: Part | undefined, at: number): number | undefined {
    const piece = part?.cursor?.pieceAt(at);
    return piece?.bytes[at - piece.start];
  }

  /** The part to go on with; begins another round when one is due. Undefined at the end. A prompt without any sound has no rounds. */
  #currentPart(): Part | undefined {
    if (this.#part === undefined && this.#repeatsLeft > 0 && this.#roundUnits > 0) {
      this.#repeatsLeft -= 1;
      this.#index = -1;
      this.#nextPart();
    }
    while (this.#part !== undefined && this.#offset >= this.#part.units) this.#nextPart();
    return this.#part;
  }

  #nextPart(): void {
    this.#index += 1;
    this.#part = this.#parts?.[this.#index];
    this.#offset = 0;
    this.#packetAt = 0;
    // The one after it is there when this one ends.
    const following = this.#parts?.[this.#index + 1] ?? this.#parts?.[0];
    if (following !== this.#part) following?.cursor?.expect(0);
  }

  #advance(part: Part, units: number): void {
    this.#offset += units;
    this.#position += units;
    if (this.#offset >= part.units) this.#nextPart();
  }

  #endIfOver(): void {
    if (this.#parts === undefined) return;
    const error = this.#part?.cursor?.error;
    if (error !== undefined) this.#error = error;
    const isOver = this.#part === undefined && (this.#repeatsLeft === 0 || this.#roundUnits === 0);
    if (isOver || error !== undefined) this.#isEnded = true;
  }

  /** Copies units to `into` from unit `done` on; returns how many it had. */
  #copy(part: Part, into: Uint8Array | Int16Array, done: number, units: number): number {
    const { unitBytes } = this.#shape;
    if (part.cursor === undefined) {
      this.#writeMade(part, into, done, units);
      return units;
    }
    const from = this.#offset * unitBytes;
    const piece = part.cursor.pieceAt(from);
    if (piece === undefined) return 0;
    const within = from - piece.start;
    const length = Math.min(units, Math.floor((piece.bytes.length - within) / unitBytes));
    // A view for `set` would cost three times the copy.
    if (into instanceof Int16Array) {
      for (let at = done, source = within / unitBytes, end = done + length; at < end; at++, source++) into[at] = piece.samples[source] ?? 0;
    } else {
      const end = (done + length) * unitBytes;
      for (let at = done * unitBytes, source = within; at < end; at++, source++) into[at] = piece.bytes[source] ?? 0;
    }
    return length;
  }

  #writeMade({ frequencyHz, loop }: Part, into: Uint8Array | Int16Array, done: number, units: number): void {
    const { companding, unitRateHz, silence } = this.#shape;
    if (frequencyHz === 0 && loop === undefined) {
      into.fill(silence, done, done + units);
      return;
    }
    for (let index = 0; index < units; index++) {
      const at = this.#offset + index;
      const sample = loop === undefined ? toneSample(frequencyHz, at, unitRateHz) : (loop[at % loop.length] ?? 0);
      into[done + index] = companding === undefined ? sample : (companding.fromLinear[sample & 0xffff] ?? silence);
    }
  }

  #positionIn(shape: SoundShape): number {
    return Math.floor((this.#position * shape.unitRateHz) / this.#shape.unitRateHz);
  }
}

/** Gets into memory what `part` plays first, from unit `offset` on. Where its packet begins, when it has packets. */
async function begin({ cursor, packets }: Part, offset: number, { unitBytes }: SoundShape): Promise<number> {
  if (cursor === undefined) return 0;
  const at = packets === undefined ? offset * unitBytes : await packetStart(cursor.file, packets, offset);
  await cursor.begin(at);
  return packets === undefined ? 0 : at;
}

type Place = { readonly part: Part | undefined; readonly index: number; readonly offset: number; readonly repeatsLeft: number };

/** Where unit `position` of the whole prompt is. */
function placeIn(parts: readonly Part[], position: number, repeats: number): Place {
  const round = Math.max(1, unitsOf(parts));
  const rounds = Math.min(Math.floor(position / round), repeats);
  let offset = position - rounds * round;
  let index = 0;
  for (; index < parts.length; index++) {
    const units = parts[index]?.units ?? 0;
    if (offset < units) break;
    offset -= units;
  }
  return { part: parts[index], index, offset, repeatsLeft: repeats - rounds };
}

/** Infinity for ever. */
function repeatsOf({ repeat = 0 }: PromptPlan): number {
  return repeat < 0 ? Number.POSITIVE_INFINITY : repeat;
}

function gainOf({ volumeDb = 0 }: PromptPlan): number {
  return volumeDb === 0 ? 1 : 10 ** (volumeDb / 20);
}

function unitsOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { units }) => sum + units, 0);
}
