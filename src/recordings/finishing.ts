/**
 * Makes a finished file of each recording that has ended, as the store says: what a former process left, and what waited for a database that was away, is
 * the same as what ended now.
 */
import { join } from "node:path";
import type { Clock, Logger, Timer } from "../kernel/index.ts";
import type { RecordingFinisher } from "../media/index.ts";
import { folderOf, recordingKey } from "./places.ts";
import type { RecordingStore, UnfinishedRecording } from "./recording-store.ts";

export type FinishingOptions = {
  readonly store: RecordingStore;
  readonly finisher: RecordingFinisher;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of all recordings. */
  readonly directory: string;
  readonly secret: Uint8Array;
  /** How long finished ones are kept; undefined for ever. */
  readonly keepMs?: number | undefined;
};

/** Encoding takes a whole core. */
const places = 2;
const page = 50;
const pollMs = 1000;
/** A media thread gives up a disk that is 10 s behind: after that nobody writes to a recording that has ended. */
const writingMs = 15_000;
const [pauseFirstMs, pauseLongestMs] = [10_000, 3_600_000];
const mostClosed = 10_000;

export class Finishing {
  readonly #options: FinishingOptions;
  readonly #begunAt: number;
  readonly #underWay = new Map<string, Promise<void>>();
  /** When a part was closed last, by id of the recording, oldest first. */
  readonly #closed = new Map<string, number>();
  #asking: Promise<void> | undefined;
  #isWoken = false;
  #isClosed = false;
  #isStoreAway = false;
  #timer: Timer | undefined;

  constructor(options: FinishingOptions) {
    this.#options = options;
    this.#begunAt = options.clock.now();
    this.wake();
  }

  /** Something may have ended. */
  wake(): void {
    this.#isWoken = true;
    if (this.#isClosed) return;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
  }

  /** A media thread has written the last of this part. */
  partClosed(name: string): void {
    const id = name.replace(/-\d+$/, "");
    this.#closed.delete(id);
    this.#closed.set(id, this.#options.clock.now());
    if (this.#closed.size > mostClosed) for (const oldest of this.#closed.keys()) return void this.#closed.delete(oldest);
  }

  /** Begins nothing more and settles when what is under way has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#asking;
    await Promise.all(this.#underWay.values());
  }

  async #ask(): Promise<void> {
    this.#timer?.cancel();
    while (this.#isWoken && !this.#isClosed && this.#underWay.size < places) {
      this.#isWoken = false;
      for (const recording of await this.#due()) {
        if (this.#underWay.size >= places) break;
        if (this.#isWritten(recording)) this.#begin(recording);
      }
    }
    if (!this.#isClosed) this.#timer = this.#options.clock.after(pollMs, () => this.wake());
  }

  async #due(): Promise<readonly UnfinishedRecording[]> {
    const { store, clock, logger } = this.#options;
    try {
      const due = await store.unfinished(clock.now(), page, [...this.#underWay.keys()]);
      this.#isStoreAway = false;
      return due;
    } catch (error) {
      if (!this.#isStoreAway)
        logger.warn({ error: String(error) }, "The store does not say which recordings have ended; it is asked again.");
      this.#isStoreAway = true;
      return [];
    }
  }

  /** No thread of this process writes to it any more, and those of former ones are gone. A part that was closed before the end was not the last one. */
  #isWritten({ id, endedAt }: UnfinishedRecording): boolean {
    const endMs = endedAt ?? 0;
    return (this.#closed.get(id) ?? 0) >= endMs || endMs < this.#begunAt || this.#options.clock.now() - endMs >= writingMs;
  }

  #begin(recording: UnfinishedRecording): void {
    const done = this.#finish(recording).then(() => {
      this.#underWay.delete(recording.id);
      this.wake();
    });
    this.#underWay.set(recording.id, done);
  }

  async #finish(recording: UnfinishedRecording): Promise<void> {
    const { store, clock, logger } = this.#options;
    const { id, attempts } = recording;
    try {
      await this.#take(recording);
      this.#closed.delete(id);
    } catch (error) {
      const pauseMs = Math.min(pauseLongestMs, pauseFirstMs * 2 ** Math.min(attempts, 20));
      logger.warn(
        { recordingId: id, attempts: attempts + 1, pauseMs, error: String(error) },
        "A recording could not be finished; it is tried again.",
      );
      // When the store is away, it is due as it was.
      await store.postpone(id, clock.now() + pauseMs).catch(() => undefined);
    }
  }

  async #take(recording: UnfinishedRecording): Promise<void> {
    const { store, finisher, directory, secret, keepMs, clock } = this.#options;
    const { id, accountId, format, endReason, file: known, state, endedAt } = recording;
    const folder = folderOf(accountId, id);
    const job = { directory: join(directory, folder), recordingId: id };
    if (state !== "finishing") {
      await finisher.clear({ ...job, ...(known !== null && { except: known.slice(folder.length + 1) }) });
      await store.cleared(id);
      return;
    }
    const made = await finisher.finish({ ...job, format, key: recordingKey(secret, id) });
    await store.finished(id, {
      state: made === undefined || endReason === "failed" ? "failed" : "ready",
      channels: made?.channels ?? recording.channels,
      durationMs: made?.durationMs ?? 0,
      sampleRateHz: made?.sampleRateHz ?? null,
      sizeBytes: made?.sizeBytes ?? null,
      sha256: made?.sha256 ?? null,
      isEncrypted: made?.isSealed ?? null,
      file: made === undefined ? null : join(folder, made.file),
      expiresAt: keepMs === undefined ? null : (endedAt ?? clock.now()) + keepMs,
    });
    await finisher.clear({ ...job, ...(made && { except: made.file }) });
    await store.cleared(id);
  }
}
