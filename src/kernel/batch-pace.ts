import type { Clock, Timer } from "./clock.ts";

/**
 * Batches begin at least this far apart. What a batch costs (waking a thread, a sync) does not depend on how much is in it: at 500 calls/s, this and the
 * patience below took the journal's writer from 0.22 to 0.07 ms CPU a call and the main thread from 0.80 to 0.64; orders to the media threads
 * cost 69 µs a call at 800 calls/s without it. After a quiet time a batch goes at once.
 */
const usualIntervalMs = 4;
/** How long something for which nothing waits may wait for something to go with. */
const patienceMs = 20;

/** When the next batch goes to another thread. */
export class BatchPace {
  readonly #clock: Clock;
  readonly #send: () => void;
  readonly #intervalMs: number;
  #begunAtMs = Number.NEGATIVE_INFINITY;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;

  /** `send` begins a batch and says so by `begun`. */
  constructor(clock: Clock, send: () => void, intervalMs = usualIntervalMs) {
    this.#clock = clock;
    this.#send = send;
    this.#intervalMs = intervalMs;
  }

  /** There is something to send. `isUrgent`: something waits for it. */
  want(isUrgent: boolean): void {
    const nowMs = this.#clock.monotonicMs();
    const atMs = isUrgent ? Math.max(nowMs, this.#begunAtMs + this.#intervalMs) : nowMs + patienceMs;
    if (atMs >= this.#dueAtMs) return;
    this.#timer?.cancel();
    this.#dueAtMs = atMs;
    // In a microtask, so that all that is appended in one turn is one batch.
    if (atMs === nowMs) queueMicrotask(this.#go);
    else this.#timer = this.#clock.after(Math.ceil(atMs - nowMs), this.#go);
  }

  /** There is something to send that would be too late with the others: it goes at once, whenever the last batch was. */
  hurry(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueAtMs = this.#clock.monotonicMs();
    queueMicrotask(this.#go);
  }

  begun(): void {
    this.stop();
    this.#begunAtMs = this.#clock.monotonicMs();
  }

  /** Nothing is sent any more until `want` is called again. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueAtMs = Number.POSITIVE_INFINITY;
  }

  readonly #go = (): void => {
    // A batch that was begun since took it along.
    if (this.#dueAtMs === Number.POSITIVE_INFINITY) return;
    this.#dueAtMs = Number.POSITIVE_INFINITY;
    this.#send();
  };
}
