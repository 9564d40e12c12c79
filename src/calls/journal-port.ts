/**
 * The journal as the call layer sees it. One record is one atomic step of one or more calls; it exists after a crash wholly or not at all.
 */
import type { CallEvent } from "./events.ts";
import type { Json } from "./model.ts";

export type StreamPart = {
  readonly accountId: string;
  readonly callId: string;
  /** Sequence number of the first of `events` in its call, from 1. */
  readonly seq: number;
  readonly events: readonly CallEvent[];
};

/** A request that somebody is owed because of a step: posted after it, at least once, in the order of the items of its key. */
export type OutboxItem = {
  /** Derived from the step, so that it is the same in every attempt: goes out as Idempotency-Key. */
  readonly id: string;
  readonly accountId: string;
  /** Items of one key go out one after the other. */
  readonly key: string;
  readonly url: string;
  readonly body: Json;
  /** Epoch milliseconds. */
  readonly notBefore?: number;
};

export type RecordDraft = {
  /** Epoch milliseconds. */
  readonly at: number;
  /** The command that caused it, so that a repeat can be answered with the recorded outcome. */
  readonly commandId?: string;
  readonly streams: readonly StreamPart[];
  /** Calls whose last record this is: their segments may go once they are shipped. */
  readonly ended?: readonly string[];
  readonly outbox?: readonly OutboxItem[];
};

export type JournalRecord = RecordDraft & {
  /** Total order within this node, from 1, never reused. */
  readonly position: number;
  readonly epoch: number;
};

export type AppendOptions = {
  /** The first record of a call: refused when only the space kept for live calls is left. */
  readonly newCall?: boolean;
  /** false: nothing waits for it, so it may go to the disk some 20 ms later, with others. */
  readonly urgent?: boolean;
};

export type Journal = {
  /** Queues a record and returns its position at once; never waits for the disk. Throws JOURNAL_FULL. */
  append(draft: RecordDraft, options?: AppendOptions): number;
  /** The highest position that is on disk. */
  readonly durable: number;
  /** Called with the new durable position after each flush, in order. */
  onDurable(handler: (position: number) => void): void;
  /** False while appends fail: outputs wait, no new calls are taken, media goes on. */
  readonly healthy: boolean;
  /** Every record of calls that have not ended, oldest first; for recovery, before the first append. */
  recover(): AsyncIterable<JournalRecord>;
  /** Epoch milliseconds at which the former process was last seen alive; undefined on a new data directory. */
  readonly lastAliveAt: number | undefined;
  close(): Promise<void>;
};
