/**
 * Posts what is owed, at least once each and in order within a key, until the receiver has taken it or a day and a half have passed.
 *
 *     state      event                        then
 *     due        a place is free              under way: one of its key, a few of its host, so many in all
 *     under way  2xx within 2 s               settled
 *     under way  anything else                waits as the table of pauses says; its key waits with it
 *     under way  the same after the last      given up: logged and settled
 *
 * All of it is in the store: a process that dies repeats what was under way, with the same Idempotency-Key.
 */
import type { HttpClient, HttpOutcome } from "../http-client/index.ts";
import { type Clock, type Logger, sleep, type Timer } from "../kernel/index.ts";
import type { OutboxStore, OwedItem } from "./outbox-store.ts";

export type WebhookOptions = {
  readonly store: OutboxStore;
  readonly client: Pick<HttpClient, "request">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Requests under way; default 64. */
  readonly places?: number;
  /** Of them to one host; default 8. */
  readonly placesPerHost?: number;
};

export type Webhooks = {
  /** Something may be due. */
  wake(): void;
  counters(): WebhookCounters;
  /** Begins nothing more and settles when what is under way has ended, which takes 2 s at most. */
  close(): Promise<void>;
};

export type WebhookCounters = {
  readonly underWay: number;
  readonly delivered: number;
  readonly failedAttempts: number;
  readonly givenUp: number;
};

const [second, minute, hour] = [1000, 60_000, 3_600_000];
const pausesMs = [30 * second, ...[1, 2, 5, 10, 15, 30].map((count) => count * minute), ...[1, 2, 4, 8, 24].map((count) => count * hour)];
const limits = { timeoutMs: 2000, maxBytes: 65_536, redirects: 3 };
const pollMs = 1000;

/** Begins with what a former process left. */
export function createWebhooks(options: WebhookOptions): Webhooks {
  const deliveries = new Deliveries(options);
  deliveries.wake();
  return deliveries;
}

class Deliveries implements Webhooks {
  readonly #options: WebhookOptions;
  readonly #places: number;
  readonly #placesPerHost: number;
  /** By key. */
  readonly #underWay = new Map<string, { readonly host: string; readonly done: Promise<void> }>();
  #delivered = 0;
  #failedAttempts = 0;
  #givenUp = 0;
  #isAsking = false;
  #isWoken = false;
  #isClosed = false;
  #isStoreAway = false;
  #poll: Timer | undefined;

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#places = options.places ?? 64;
    this.#placesPerHost = options.placesPerHost ?? 8;
  }

  counters(): WebhookCounters {
    return {
      underWay: this.#underWay.size,
      delivered: this.#delivered,
      failedAttempts: this.#failedAttempts,
      givenUp: this.#givenUp,
    };
  }

  wake(): void {
    this.#isWoken = true;
    if (!this.#isAsking && !this.#isClosed) void this.#ask();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#poll?.cancel();
    await Promise.all([...this.#underWay.values()].map(({ done }) => done));
  }

  /** Fills the free places. Items that become due later are found by asking again. */
  async #ask(): Promise<void> {
    this.#isAsking = true;
    this.#poll?.cancel();
    while (this.#isWoken && !this.#isClosed && this.#underWay.size < this.#places) {
      this.#isWoken = false;
      const items = await this.#due();
      for (const item of items) this.#begin(item);
      // There may be more behind those of a host that is full now.
      if (items.length > 0) this.#isWoken = true;
    }
    this.#isAsking = false;
    if (!this.#isClosed) this.#poll = this.#options.clock.after(pollMs, () => this.wake());
  }

  async #due(): Promise<readonly OwedItem[]> {
    const { store, clock, logger } = this.#options;
    const query = { now: clock.now(), limit: this.#places - this.#underWay.size, exceptKeys: [...this.#underWay.keys()] };
    try {
      const items = await store.due({ ...query, exceptHosts: this.#fullHosts() });
      this.#isStoreAway = false;
      return items;
    } catch (error) {
      if (!this.#isStoreAway) logger.warn({ error: String(error) }, "The store does not say what is to be posted; it is asked again.");
      this.#isStoreAway = true;
      return [];
    }
  }

  #fullHosts(): readonly string[] {
    const counts = Map.groupBy(this.#underWay.values(), ({ host }) => host);
    return [...counts].flatMap(([host, { length }]) => (length >= this.#placesPerHost ? [host] : []));
  }

  #begin(item: OwedItem): void {
    if (this.#isClosed || this.#underWay.has(item.key) || this.#fullHosts().includes(item.host)) return;
    const done = this.#deliver(item).then(() => {
      this.#underWay.delete(item.key);
      this.wake();
    });
    this.#underWay.set(item.key, { host: item.host, done });
  }

  async #deliver(item: OwedItem): Promise<void> {
    const { client, clock, logger, store } = this.#options;
    const headers = { "Content-Type": "application/json", "Idempotency-Key": item.id };
    const outcome = await client.request({ method: "POST", url: item.url, headers, body: JSON.stringify(item.body), ...limits });
    if (isTaken(outcome)) {
      this.#delivered += 1;
      return this.#note(() => store.settle(item.id));
    }
    // The address may hold a secret; its host does not.
    const { id, accountId, key, host, attempts } = item;
    const fields = { id, accountId, host, attempts: attempts + 1, outcome: outcome.ok ? outcome.status : outcome.error };
    // A server that stops is no failure of the receiver's.
    if (!outcome.ok && outcome.error === "cancelled") return;
    this.#failedAttempts += 1;
    const pauseMs = pausesMs[attempts];
    if (pauseMs !== undefined) {
      logger.info(fields, "A webhook was not taken; it is sent again.");
      return this.#note(() => store.postpone(id, key, clock.now() + pauseMs));
    }
    this.#givenUp += 1;
    logger.warn(fields, "A webhook was never taken and is given up.");
    return this.#note(() => store.settle(id));
  }

  /** Until the store has it, the key stays where it is: repeating a request that was taken would be worse than waiting. */
  async #note(write: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await write();
      } catch (error) {
        this.#options.logger.warn({ error: String(error) }, "The store does not take what became of a webhook.");
      }
      if (this.#isClosed) return;
      await sleep(this.#options.clock, pollMs);
    }
  }
}

/** What a receiver says after "200" matters to nobody, however much it is. */
function isTaken(outcome: HttpOutcome): boolean {
  const { status = 0 } = outcome;
  return status >= 200 && status < 300;
}
