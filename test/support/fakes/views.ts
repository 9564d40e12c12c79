/** The read side of calls in memory: what fakes/calls.ts writes, or a test puts in. */
import {
  type Call,
  type CallChange,
  type CallEvent,
  type CallEventEnvelope,
  type CallFilter,
  callRefusal,
  type LegQuality,
  type LiveSignal,
  type Views,
} from "../../../src/calls/index.ts";

type Reader = { readonly accountId: string; readonly handler: (event: CallEventEnvelope) => void };

export class FakeViews implements Views {
  readonly #calls = new Map<string, Call>();
  readonly #events: CallEventEnvelope[] = [];
  readonly #readers = new Set<Reader>();
  readonly #watchers = new Set<(change: CallChange) => void>();
  readonly #followers = new Set<(signal: LiveSignal) => void>();
  readonly qualities = new Map<string, LegQuality>();
  #position = 0;
  #forgottenUpTo = 0;

  /** Stores a call's state and tells `events` to whoever listens, as one journal record does. */
  put(call: Call, ...events: readonly CallEvent[]): Call {
    const before = this.#calls.get(call.id);
    this.#calls.set(call.id, call);
    this.#position++;
    events.forEach((event, index) => {
      const id = `${this.#position}.${index}`;
      const envelope = { id, accountId: call.accountId, callId: call.id, at: call.changedAt, event };
      this.#events.push(envelope);
      for (const reader of this.#readers) if (reader.accountId === call.accountId) reader.handler(envelope);
    });
    for (const watcher of this.#watchers) watcher({ position: this.#position, before, after: call, events });
    return call;
  }

  /** Drops the events told so far: ids of that time are then refused. */
  forgetEvents(): void {
    this.#forgottenUpTo = this.#position;
    this.#events.length = 0;
  }

  has(accountId: string, callId: string): boolean {
    return this.#calls.get(callId)?.accountId === accountId;
  }

  get readers(): number {
    return this.#readers.size;
  }

  async get(accountId: string, callId: string) {
    const call = this.#calls.get(callId);
    return call?.accountId === accountId ? call : undefined;
  }

  async list(accountId: string, filter: CallFilter, page: Parameters<Views["list"]>[2]) {
    const sign = page.order === "oldest" ? 1 : -1;
    const all = [...this.#calls.values()]
      .filter((call) => call.accountId === accountId && passes(call, filter))
      .toSorted((a, b) => sign * (a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)));
    const after = page.before === undefined ? 0 : all.findIndex((call) => call.id === page.before) + 1;
    const start = after + (page.offset ?? 0);
    const more = start + page.limit < all.length;
    return { items: all.slice(start, start + page.limit), more, ...(page.total === true ? { total: all.length } : {}) };
  }

  watch(handler: (change: CallChange) => void) {
    this.#watchers.add(handler);
    return { close: () => void this.#watchers.delete(handler) };
  }

  follow(_accountId: string, handler: (signal: LiveSignal) => void) {
    this.#followers.add(handler);
    return { close: () => void this.#followers.delete(handler) };
  }

  quality(legId: string) {
    return this.qualities.get(legId);
  }

  /** Tells a signal to whoever follows. */
  signal(signal: LiveSignal): void {
    for (const follower of this.#followers) follower(signal);
  }

  get followers(): number {
    return this.#followers.size;
  }

  async subscribe(accountId: string, afterId: string | undefined, handler: Reader["handler"]) {
    if (afterId !== undefined && Number(afterId.split(".")[0]) < this.#forgottenUpTo) throw callRefusal("EVENTS_GONE");
    if (afterId !== undefined) {
      for (const event of this.#events) if (event.accountId === accountId && isAfter(event.id, afterId)) handler(event);
    }
    const reader = { accountId, handler };
    this.#readers.add(reader);
    return { close: () => void this.#readers.delete(reader) };
  }
}

function passes(call: Call, filter: CallFilter): boolean {
  const { ids, userId, live, createdFrom = 0, createdBefore = Number.POSITIVE_INFINITY, from = "", to = "" } = filter;
  return (
    (ids === undefined || ids.includes(call.id)) &&
    (userId === undefined || belongsTo(call, userId)) &&
    (live === undefined || live === (call.endedAt === undefined)) &&
    call.createdAt >= createdFrom &&
    call.createdAt < createdBefore &&
    call.from.includes(from) &&
    call.to.includes(to)
  );
}

function belongsTo(call: Call, userId: string): boolean {
  const asked = call.origin.kind !== "trunk" && call.origin.by === userId;
  return asked || Object.values(call.parties).some(({ address }) => address.kind === "user" && address.userId === userId);
}

function isAfter(id: string, other: string): boolean {
  const [position = 0, index = 0] = id.split(".").map(Number);
  const [otherPosition = 0, otherIndex = 0] = other.split(".").map(Number);
  return position > otherPosition || (position === otherPosition && index > otherIndex);
}
