/** Views over the durable states of live calls, with finished calls and old events from the history. */
import type { Logger } from "../kernel/index.ts";
import { callRefusal } from "./errors.ts";
import type { JournalRecord } from "./journal-port.ts";
import type { LegQuality } from "./leg-values.ts";
import { LiveSignals } from "./live-signals.ts";
import type { Call } from "./model.ts";
import type {
  CallChange,
  CallEventEnvelope,
  CallFilter,
  CallHistory,
  CallList,
  CallPage,
  EventSubscription,
  LiveSignal,
  Views,
} from "./views.ts";

/** Records kept in memory for streams of events that resume; older ones come from the history. */
const recentRecords = 1_000;
/** Records that the history has not got yet are kept too, while it is away no more than these. */
const mostRecords = 50_000;
const historyPage = 500;

type Handler = (event: CallEventEnvelope) => void;

/** What is published: a durable record, as far as clients may see it. */
type Published = Pick<JournalRecord, "position" | "streams" | "at">;

export class LiveViews implements Views {
  readonly signals: LiveSignals;
  readonly #history: CallHistory;
  readonly #log: Logger;
  readonly #historyReaches: () => number;
  /** By account, then by call. */
  readonly #calls = new Map<string, Map<string, Call>>();
  /** Oldest first. They become envelopes when somebody reads them: kept as envelopes they were a fifth of what a plain call leaves to collect. */
  #recent: Published[] = [];
  #trimAt = recentRecords * 1.5;
  /** Every position above this one is in #recent. */
  #recentFrom: number;
  /** The last durable position. */
  #last: number;
  readonly #watchers = new Set<(change: CallChange) => void>();
  readonly #subscribers = new Map<string, Set<Handler>>();

  /** `position`: the last one that is durable; what came before it is in the history. `historyReaches`: the position up to which the history has all. */
  constructor(history: CallHistory, log: Logger, position: number, historyReaches: () => number) {
    this.#history = history;
    this.signals = new LiveSignals(log);
    this.#historyReaches = historyReaches;
    this.#log = log;
    this.#recentFrom = position;
    this.#last = position;
  }

  /** Live calls of this node, or of one account. */
  count(accountId?: string): number {
    if (accountId !== undefined) return this.#calls.get(accountId)?.size ?? 0;
    return [...this.#calls.values()].reduce((sum, calls) => sum + calls.size, 0);
  }

  /** A durable record and the states it led to. */
  publish(record: Published, calls: readonly Call[]): void {
    this.#last = record.position;
    const before = calls.map((call) => this.inMemory(call.accountId, call.id));
    for (const call of calls) this.put(call);
    this.#recent.push(record);
    if (this.#recent.length > this.#trimAt) this.#trim();
    if (record.streams.some(({ accountId }) => this.#subscribers.has(accountId))) {
      for (const envelope of envelopesOf(record)) this.#deliver(envelope);
    }
    if (this.#watchers.size === 0) return;
    calls.forEach((after, index) => {
      const events = record.streams.flatMap((part) => (part.callId === after.id ? part.events : []));
      this.#tell({ position: record.position, before: before[index], after, events });
    });
  }

  /** The durable state of a call that the history need not have yet. */
  inMemory(accountId: string, callId: string): Call | undefined {
    return this.#calls.get(accountId)?.get(callId);
  }

  /** Ids of the recordings under way in any account. */
  recordingIds(): ReadonlySet<string> {
    const ids = new Set<string>();
    for (const calls of this.#calls.values())
      for (const { parties } of calls.values())
        for (const { recordings = [] } of Object.values(parties)) for (const { recordingId } of recordings) ids.add(recordingId);
    return ids;
  }

  put(call: Call): void {
    const calls = this.#calls.get(call.accountId) ?? new Map<string, Call>();
    if (calls.size === 0) this.#calls.set(call.accountId, calls);
    calls.set(call.id, call);
  }

  /** The history has this call now. */
  forget(accountId: string, callId: string): void {
    const calls = this.#calls.get(accountId);
    calls?.delete(callId);
    if (calls?.size === 0) this.#calls.delete(accountId);
  }

  async get(accountId: string, callId: string): Promise<Call | undefined> {
    return this.inMemory(accountId, callId) ?? (await this.#history.get(accountId, callId));
  }

  async list(accountId: string, filter: CallFilter, page: CallPage): Promise<CallList> {
    const memory = [...(this.#calls.get(accountId)?.values() ?? [])].filter((call) => matches(call, filter));
    if (filter.live === true) return pageOf(memory, page, { items: [], more: false, total: 0 });
    const { offset = 0, ...rest } = page;
    const stored = await this.#history.list(accountId, filter, { ...rest, limit: offset + page.limit });
    // A call may have reached the history while we asked: it counts once.
    const known = new Set(memory.map(({ id }) => id));
    const items = stored.items.filter(({ id }) => !known.has(id));
    return pageOf(memory, page, { ...stored, items, total: (stored.total ?? 0) - (stored.items.length - items.length) });
  }

  watch(handler: (change: CallChange) => void): EventSubscription {
    this.#watchers.add(handler);
    return { close: () => void this.#watchers.delete(handler) };
  }

  follow(accountId: string, handler: (signal: LiveSignal) => void): EventSubscription {
    return this.signals.follow(accountId, handler);
  }

  quality(legId: string): LegQuality | undefined {
    return this.signals.quality(legId);
  }

  async subscribe(accountId: string, afterId: string | undefined, handler: Handler): Promise<EventSubscription> {
    const subscription = { live: true, sent: afterId === undefined ? undefined : orderOf(afterId) };
    const deliver: Handler = (event) => {
      if (!subscription.live) return;
      const order = orderOf(event.id);
      if (subscription.sent !== undefined && compare(order, subscription.sent) <= 0) return;
      subscription.sent = order;
      handler(event);
    };
    if (subscription.sent !== undefined) {
      await this.#readHistory(accountId, subscription.sent, deliver);
      // From here on without a break, so no event slips between.
      for (const record of this.#recent) for (const event of envelopesOf(record)) if (event.accountId === accountId) deliver(event);
    }
    const handlers = this.#subscribers.get(accountId) ?? new Set<Handler>();
    this.#subscribers.set(accountId, handlers);
    handlers.add(deliver);
    return {
      close: () => {
        subscription.live = false;
        handlers.delete(deliver);
        if (handlers.size === 0 && this.#subscribers.get(accountId) === handlers) this.#subscribers.delete(accountId);
      },
    };
  }

  /** Events of the history, until memory reaches back far enough; memory moves on while we read. */
  async #readHistory(accountId: string, from: Order, deliver: Handler): Promise<void> {
    if (from[0] > this.#last) throw callRefusal("EVENTS_GONE", { afterId: from.join(".") });
    // From the position before, as that record may have been delivered in part.
    let position = Math.max(0, from[0] - 1);
    while (position < this.#recentFrom) {
      const goal = this.#recentFrom;
      const page = await this.#history.events(accountId, position, historyPage);
      if (page === undefined) throw callRefusal("EVENTS_GONE", { afterId: from.join(".") });
      for (const event of page) deliver(event);
      const reached = orderOf(page.at(-1)?.id ?? "0.0")[0];
      position = page.length < historyPage ? goal : Math.max(position + 1, reached - 1);
    }
  }

  #tell(change: CallChange): void {
    for (const watcher of this.#watchers) {
      try {
        watcher(change);
      } catch (error) {
        this.#log.error({ err: error, callId: change.after.id }, "A watcher of calls failed");
      }
    }
  }

  #deliver(envelope: CallEventEnvelope): void {
    for (const handler of this.#subscribers.get(envelope.accountId) ?? []) {
      try {
        handler(envelope);
      } catch (error) {
        this.#log.error({ err: error, eventId: envelope.id }, "A subscriber of events failed");
      }
    }
  }

  #trim(): void {
    const reaches = this.#historyReaches();
    const unshipped = this.#recent.findIndex(({ position }) => position > reaches);
    const spare = this.#recent.length - recentRecords;
    const dropped = Math.max(unshipped < 0 ? spare : Math.min(spare, unshipped), this.#recent.length - mostRecords);
    if (dropped > 0) {
      this.#recentFrom = Math.max(this.#recentFrom, this.#recent[dropped - 1]?.position ?? 0);
      this.#recent = this.#recent.slice(dropped);
    }
    this.#trimAt = this.#recent.length + recentRecords / 2;
  }
}

/** The events of a record as clients see them. */
export function envelopesOf(record: Published): readonly CallEventEnvelope[] {
  let index = 0;
  return record.streams.flatMap(({ accountId, callId, events }) =>
    events.map((event) => ({ id: `${record.position}.${index++}`, accountId, callId, at: "at" in event ? event.at : record.at, event })),
  );
}

type Order = readonly [position: number, index: number];

function orderOf(id: string): Order {
  const [position, index] = id.split(".");
  return [Number(position) || 0, Number(index) || 0];
}

function compare(a: Order, b: Order): number {
  return a[0] - b[0] || a[1] - b[1];
}

function matches(call: Call, filter: CallFilter): boolean {
  const { ids, userId, live, createdFrom, createdBefore, from, to } = filter;
  return (
    (ids === undefined || ids.includes(call.id)) &&
    (userId === undefined || usersOf(call).includes(userId)) &&
    (live === undefined || live === (call.endedAt === undefined)) &&
    (createdFrom === undefined || call.createdAt >= createdFrom) &&
    (createdBefore === undefined || call.createdAt < createdBefore) &&
    (from === undefined || call.from.includes(from)) &&
    (to === undefined || call.to.includes(to))
  );
}

/** The users a call belongs to: who created it, and who is or was in it. */
export function usersOf(call: Call): readonly string[] {
  const users = Object.values(call.parties).flatMap(({ address }) => (address.kind === "user" ? address.userId : []));
  return [...new Set(call.origin.kind === "trunk" ? users : [call.origin.by, ...users])];
}

/** Ids sort by age, so they break ties of calls created in the same millisecond. */
function pageOf(memory: readonly Call[], page: CallPage, stored: CallList): CallList {
  const { before, limit, offset = 0 } = page;
  const newest = page.order !== "oldest";
  const sign = newest ? -1 : 1;
  const beyond = before === undefined ? memory : memory.filter(({ id }) => (newest ? id < before : id > before));
  const sorted = [...beyond, ...stored.items].toSorted((a, b) => sign * (a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)));
  return {
    items: sorted.slice(offset, offset + limit),
    more: stored.more || sorted.length > offset + limit,
    ...(page.total === true && { total: memory.length + (stored.total ?? 0) }),
  };
}
