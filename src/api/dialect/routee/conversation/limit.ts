import type { Clock } from "../../../../kernel/index.ts";

const secondMs = 1000;
const mostKeys = 10_000;

/** At most so many starts for a key in any second. */
export class ConversationLimit {
  readonly #clock: Clock;
  readonly #perSecond: number;
  /** Times of the starts in the latest second, by key; keys in the order of their latest start. */
  readonly #starts = new Map<string, readonly number[]>();

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
  }

  /** Counts a start and gives 0, or counts none and gives the milliseconds until there may be one. */
  take(key: string): number {
    const now = this.#clock.now();
    const recent = (this.#starts.get(key) ?? []).filter((at) => at > now - secondMs);
    const [oldest] = recent;
    if (recent.length >= this.#perSecond && oldest !== undefined) return oldest + secondMs - now;
    this.#starts.delete(key);
    this.#starts.set(key, [...recent, now]);
    this.#forgetOld(now);
    return 0;
  }

  #forgetOld(now: number): void {
    for (const [key, starts] of this.#starts) {
      if (this.#starts.size <= mostKeys && (starts.at(-1) ?? 0) > now - secondMs) return;
      this.#starts.delete(key);
    }
  }
}
