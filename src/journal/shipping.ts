/**
 * Moves durable records to the store, in order, each exactly once: the cursor lives in the store and moves in the transaction of the
 * rows. The newest records wait in memory, up to a bound; what is older, or was written by a former run, is read from the journal. So
 * a database that is away costs no memory, and coming back is the ordinary path.
 */
import type { Call, CallArchive, CallEvent, JournalRecord, ShippedRecord, ShippingBatch, StreamPart } from "../calls/index.ts";
import type { Clock, Logger, Timer } from "../kernel/index.ts";
import type { OpenJournal } from "./journal.ts";

export type ShipperOptions = {
  readonly journal: Pick<OpenJournal, "durable" | "read" | "release">;
  readonly archive: CallArchive;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The durable state of a call in memory, live or ended and not shipped; undefined when this process does not know the call. */
  stateOf(accountId: string, callId: string): Call | undefined;
  /** For calls that ended before this process began. `undefined` is the state before the first event. */
  evolve(call: Call | undefined, event: CallEvent): Call;
  /** These ended calls are in the store: their memory can be freed. */
  shipped(calls: readonly { readonly accountId: string; readonly callId: string }[]): void;
  /** The store has items of outboxes, or news of recordings, now. */
  filled?(): void;
  readonly intervalMs?: number;
  readonly batchRecords?: number;
  /** Records kept in memory while the store is away. */
  readonly backlogRecords?: number;
};

export type Shipper = {
  /** A record, and the calls that ended by it as they ended. In order of position; gaps are read from disk. */
  offer(record: JournalRecord, ended: readonly Call[]): void;
  /** Position up to which everything is in the store, as far as known. */
  readonly cursor: number;
  /** Ships what is durable if the store takes it at once, and stops. */
  close(): Promise<void>;
};

type Offered = { readonly record: JournalRecord; readonly ended: readonly Call[] };

const retryFirstMs = 250;
const retryLongestMs = 5000;
/** How much `close` still ships; the rest stays in the journal for the next start. */
const lastBatches = 5;

/** Starts shipping. Live calls must have been recovered before, so that `stateOf` knows them. */
export function createShipper(options: ShipperOptions): Shipper {
  return new JournalShipper(options);
}

class JournalShipper implements Shipper {
  readonly #options: ShipperOptions;
  readonly #batchRecords: number;
  readonly #backlogRecords: number;
  /** The newest offered records, ascending without gaps, from #queueFrom on. */
  #queue: Offered[] = [];
  #queueFrom = 0;
  /** States of calls that ended before this process began and are not wholly shipped. */
  readonly #former = new Map<string, Call>();
  /** Reads on after the cursor while the next record is not in memory. */
  #reader: AsyncIterator<JournalRecord> | undefined;
  #cursor = 0;
  #isClosing = false;
  #pause: { readonly timer: Timer; readonly end: () => void } | undefined;
  /** Somebody outside is waiting for what was offered: it is shipped without a pause. */
  #isHurried = false;
  /** The store refused: it is asked again in its own time, whatever comes. */
  #isRetrying = false;
  readonly #done: Promise<void>;

  constructor(options: ShipperOptions) {
    this.#options = options;
    this.#batchRecords = options.batchRecords ?? 2000;
    this.#backlogRecords = options.backlogRecords ?? 50_000;
    this.#done = this.#run();
  }

  get cursor(): number {
    return this.#cursor;
  }

  offer(record: JournalRecord, ended: readonly Call[]): void {
    const newest = this.#queue.at(-1);
    if (newest !== undefined && newest.record.position !== record.position - 1) this.#forget(this.#queue.length);
    this.#queue.push({ record, ended });
    if (this.#queue.length - this.#queueFrom > this.#backlogRecords) this.#forget(this.#queueFrom + 1);
    const isAwaited = isAwaitedOutside(record);
    if (isAwaited) this.#isHurried = true;
    if (isAwaited || this.#queue.length - this.#queueFrom === this.#batchRecords) this.#wake();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#wake();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { archive, journal } = this.#options;
    const cursor = await this.#untilDone("The store does not say how far the journal was shipped", () => archive.cursor());
    if (cursor === undefined) return;
    this.#cursor = cursor;
    if (cursor > journal.durable) {
      const fields = { cursor, durable: journal.durable };
      this.#options.logger.error(fields, "The store has records that this journal never wrote: it belongs to another data directory.");
    }
    await this.#untilDone("The journal cannot be read for shipping", () => this.#remember());
    journal.release(cursor);
    do {
      this.#isHurried = false;
      const isBehind = await this.#shipNext();
      if (!isBehind && !this.#isHurried && !this.#isClosing) await this.#wait(this.#options.intervalMs ?? 500);
    } while (!this.#isClosing);
    for (let batches = 0; batches < lastBatches && (await this.#shipNext()); batches++);
    await this.#stopReading();
  }

  /** Ships one batch. True when there is certainly more. */
  async #shipNext(): Promise<boolean> {
    const { archive, journal } = this.#options;
    const offered = await this.#untilDone("The journal cannot be read for shipping", () => this.#next());
    const last = offered?.at(-1);
    if (offered === undefined || last === undefined) return false;
    const batch: ShippingBatch = {
      cursor: last.record.position,
      records: offered.map(({ record }) => record),
      calls: offered.flatMap(({ ended: calls }) => calls),
    };
    const done = await this.#untilDone("The store takes no records; calls go on, and history follows when it is back", async () => {
      await archive.ship(batch);
      return true;
    });
    if (done !== true) return false;
    this.#cursor = batch.cursor;
    this.#forget(this.#queueFrom + this.#countUpTo(batch.cursor));
    const ended = offered.flatMap(({ record }) => record.streams.filter(({ callId }) => record.ended?.includes(callId)));
    for (const { callId } of ended) this.#former.delete(callId);
    journal.release(batch.cursor);
    if (batch.records.some(isAwaitedOutside)) this.#options.filled?.();
    if (ended.length > 0) this.#options.shipped(ended);
    return offered.length >= this.#batchRecords;
  }

  /** The durable records after the cursor, at most one batch: from memory when it has the next one, else from disk. */
  async #next(): Promise<readonly Offered[]> {
    const { durable } = this.#options.journal;
    if (durable <= this.#cursor) return [];
    const oldest = this.#queue[this.#queueFrom]?.record.position;
    if (oldest === undefined || oldest > this.#cursor + 1) return await this.#fromDisk(oldest ?? Number.MAX_SAFE_INTEGER);
    await this.#stopReading();
    const from = this.#queueFrom + this.#countUpTo(this.#cursor);
    return this.#queue.slice(from, Math.min(from + this.#batchRecords, this.#queueFrom + this.#countUpTo(durable)));
  }

  async #fromDisk(before: number): Promise<readonly Offered[]> {
    const records: JournalRecord[] = [];
    while (records.length < this.#batchRecords) {
      this.#reader ??= this.#options.journal.read(this.#cursor)[Symbol.asyncIterator]();
      const step = await this.#reader.next();
      if (step.done === true || step.value.position >= before) {
        await this.#stopReading();
        break;
      }
      records.push(step.value);
    }
    return records.map((record) => {
      const states = record.streams.flatMap((part) => this.#stateAfter(part, record) ?? []);
      return { record, ended: states.filter(({ id }) => record.ended?.includes(id)) };
    });
  }

  /** Calls in memory are as they are now; those that ended before this process began are evolved event by event. */
  #stateAfter(part: StreamPart, record: JournalRecord): Call | undefined {
    const inMemory = this.#options.stateOf(part.accountId, part.callId);
    if (inMemory !== undefined) return inMemory;
    try {
      let call = this.#former.get(part.callId);
      for (const event of part.events) call = this.#options.evolve(call, event);
      if (call !== undefined) this.#former.set(part.callId, call);
      return call;
    } catch (error) {
      const fields = { callId: part.callId, position: record.position, error: String(error) };
      this.#options.logger.error(fields, "A call of a former run cannot be evolved: its events are kept, its last state may be old.");
      return undefined;
    }
  }

  /** Evolves calls of a former run up to the cursor, when it left anything to ship. The journal keeps a call until its end is shipped. */
  async #remember(): Promise<void> {
    this.#former.clear();
    if (this.#cursor >= this.#options.journal.durable) return;
    for await (const record of this.#options.journal.read(0)) {
      if (record.position > this.#cursor) break;
      for (const part of record.streams) this.#stateAfter(part, record);
      for (const callId of record.ended ?? []) this.#former.delete(callId);
    }
  }

  async #stopReading(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.return?.();
  }

  /** Repeats until it succeeds; undefined when closing came first (after one attempt). */
  async #untilDone<T>(complaint: string, attempt: () => Promise<T>): Promise<T | undefined> {
    let waitMs = retryFirstMs;
    for (let failures = 0; ; failures++) {
      try {
        const result = await attempt();
        if (failures > 0) this.#options.logger.info({ failures, cursor: this.#cursor }, "Shipping to the store goes on.");
        return result;
      } catch (error) {
        await this.#stopReading();
        const fields = { failures: failures + 1, cursor: this.#cursor, error: String(error) };
        if (failures === 0) this.#options.logger.warn(fields, `${complaint}.`);
        else this.#options.logger.debug(fields, `${complaint}.`);
      }
      if (this.#isClosing) return undefined;
      this.#isRetrying = true;
      await this.#wait(waitMs);
      this.#isRetrying = false;
      waitMs = Math.min(waitMs * 2, retryLongestMs);
    }
  }

  /** How many of the queued records have a position up to this one. */
  #countUpTo(position: number): number {
    const oldest = this.#queue[this.#queueFrom]?.record.position;
    if (oldest === undefined) return 0;
    return Math.max(0, Math.min(this.#queue.length - this.#queueFrom, position - oldest + 1));
  }

  /** Drops the queue before `index`. */
  #forget(index: number): void {
    this.#queueFrom = index;
    if (index < 4096 && index < this.#queue.length) return;
    this.#queue = this.#queue.slice(index);
    this.#queueFrom = 0;
  }

  async #wait(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#pause = { timer: this.#options.clock.after(delayMs, resolve), end: resolve };
    await promise;
    this.#pause.timer.cancel();
    this.#pause = undefined;
  }

  #wake(): void {
    if (!this.#isRetrying || this.#isClosing) this.#pause?.end();
  }
}

/** Something in it is asked of the store at once: what is owed to others, or a recording that was begun, changed or ended. */
function isAwaitedOutside({ outbox, streams }: ShippedRecord): boolean {
  return outbox !== undefined || streams.some(({ events }) => events.some(({ kind }) => kind.startsWith("recording.")));
}
