/** The read side of calls: durable states of live calls, finished calls from the store, and the stream of events. */
import type { JournalRecord } from "./journal-port.ts";
import type { LegQuality } from "./leg-values.ts";
import type { Call } from "./model.ts";
import type { CallEvent } from "./events.ts";

export type CallFilter = {
  readonly ids?: readonly string[];
  /** Calls that this user created or in which a party is or was this user. */
  readonly userId?: string;
  readonly live?: boolean;
  readonly createdFrom?: number;
  readonly createdBefore?: number;
  /** Substrings of the caller's and of the callee's number. */
  readonly from?: string;
  readonly to?: string;
};

/** Newest first unless told otherwise. `offset` serves page numbers, `before` (a call id) cursors. */
export type CallPage = {
  readonly limit: number;
  readonly offset?: number;
  readonly before?: string;
  readonly order?: "newest" | "oldest";
  readonly total?: boolean;
};

export type CallList = { readonly items: readonly Call[]; readonly more: boolean; readonly total?: number };

export type CallEventEnvelope = {
  /** `<journal position>.<index in the record>`: increasing, and what a client resumes from. */
  readonly id: string;
  readonly accountId: string;
  readonly callId: string;
  readonly at: number;
  readonly event: CallEvent;
};

/** What one durable record did to one call. */
export type CallChange = {
  readonly position: number;
  readonly before: Call | undefined;
  readonly after: Call;
  readonly events: readonly CallEvent[];
};

/** What media tell while they go on. Not journaled, so it has no place in the order of events. */
export type LiveSignal = {
  readonly accountId: string;
  readonly callId: string;
  readonly at: number;
  readonly partyId: string;
  readonly legId: string;
} & ({ readonly kind: "call.talking"; readonly isTalking: boolean } | { readonly kind: "leg.quality"; readonly quality: LegQuality });

export type EventSubscription = { close(): void };

export type Views = {
  /** A call of this account, live or finished; undefined when there is none. Only durable facts show. */
  get(accountId: string, callId: string): Promise<Call | undefined>;
  list(accountId: string, filter: CallFilter, page: CallPage): Promise<CallList>;
  /**
   * Every durable event of the account, in order and once each: first those after `afterId` (from memory, else from the store),
   * then live. Throws EVENTS_GONE when `afterId` is older than what is kept. The handler must not throw; a slow reader closes itself.
   */
  subscribe(accountId: string, afterId: string | undefined, handler: (event: CallEventEnvelope) => void): Promise<EventSubscription>;
  /** Every durable change of every account from now on, in order of position. The handler must not throw. */
  watch(handler: (change: CallChange) => void): EventSubscription;
  /** What media of the account's calls tell from now on. The handler must not throw, and may drop what it has no time for. */
  follow(accountId: string, handler: (signal: LiveSignal) => void): EventSubscription;
  /** How the media of a leg that lives do, as of their latest report; undefined before the first. */
  quality(legId: string): LegQuality | undefined;
};

/** Finished calls and their events, kept by the store. */
export type CallHistory = {
  get(accountId: string, callId: string): Promise<Call | undefined>;
  list(accountId: string, filter: CallFilter, page: CallPage): Promise<CallList>;
  /** Events after a position, oldest first, at most `limit`; undefined when that position is older than what is kept. */
  events(accountId: string, afterPosition: number, limit: number): Promise<readonly CallEventEnvelope[] | undefined>;
};

/** What the journal's shipping needs of the store: rows and cursor go in one transaction, so each record arrives exactly once. */
export type CallArchive = {
  /** The position up to which everything has been shipped. */
  cursor(): Promise<number>;
  ship(batch: ShippingBatch): Promise<void>;
};

export type ShippingBatch = {
  readonly cursor: number;
  /** In order of position. What they hold of events and outboxes goes to the store as it is: an object for each event cost 35 µs a plain call. */
  readonly records: readonly ShippedRecord[];
  /** Calls that ended with these records, as they ended. Live calls are in memory and in the journal only. */
  readonly calls: readonly Call[];
};

export type ShippedRecord = Pick<JournalRecord, "position" | "at" | "streams" | "outbox">;
