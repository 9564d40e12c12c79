import type { Clock } from "../../kernel/index.ts";

type Window = { readonly endsAt: number; failures: number };

/** Counts failures by key in windows of one length. Holds at most `capacity` keys; the oldest window goes first. */
export class AttemptLimit {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #windowMs: number;
  readonly #capacity: number;
  readonly #windows = new Map<string, Window>();

  constructor(clock: Clock, most: number, windowMs: number, capacity = 10_000) {
    this.#clock = clock;
    this.#most = most;
    this.#windowMs = windowMs;
    this.#capacity = capacity;
  }

  /** Milliseconds until `key` may try again; 0 when it may now. */
  waitMs(key: string): number {
    const window = this.#current(key);
    return window === undefined || window.failures < this.#most ? 0 : window.endsAt - this.#clock.now();
  }

  fail(key: string): void {
    const window = this.#current(key);
    if (window !== undefined) {
      window.failures++;
      return;
    }
    if (this.#windows.size >= this.#capacity) {
      const [oldest] = this.#windows.keys();
      if (oldest !== undefined) this.#windows.delete(oldest);
    }
    this.#windows.set(key, { endsAt: this.#clock.now() + this.#windowMs, failures: 1 });
  }

  #current(key: string): Window | undefined {
    const window = this.#windows.get(key);
    if (window === undefined || window.endsAt > this.#clock.now()) return window;
    this.#windows.delete(key);
    return undefined;
  }
}
