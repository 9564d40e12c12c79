/**
 * Outputs that promise something wait here until the journal position they depend on is on disk, and leave in order. Positions are
 * given out in rising order, so this is a plain queue.
 */
import type { Logger } from "../kernel/index.ts";
import type { Journal } from "./journal-port.ts";

type Waiting = { readonly position: number; readonly release: () => void };

export class ReleaseQueue {
  readonly #journal: Journal;
  readonly #log: Logger;
  #waiting: Waiting[] = [];
  /** Index of the first that has not left; the array is cut when half of it has. */
  #first = 0;

  constructor(journal: Journal, log: Logger) {
    this.#journal = journal;
    this.#log = log;
    journal.onDurable((position) => this.#drain(position));
  }

  get length(): number {
    return this.#waiting.length - this.#first;
  }

  /** Runs `release` when `position` is durable, after everything queued before it. */
  after(position: number, release: () => void): void {
    this.#waiting.push({ position, release });
    if (position <= this.#journal.durable) this.#drain(this.#journal.durable);
  }

  #drain(durable: number): void {
    for (let next = this.#waiting[this.#first]; next !== undefined && next.position <= durable; next = this.#waiting[this.#first]) {
      this.#first++;
      try {
        next.release();
      } catch (error) {
        // One output's bug must not hold back those of other calls.
        this.#log.error({ err: error, position: next.position }, "An output failed");
      }
    }
    if (this.#first > 64 && this.#first * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
  }
}
