/**
 * The journal: what was decided, in one order, on disk. Appends never wait; the writer thread makes them durable in batches, and what
 * promises something to the outside waits for `onDurable`.
 */
import { mkdir } from "node:fs/promises";
import { type AppendOptions, callRefusal, type Journal, type JournalRecord, type RecordDraft } from "../calls/index.ts";
import { BatchPace, type Clock, type Logger } from "../kernel/index.ts";
import { decodeRecord, encodeFrame, endNotePayload, frameBound, type RecordHead, recordPayload } from "./record-format.ts";
import { type Remains, takeStock } from "./recovery.ts";
import { readSegment, segmentPath } from "./segment-file.ts";
import type { JournalWriter, StartWriter, WriterReport } from "./writer-protocol.ts";
import { startWriterThread } from "./writer-thread.ts";

export type JournalOptions = {
  /** Made with mode 0700 when missing. Nobody else may use it: the data directory's lock sees to that. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** No position up to this one is given out: the store's cursor, when the store may be older than this directory. */
  readonly floor?: number;
  readonly segmentBytes?: number;
  /** Space kept for finishing live calls. */
  readonly reserveBytes?: number;
  /** Called once when the writer thread is lost: nothing becomes durable any more, so the process should end and start again. */
  readonly onLost?: (cause: unknown) => void;
  readonly startWriter?: StartWriter;
};

export type OpenJournal = Journal & {
  /** The highest position that was given out. */
  readonly lastPosition: number;
  /** Counts the starts of this journal, from 1. */
  readonly epoch: number;
  /** Durable records after a position, oldest first, read from disk. Nothing after the last `release` is missing. */
  read(after: number): AsyncIterable<JournalRecord>;
  /** Everything up to `position` is in the store: segments that nobody needs any more may go. */
  release(position: number): void;
};

const defaultSegmentBytes = 16 * 1024 * 1024;
const firstBufferBytes = 256 * 1024;
/** How long `close` waits for a disk that refuses. */
const closePatienceMs = 5000;

/** Opens the journal of a data directory and takes stock of what a former run left. Fails with the system's error when it cannot. */
export async function openJournal(options: JournalOptions): Promise<OpenJournal> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  return new FileJournal(options, await takeStock(options.directory, options.logger));
}

class FileJournal implements OpenJournal {
  readonly epoch: number;
  readonly lastAliveAt: number | undefined;
  readonly #options: JournalOptions;
  readonly #remains: Remains;
  readonly #writer: JournalWriter;
  readonly #handlers: ((position: number) => void)[] = [];
  readonly #segmentBytes: number;
  readonly #spare: Buffer<ArrayBuffer>[] = [];
  /** While closing: nothing waits for the disk any more, or we wait no longer. */
  readonly #drained = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  #durable: number;
  #last: number;
  /** The segment that records go to now, and how much it holds with everything appended; undefined until the first append. */
  #segment: { readonly first: number; bytes: number } | undefined;
  /** Frames not sent yet. They belong to one segment. */
  #batch = newBuffer(firstBufferBytes);
  #batchBytes = 0;
  /** Position of the last record put into a batch. */
  #batchLast = 0;
  /** Batches the writer has. It gets the next one when it has none: what comes in meanwhile forms that one. */
  #outstanding = 0;
  /** Something waits for what is in the batch. */
  #isUrgent = false;
  readonly #pace: BatchPace;
  #isHealthy = true;
  #onlyReserveLeft = false;
  #isLost = false;
  #isClosing = false;

  constructor(options: JournalOptions, remains: Remains) {
    this.#options = options;
    this.#remains = remains;
    this.#segmentBytes = options.segmentBytes ?? defaultSegmentBytes;
    this.epoch = remains.epoch;
    this.lastAliveAt = remains.lastAliveAt;
    this.#last = Math.max(remains.lastPosition, options.floor ?? 0);
    this.#durable = this.#last;
    this.#pace = new BatchPace(options.clock, () => this.#sendBatch());
    const settings = { directory: options.directory, reserveBytes: options.reserveBytes ?? defaultSegmentBytes };
    this.#writer = (options.startWriter ?? startWriterThread)(
      settings,
      (report) => this.#hear(report),
      (cause) => this.#lose(cause),
    );
  }

  get durable(): number {
    return this.#durable;
  }

  get lastPosition(): number {
    return this.#last;
  }

  get healthy(): boolean {
    return this.#isHealthy;
  }

  onDurable(handler: (position: number) => void): void {
    this.#handlers.push(handler);
  }

  append(draft: RecordDraft, { newCall = false, urgent = true }: AppendOptions = {}): number {
    if (newCall && this.#onlyReserveLeft) throw callRefusal("JOURNAL_FULL");
    const position = this.#last + 1;
    const payload = recordPayload({ ...draft, position, epoch: this.epoch });
    if (this.#segment === undefined || this.#segment.bytes >= this.#segmentBytes) this.#beginSegment(position);
    this.#last = position;
    this.#batchLast = position;
    this.#put(payload, urgent);
    this.#remains.ledger.record(position, callIdsOf(draft), draft.ended);
    return position;
  }

  async *recover(): AsyncGenerator<JournalRecord> {
    const { ledger } = this.#remains;
    for (const first of ledger.liveSegments()) {
      for await (const record of this.#records(first, ({ calls }) => calls.some((callId) => ledger.isLive(callId)))) {
        yield { ...record, streams: record.streams.filter(({ callId }) => ledger.isLive(callId)) };
      }
    }
  }

  async *read(after: number): AsyncGenerator<JournalRecord> {
    const until = this.#durable;
    const firsts = this.#remains.ledger.segments;
    for (const [index, first] of firsts.entries()) {
      const next = firsts[index + 1];
      if ((next !== undefined && next <= after + 1) || first > until) continue;
      yield* this.#records(first, ({ position }) => position > after && position <= until);
    }
  }

  release(position: number): void {
    // A segment is begun by the first append: until then there is nowhere to note an end, and the newest name keeps the last position.
    if (this.#segment === undefined || this.#isClosing) return;
    const { remove, note } = this.#remains.ledger.shipped(Math.min(position, this.#durable));
    if (remove.length === 0) return;
    if (note.length > 0) this.#put(endNotePayload(note), true);
    this.#sendBatch();
    this.#writer.send({ kind: "remove", segments: remove });
  }

  async close(): Promise<void> {
    if (this.#isClosing) return await this.#closed.promise;
    this.#isClosing = true;
    this.#sendBatch();
    const { clock, logger } = this.#options;
    const patience = clock.after(closePatienceMs, () => this.#drained.resolve());
    if (this.#durable === this.#last || this.#isLost) this.#drained.resolve();
    await this.#drained.promise;
    patience.cancel();
    if (this.#durable < this.#last) {
      const fields = { durable: this.#durable, last: this.#last };
      logger.error(fields, "The journal was closed before its last records were on disk; nobody was told of what they hold.");
    }
    if (!this.#isLost) this.#writer.send({ kind: "close" });
    await this.#closed.promise;
  }

  async *#records(first: number, wanted: (head: RecordHead) => boolean): AsyncGenerator<JournalRecord> {
    for await (const frames of readSegment(segmentPath(this.#options.directory, first))) {
      for (const frame of frames) if (frame.kind === "record" && wanted(frame.head)) yield decodeRecord(frame.head, frame.body);
    }
  }

  #beginSegment(first: number): void {
    this.#sendBatch();
    this.#segment = { first, bytes: 0 };
    this.#remains.ledger.begin(first);
  }

  /** Adds a frame to the batch. */
  #put(payload: string, isUrgent: boolean): void {
    const needed = this.#batchBytes + frameBound(payload);
    if (needed > this.#batch.length) {
      const larger = newBuffer(Math.max(needed, this.#batch.length * 2));
      this.#batch.copy(larger, 0, 0, this.#batchBytes);
      this.#batch = larger;
    }
    const end = encodeFrame(payload, this.#batch, this.#batchBytes);
    if (this.#segment !== undefined) this.#segment.bytes += end - this.#batchBytes;
    this.#batchBytes = end;
    this.#isUrgent ||= isUrgent;
    if (this.#outstanding === 0) this.#pace.want(isUrgent);
  }

  #sendBatch(): void {
    if (this.#batchBytes === 0 || this.#segment === undefined) return;
    const { buffer } = this.#batch;
    this.#outstanding++;
    this.#isUrgent = false;
    this.#pace.begun();
    this.#writer.send({ kind: "write", segment: this.#segment.first, bytes: buffer, length: this.#batchBytes, last: this.#batchLast });
    this.#batch = this.#spare.pop() ?? newBuffer(firstBufferBytes);
    this.#batchBytes = 0;
  }

  #hear(report: WriterReport): void {
    const { logger, directory } = this.#options;
    switch (report.kind) {
      case "written":
        this.#written(report.last, report.bytes);
        return;
      case "failing":
        if (this.#isHealthy)
          logger.error({ reason: report.reason, directory }, "The journal cannot be written: no new calls are taken until it can.");
        this.#isHealthy = false;
        return;
      case "warning":
        logger.warn({ reason: report.reason, directory }, "The journal's directory has a problem.");
        return;
      case "space":
        if (report.onlyReserveLeft)
          logger.error({ directory }, "The disk is full but for the space kept for live calls: no new calls are taken.");
        else if (this.#onlyReserveLeft) logger.info({ directory }, "The disk has room again.");
        this.#onlyReserveLeft = report.onlyReserveLeft;
        return;
      case "closed":
        this.#closed.resolve();
    }
  }

  #written(last: number, bytes: ArrayBuffer): void {
    this.#outstanding--;
    if (bytes.byteLength === firstBufferBytes && this.#spare.length < 2) this.#spare.push(Buffer.from(bytes));
    if (!this.#isHealthy) this.#options.logger.info({ durable: last }, "The journal can be written again.");
    this.#isHealthy = true;
    if (this.#outstanding === 0 && this.#batchBytes > 0) this.#pace.want(this.#isUrgent);
    if (last <= this.#durable) return;
    this.#durable = last;
    if (this.#isClosing && last === this.#last) this.#drained.resolve();
    for (const handler of this.#handlers) handler(last);
  }

  #lose(cause: unknown): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#isHealthy = false;
    this.#options.logger.error({ error: String(cause) }, "The journal's writer thread is lost: nothing becomes durable any more.");
    this.#drained.resolve();
    this.#closed.resolve();
    this.#options.onLost?.(cause);
  }
}

function callIdsOf({ streams }: RecordDraft): readonly string[] {
  return streams.map(({ callId }) => callId);
}

function newBuffer(bytes: number): Buffer<ArrayBuffer> {
  return Buffer.from(new ArrayBuffer(bytes));
}
