/**
 * What each call said over SIP: from memory for as long as that reaches back, and from files for the calls whose trace is kept, on request
 * or as a sample. Nothing leaves here with a secret in it.
 *
 * | a call | kept on request | of the sample |
 * |---|---|---|
 * | goes on | what there is, at once | |
 * | ends | 2 s after its end, and once more 34 s after it | likewise |
 * | has ended | what there is, at once | |
 *
 * The second time is for what repeats: nothing does for longer than 32 s (RFC 3261 §17.1.1.1, 64·T1). After a crash what was kept is
 * there, and is completed at the end of the call.
 */
import { type Clock, derive, type Logger, type Timer } from "../../kernel/index.ts";
import { type MessageTrace, redacted } from "../../sip/index.ts";
import type { Call } from "../model.ts";
import type { EventSubscription, Views } from "../views.ts";
import type { KeptTraces } from "./kept-traces.ts";
import { type LegMessage, messagesOf } from "./leg-messages.ts";

/** Whether the trace outlives the memory: not; it is kept, and completed when the call ends; it is kept. */
export type Keeping = "no" | "until-its-end" | "yes";

export type CallTrace = { readonly keeping: Keeping; readonly messages: readonly LegMessage[] };

/** What readers of traces need. */
export type Traces = {
  /** Redacted, in order of time. */
  of(call: Call): Promise<CallTrace>;
  /** Keeps it, and says so as `of` does. */
  keep(call: Call): Promise<CallTrace>;
};

export type CallTracesOptions = {
  readonly trace: Pick<MessageTrace, "find">;
  readonly kept: Pick<KeptTraces, "read" | "write" | "ask" | "asked">;
  readonly views: Pick<Views, "watch">;
  /** The one that Call-IDs are derived from. */
  readonly secret: Uint8Array;
  /** Share of calls that are kept without being asked for, 0 to 1. */
  readonly sampling: number;
  readonly clock: Clock;
  readonly logger: Logger;
};

const settledMs = [2000, 34_000];
/** Ended calls that wait to be written; more are not kept: 300 a second for long. */
const mostWaiting = 10_000;

type Due = { readonly call: Call; readonly at: number };

export class CallTraces implements Traces {
  readonly counters = { kept: 0, notKept: 0 };
  readonly #options: CallTracesOptions;
  readonly #watch: EventSubscription;
  /** Calls that go on and are to be kept, by id. */
  readonly #asked: Set<string>;
  /** For each of `settledMs`: ended calls by the time at which they are written, which is the order in which they ended. */
  readonly #waiting: Due[][] = settledMs.map(() => []);
  #timer: Timer | undefined;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(options: CallTracesOptions, asked: readonly string[]) {
    this.#options = options;
    this.#asked = new Set(asked);
    this.#watch = options.views.watch(({ before, after }) => {
      if (after.endedAt !== undefined && before?.endedAt === undefined) this.#ended(after);
    });
  }

  static async open(options: CallTracesOptions): Promise<CallTraces> {
    return new CallTraces(options, await options.kept.asked());
  }

  async of(call: Call): Promise<CallTrace> {
    const kept = await this.#options.kept.read(call);
    const messages = merged(kept, this.#remembered(call));
    const isWanted = this.#asked.has(call.id) || this.#isSample(call);
    if (call.endedAt === undefined) return { keeping: isWanted ? "until-its-end" : "no", messages };
    return { keeping: kept.length > 0 ? "yes" : "no", messages };
  }

  async keep(call: Call): Promise<CallTrace> {
    if (call.endedAt === undefined) {
      this.#asked.add(call.id);
      await this.#options.kept.ask(call, true);
    }
    await this.#write(call);
    return await this.of(call);
  }

  /** Writes what still waits. */
  async close(): Promise<void> {
    this.#watch.close();
    this.#timer?.cancel();
    const calls = new Map(this.#waiting.flat().map(({ call }) => [call.id, call]));
    await Promise.all([...calls.values()].map((call) => this.#complete(call)));
  }

  #remembered(call: Call): readonly LegMessage[] {
    const { trace, secret } = this.#options;
    return messagesOf(call, secret, (callId) => trace.find(callId)).map((message) => ({ ...message, bytes: redacted(message.bytes) }));
  }

  #ended(call: Call): void {
    if (!this.#asked.has(call.id) && !this.#isSample(call)) return;
    if (this.#waiting.some(({ length }) => length >= mostWaiting)) {
      this.counters.notKept++;
      return;
    }
    const now = this.#options.clock.now();
    settledMs.forEach((afterMs, index) => this.#waiting[index]?.push({ call, at: now + afterMs }));
    this.#arm();
  }

  /** The same after a restart. */
  #isSample(call: Call): boolean {
    const { sampling, secret } = this.#options;
    return sampling > 0 && Number.parseInt(derive(secret, 4, call.id, "trace"), 16) < sampling * 2 ** 32;
  }

  #arm(): void {
    this.#timer?.cancel();
    const next = Math.min(...this.#waiting.map(([first]) => first?.at ?? Number.POSITIVE_INFINITY));
    if (next === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#options.clock.after(next - this.#options.clock.now(), () => {
      this.#writeDue();
      this.#arm();
    });
  }

  #writeDue(): void {
    const now = this.#options.clock.now();
    for (const queue of this.#waiting) {
      const count = queue.findIndex(({ at }) => at > now);
      for (const { call } of queue.splice(0, count < 0 ? queue.length : count)) void this.#complete(call);
    }
  }

  /** Of a call that has ended. */
  async #complete(call: Call): Promise<void> {
    try {
      await this.#write(call);
      if (this.#asked.delete(call.id)) await this.#options.kept.ask(call, false);
    } catch (error) {
      this.counters.notKept++;
      this.#options.logger.warn({ err: error, callId: call.id }, "A trace could not be kept");
    }
  }

  /** One after another. Rejects when the disk takes nothing. */
  #write(call: Call): Promise<void> {
    const written = this.#writing.then(async () => {
      const kept = await this.#options.kept.read(call);
      const messages = merged(kept, this.#remembered(call));
      if (messages.length === kept.length) return;
      await this.#options.kept.write(call, messages);
      if (kept.length === 0) this.counters.kept++;
    });
    this.#writing = written.catch(() => undefined);
    return written;
  }
}

/** Both, each message once, by time: orders begin again with a restart. */
function merged(kept: readonly LegMessage[], remembered: readonly LegMessage[]): readonly LegMessage[] {
  const known = new Set(kept.map(nameOf));
  return [...kept, ...remembered.filter((message) => !known.has(nameOf(message)))].toSorted((a, b) => a.at - b.at || a.order - b.order);
}

function nameOf({ at, order }: LegMessage): string {
  return `${at} ${order}`;
}
