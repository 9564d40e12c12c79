/**
 * What waits for one client, in order. Every text is in one of these states, and the texts of one state lie together:
 *
 *     sent, not acknowledged        not sent
 *     ├── batch 4 ──┼── batch 5 ──┼──────────────┤
 *     acknowledge(4) drops up to batch 4        add() appends
 *     rewind()       makes all of them not sent; each keeps its batch number
 *
 * What is not acknowledged counts as waiting, so a client that never acknowledges runs into the same bound.
 */
export type Event = {
  /** A Bayeux message as JSON; the clients of a user share it. */
  readonly text: string;
  readonly bytes: number;
};

export type Batch = {
  /** The highest batch number given so far, also when there was nothing to send. */
  readonly number: number;
  readonly texts: readonly string[];
  readonly way: number;
};

type Entry = { readonly event: Event; batch: number };

export class Outbox {
  readonly #mostEvents: number;
  readonly #mostBytes: number;
  readonly #entries: Entry[] = [];
  #sent = 0;
  #bytes = 0;
  #lastBatch = 0;
  #way = 0;

  constructor(mostEvents: number, mostBytes: number) {
    this.#mostEvents = mostEvents;
    this.#mostBytes = mostBytes;
  }

  get hasUnsent(): boolean {
    return this.#sent < this.#entries.length;
  }

  /** Whether `event` may be added. A single event is never too large. */
  hasRoomFor(event: Event): boolean {
    if (this.#entries.length === 0) return true;
    return this.#entries.length < this.#mostEvents && this.#bytes + event.bytes <= this.#mostBytes;
  }

  add(event: Event): void {
    this.#entries.push({ event, batch: 0 });
    this.#bytes += event.bytes;
  }

  /** Everything not sent yet, as one batch. */
  take(): Batch {
    const taken = this.#entries.slice(this.#sent);
    if (taken.some((entry) => entry.batch === 0)) this.#lastBatch++;
    for (const entry of taken) if (entry.batch === 0) entry.batch = this.#lastBatch;
    this.#sent = this.#entries.length;
    return { number: this.#lastBatch, texts: taken.map((entry) => entry.event.text), way: this.#way };
  }

  /** The client has every batch up to this one. Numbers that were never given mean nothing. */
  acknowledge(batch: number): void {
    if (batch > this.#lastBatch) return;
    let count = 0;
    for (const entry of this.#entries) {
      if (entry.batch === 0 || entry.batch > batch) break;
      count++;
      this.#bytes -= entry.event.bytes;
    }
    this.#entries.splice(0, count);
    this.#sent = Math.max(0, this.#sent - count);
  }

  rewind(): void {
    this.#sent = 0;
  }

  /** What is taken from now on goes another way than what was taken before. */
  turn(): void {
    this.#way++;
  }

  /**
   * The way of this batch ended before its bytes left. They are sent again, unless later ones have another way already: order
   * comes before completeness then, and the ack extension is for those who need both.
   */
  lose(batch: Batch): void {
    if (batch.way === this.#way) this.rewind();
    else this.acknowledge(batch.number);
  }
}
