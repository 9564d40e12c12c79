/**
 * The transactions that only wait for repeats. No timer each: keys stand in slots of half a second, and one sweep empties the
 * slots that are over, so an entry lives up to one slot longer than asked. Answers are copied into slabs, because 160,000 small
 * buffers cost several times their bytes; a slab is freed when its last entry has gone.
 */
import type { Clock, Timer } from "../../kernel/index.ts";
import type { SipAddress } from "../transport/transport.ts";
import type { Lingering } from "./transaction.ts";

const slotMs = 500;
const slabBytes = 256 * 1024;

export class LingeringStore {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Lingering>();
  /** Slot number → keys that end with it. */
  readonly #slots = new Map<number, string[]>();
  #slab = new Uint8Array(0);
  #used = 0;
  #sweep: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Lingering | undefined {
    return this.#entries.get(key);
  }

  add(key: string, state: Lingering["state"], forMs: number, repeat?: { bytes: Uint8Array; destination: SipAddress }): void {
    this.#entries.set(key, repeat === undefined ? bare[state] : { state, ...this.#keep(repeat.bytes), destination: repeat.destination });
    const slot = Math.ceil((this.#clock.now() + forMs) / slotMs);
    const keys = this.#slots.get(slot);
    if (keys === undefined) this.#slots.set(slot, [key]);
    else keys.push(key);
    this.#sweep ??= this.#clock.after(slotMs, () => this.#sweepOver());
  }

  clear(): void {
    this.#sweep?.cancel();
    this.#sweep = undefined;
    this.#entries.clear();
    this.#slots.clear();
  }

  #keep(bytes: Uint8Array): { slab: Uint8Array; start: number; end: number } {
    if (this.#used + bytes.length > this.#slab.length) {
      this.#slab = new Uint8Array(Math.max(slabBytes, bytes.length));
      this.#used = 0;
    }
    const start = this.#used;
    this.#slab.set(bytes, start);
    this.#used += bytes.length;
    return { slab: this.#slab, start, end: this.#used };
  }

  #sweepOver(): void {
    const over = Math.floor(this.#clock.now() / slotMs);
    for (const [slot, keys] of this.#slots) {
      if (slot > over) continue;
      for (const key of keys) this.#entries.delete(key);
      this.#slots.delete(slot);
    }
    this.#sweep = this.#slots.size > 0 ? this.#clock.after(slotMs, () => this.#sweepOver()) : undefined;
  }
}

/** One for all that have nothing to repeat. */
const nothing = { slab: undefined, start: 0, end: 0, destination: undefined };
const bare: Readonly<Record<Lingering["state"], Lingering>> = {
  completed: { state: "completed", ...nothing },
  confirmed: { state: "confirmed", ...nothing },
  accepted: { state: "accepted", ...nothing },
};
