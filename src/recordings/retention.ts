/**
 * Removes what has expired, files first and then the row: as long as the row is there, it is tried again, and nothing of a removed recording stays behind.
 * And ends, in the store, what no call records any more although nothing said so.
 *
 * Files that no row knows are left alone: with a database that was brought back from yesterday's copy they are all there is.
 */
import { join } from "node:path";
import type { Clock, Logger, Timer } from "../kernel/index.ts";
import type { RecordingFinisher } from "../media/index.ts";
import { folderOf } from "./places.ts";
import type { RecordingStore } from "./recording-store.ts";

export type RetentionOptions = {
  readonly store: RecordingStore;
  readonly finisher: RecordingFinisher;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of all recordings. */
  readonly directory: string;
  /** Ids of the recordings of live calls. */
  running(): ReadonlySet<string>;
  /** Some were abandoned: they are to be finished. */
  abandoned(): void;
};

const step = 50;
const pauseMs = 60_000;
const busyPauseMs = 1000;

export class RecordingRetention {
  readonly #options: RetentionOptions;
  /** Those that were open in the store, and in no call, when it was looked last. */
  #doubtful: ReadonlySet<string> = new Set();
  #timer: Timer | undefined;
  #sweeping: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.wake();
  }

  /** Something may have expired. */
  wake(): void {
    if (this.#isClosed || this.#sweeping !== undefined) return;
    this.#timer?.cancel();
    this.#sweeping = this.#sweep().then((isMore) => {
      this.#sweeping = undefined;
      if (!this.#isClosed) this.#timer = this.#options.clock.after(isMore ? busyPauseMs : pauseMs, () => this.wake());
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#sweeping;
  }

  async #sweep(): Promise<boolean> {
    try {
      await this.#abandon();
      return await this.#removeExpired();
    } catch (error) {
      this.#options.logger.warn({ error: String(error) }, "Recordings that expired could not be removed now; it is tried again.");
      return false;
    }
  }

  /** True when there may be more. */
  async #removeExpired(): Promise<boolean> {
    const { store, finisher, clock, directory } = this.#options;
    const expired = await store.expired(clock.now(), step);
    for (const { id, accountId } of expired) {
      await finisher.clear({ directory: join(directory, folderOf(accountId, id)), recordingId: id });
      await store.remove(id);
    }
    return expired.length === step;
  }

  /** Twice in a row, a minute apart: the end of a recording may still be on its way to the store. */
  async #abandon(): Promise<void> {
    const { store, clock, running, abandoned, logger } = this.#options;
    const open = await store.open();
    const known = running();
    const doubtful = open.filter((id) => !known.has(id));
    const lost = doubtful.filter((id) => this.#doubtful.has(id));
    this.#doubtful = new Set(doubtful);
    if (lost.length === 0) return;
    logger.warn({ recordings: lost.length }, "Recordings of calls that are gone are finished with what there is of them.");
    await store.abandon(lost, clock.now());
    abandoned();
  }
}
