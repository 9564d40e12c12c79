/** Call events as server-sent events (WHATWG HTML §9.2). A reader that falls behind is ended and comes back with its Last-Event-ID. */
import { PassThrough, type Readable } from "node:stream";
import type { EventSubscription, Views } from "../../calls/index.ts";
import type { Clock, Timer } from "../../kernel/index.ts";
import { viewOfSignal } from "./talk-view.ts";
import { viewOfCallEvent } from "./call-event-view.ts";

const heartbeatMs = 15_000;
/** What may wait for a slow reader. */
const mostWaitingBytes = 1024 * 1024;
/** What is told only as it happens is left out for a reader for whom more than this waits. */
const mostBeforeSignalsBytes = 64 * 1024;

export class EventStreams {
  readonly #clock: Clock;
  readonly #views: Views;
  readonly #open = new Set<EventStream>();

  constructor(clock: Clock, views: Views) {
    this.#clock = clock;
    this.#views = views;
  }

  /**
   * The bytes of one stream, which frees everything once it is closed. `signals`: who talks and how good the lines are, too. These have no id, so a reader
   * who comes back goes on after the last event. Throws EVENTS_GONE.
   */
  async open(accountId: string, afterId: string | undefined, signals = false): Promise<Readable> {
    const stream = new EventStream(this.#clock);
    this.#open.add(stream);
    stream.bytes.once("close", () => this.#open.delete(stream));
    try {
      const subscription = await this.#views.subscribe(accountId, afterId, (envelope) => {
        const view = viewOfCallEvent(envelope);
        if (view !== undefined) stream.send(`id: ${envelope.id}\nevent: ${view.kind}\ndata: ${JSON.stringify(view)}\n\n`);
      });
      stream.endWith(subscription);
      if (signals)
        stream.endWith(
          this.#views.follow(accountId, (signal) => {
            const view = viewOfSignal(signal);
            stream.offer(`event: ${view.kind}\ndata: ${JSON.stringify(view)}\n\n`);
          }),
        );
    } catch (error) {
      stream.bytes.destroy();
      throw error;
    }
    return stream.bytes;
  }

  /** Ends every stream, so that the server can close. */
  close(): void {
    for (const stream of this.#open) stream.end();
  }
}

class EventStream {
  readonly bytes = new PassThrough({ highWaterMark: mostWaitingBytes });
  readonly #clock: Clock;
  #heartbeat: Timer;

  constructor(clock: Clock) {
    this.#clock = clock;
    // A first line at once, so that proxies pass the head on.
    this.bytes.write(": callwright events\nretry: 1000\n\n");
    this.#heartbeat = this.#beat();
    this.bytes.once("close", () => this.#heartbeat.cancel());
  }

  send(frame: string): void {
    if (this.bytes.writableEnded || this.bytes.destroyed) return;
    // False: more waits than may. What does wait is still sent; then the reader comes back.
    if (!this.bytes.write(frame)) this.end();
  }

  offer(frame: string): void {
    if (this.bytes.readableLength + this.bytes.writableLength <= mostBeforeSignalsBytes) this.send(frame);
  }

  endWith(subscription: EventSubscription): void {
    if (this.bytes.destroyed || this.bytes.writableEnded) subscription.close();
    else this.bytes.once("close", () => subscription.close());
  }

  end(): void {
    this.bytes.end();
  }

  /** Until the next beat a reader that was ended may take what waits for it. */
  #beat(): Timer {
    return this.#clock.after(heartbeatMs, () => {
      if (this.bytes.writableEnded) {
        this.bytes.destroy();
        return;
      }
      this.send(": still here\n\n");
      this.#heartbeat = this.#beat();
    });
  }
}
