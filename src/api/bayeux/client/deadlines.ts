/** One timer for the deadlines of any number of things. Each is met at most 50 ms late; moving one to a later time costs nothing. */
import type { Clock, Timer } from "../../../kernel/index.ts";

const slotMs = 50;

export class Deadlines<T> {
  readonly #clock: Clock;
  readonly #onDue: (item: T) => void;
  readonly #items = new Map<T, { dueAt: number; slot: number }>();
  readonly #slots = new Map<number, Set<T>>();
  #timer: Timer | undefined;
  #armedSlot = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, onDue: (item: T) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  set(item: T, dueAt: number): void {
    const slot = Math.ceil(dueAt / slotMs);
    const known = this.#items.get(item);
    // It lies in a slot that comes earlier: when that one is due, it moves on.
    if (known !== undefined && known.slot <= slot) {
      known.dueAt = dueAt;
      return;
    }
    this.delete(item);
    this.#items.set(item, { dueAt, slot });
    this.#place(item, slot);
  }

  delete(item: T): void {
    const known = this.#items.get(item);
    if (known === undefined) return;
    this.#items.delete(item);
    const slot = this.#slots.get(known.slot);
    slot?.delete(item);
    if (slot?.size === 0) this.#slots.delete(known.slot);
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#items.clear();
    this.#slots.clear();
  }

  #place(item: T, slot: number): void {
    const items = this.#slots.get(slot);
    if (items === undefined) this.#slots.set(slot, new Set([item]));
    else items.add(item);
    if (slot < this.#armedSlot) this.#arm(slot);
  }

  #arm(slot: number): void {
    this.#timer?.cancel();
    this.#armedSlot = slot;
    this.#timer = this.#clock.after(slot * slotMs - this.#clock.now(), () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    this.#armedSlot = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    for (const [slot, items] of this.#slots) {
      if (slot * slotMs > now) continue;
      this.#slots.delete(slot);
      for (const item of items) this.#meet(item, now);
    }
    const earliest = this.#slots.keys().reduce((least, slot) => Math.min(least, slot), Number.POSITIVE_INFINITY);
    if (earliest < this.#armedSlot) this.#arm(earliest);
  }

  #meet(item: T, now: number): void {
    const known = this.#items.get(item);
    if (known === undefined) return;
    if (known.dueAt > now) {
      known.slot = Math.ceil(known.dueAt / slotMs);
      this.#place(item, known.slot);
      return;
    }
    this.#items.delete(item);
    this.#onDue(item);
  }
}
