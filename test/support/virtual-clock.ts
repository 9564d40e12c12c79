import type { Clock, Timer } from "../../src/kernel/index.ts";

type Due = { readonly at: number; readonly order: number; readonly action: () => void };

/** A clock that moves only when told. Timers run in order of their due time, then of their making; a timer armed by another one that falls due within the same advance runs in it. */
export class VirtualClock implements Clock {
  readonly #startMs: number;
  #nowMs: number;
  #made = 0;
  /** Ascending by (at, order). */
  readonly #due: Due[] = [];

  constructor(startMs = 1_000_000) {
    this.#startMs = startMs;
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs - this.#startMs;
  }

  after(delayMs: number, action: () => void): Timer {
    const timer: Due = { at: this.#nowMs + Math.max(0, delayMs), order: this.#made++, action };
    let low = 0;
    let high = this.#due.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#due[middle];
      if (other !== undefined && other.at <= timer.at) low = middle + 1;
      else high = middle;
    }
    this.#due.splice(low, 0, timer);
    return {
      cancel: () => {
        const index = this.#due.indexOf(timer);
        if (index >= 0) this.#due.splice(index, 1);
      },
    };
  }

  /** How many timers are armed: 0 after everything was closed. */
  get armed(): number {
    return this.#due.length;
  }

  /** Moves the clock by `ms` and runs what falls due, synchronously. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    while (this.#runNext(untilMs));
    this.#nowMs = untilMs;
  }

  /** Like `advance`, but lets promises and immediates settle before each timer and at the end. */
  async advanceAsync(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settled();
    while (this.#runNext(untilMs)) await settled();
    this.#nowMs = untilMs;
    await settled();
  }

  #runNext(untilMs: number): boolean {
    const next = this.#due[0];
    if (next === undefined || next.at > untilMs) return false;
    this.#due.shift();
    this.#nowMs = Math.max(this.#nowMs, next.at);
    next.action();
    return true;
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
