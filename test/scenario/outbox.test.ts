/** What somebody is owed because of a call reaches them in order, however often the process, the store or their own server is away. */
import { expect, test } from "vitest";
import { type Call, type CallArchive, type CallStep, evolve, type OutboxItem, type ShippingBatch } from "../../src/calls/index.ts";
import type { HttpOutcome, OutgoingRequest } from "../../src/http-client/index.ts";
import { createShipper, type Shipper } from "../../src/journal/index.ts";
import { silentLogger } from "../../src/kernel/index.ts";
import { createWebhooks } from "../../src/webhooks/index.ts";
import type { HouseOptions } from "../support/call-house.ts";
import { MemoryOutbox } from "../support/webhooks/memory-outbox.ts";
import { type Behaviour, crash, hangUp, originate, scene, type Scene } from "./scene.ts";

const flow = { start: "hello", nodes: { hello: { verb: "say", text: "Hello", repeat: -1 } } };
const told = { "leg.rang": "ringing", "leg.answered": "answered", "call.ended": "ended" } as const;

function outboxOf({ after, events }: CallStep): readonly OutboxItem[] {
  return events.flatMap((event, index) => {
    const status = event.kind in told ? told[event.kind as keyof typeof told] : undefined;
    const id = `${after.id}-${after.seq}-${index}`;
    return status === undefined ? [] : [{ id, accountId: after.accountId, key: after.id, url: "https://app.example/", body: { status } }];
  });
}

/** The store, which outlives the processes. */
class MemoryStore implements CallArchive {
  position = 0;
  readonly outbox = new MemoryOutbox();

  async cursor(): Promise<number> {
    return this.position;
  }

  async ship({ cursor, records }: ShippingBatch): Promise<void> {
    if (this.outbox.isAway) throw new Error("away");
    this.outbox.add(records.flatMap(({ position, outbox = [] }) => (position > this.position ? outbox : [])));
    this.position = cursor;
  }
}

const ok: HttpOutcome = { ok: true, status: 200, headers: {}, body: new Uint8Array(), url: "" };
const timeout: HttpOutcome = { ok: false, error: "timeout", detail: "" };

/** The house, what ships for it and what posts for it; `begin` makes them anew for a new process. */
class Post {
  readonly store = new MemoryStore();
  readonly requests: { readonly id: string; readonly status: string; readonly at: number }[] = [];
  /** What the receiver does with the next requests; undefined: it is silent. */
  answer: (() => HttpOutcome) | undefined = () => ok;
  #shipper: Shipper | undefined;
  #life: Life = { hasEnded: true };
  readonly options: HouseOptions = { outboxOf, ship: (record, ended) => this.#shipper?.offer(record, ended) };

  static async scene(behaviour?: Behaviour, options: HouseOptions = {}): Promise<Scene & { readonly post: Post }> {
    const post = new Post();
    const at = { ...(await scene(flow, behaviour, {}, { ...post.options, ...options })), post };
    post.begin(at);
    return at;
  }

  begin({ clock, journal, house }: Scene): void {
    const life = { hasEnded: false };
    this.#life = life;
    const webhooks = createWebhooks({
      store: aliveOnly(this.store.outbox, life),
      client: { request: (request) => this.#take(request, clock.now(), life) },
      clock,
      logger: silentLogger,
    });
    const disk = {
      get durable() {
        return journal.durable;
      },
      read: (after: number) => readAfter(journal.records, after),
      release: () => undefined,
    };
    this.#shipper = createShipper({
      journal: disk,
      archive: aliveOnly(this.store, life),
      clock,
      logger: silentLogger,
      stateOf: (accountId, callId) => house.views.inMemory(accountId, callId),
      evolve,
      shipped: () => undefined,
      filled: () => webhooks.wake(),
    });
  }

  /** What the process did is over at once: nothing of it reaches anybody any more. */
  die(): void {
    this.#life.hasEnded = true;
  }

  get statuses(): readonly string[] {
    return this.requests.map(({ status }) => status);
  }

  async #take({ body, headers }: OutgoingRequest, at: number, life: Life): Promise<HttpOutcome> {
    const { status } = JSON.parse(String(body)) as { status: string };
    this.requests.push({ id: headers["Idempotency-Key"] ?? "", status, at });
    const outcome = this.answer?.();
    return outcome === undefined || life.hasEnded ? never() : outcome;
  }
}

type Life = { hasEnded: boolean };

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

/** The methods of `target` for a process: after its death they do nothing and never settle. */
function aliveOnly<T extends object>(target: T, life: Life): T {
  return new Proxy(target, {
    get(_target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => (life.hasEnded ? never() : Reflect.apply(member, target, args));
    },
  });
}

async function* readAfter<T extends { readonly position: number }>(records: readonly T[], after: number): AsyncIterable<T> {
  for (const record of records) if (record.position > after) yield record;
}

/** Ends the process; `gapMs` later another one goes on. */
async function die(at: Scene & { readonly post: Post }, gapMs: number): Promise<void> {
  at.post.die();
  await crash(at, gapMs);
  at.post.begin(at);
  await at.clock.advanceAsync(50);
}

async function wholeCall(at: Scene & { readonly post: Post }): Promise<Call> {
  const call = await originate(at);
  await at.clock.advanceAsync(1500);
  await hangUp(at, call);
  return call;
}

test("each change of a call is told in order, at once and once", async () => {
  const at = await Post.scene();
  const startedAt = at.clock.now();
  const call = await wholeCall(at);
  expect(at.post.statuses).toEqual(["ringing", "answered", "ended"]);
  expect(new Set(at.post.requests.map(({ id }) => id)).size).toBe(3);
  const answered = at.journal.records.find(({ streams }) => streams[0]?.events.some(({ kind }) => kind === "leg.answered"));
  expect((at.post.requests[1]?.at ?? 0) - (answered?.at ?? 0)).toBeLessThan(20);
  expect(at.clock.now()).toBeGreaterThan(startedAt);
  expect(at.journal.records.flatMap(({ outbox = [] }) => outbox.map(({ key }) => key))).toEqual([call.id, call.id, call.id]);
});

test("what was on the disk and not in the store when the process died is told by the next one", async () => {
  const at = await Post.scene();
  at.post.store.outbox.isAway = true;
  const call = await originate(at);
  await at.clock.advanceAsync(1500);
  at.post.store.outbox.isAway = false;
  await die(at, 500);
  await hangUp(at, call);
  await at.clock.advanceAsync(2000);
  expect(at.post.statuses).toEqual(["ringing", "answered", "ended"]);
});

test("what was being posted when the process died is posted again, under the same id, before what comes after it", async () => {
  const at = await Post.scene();
  at.post.answer = undefined;
  const call = await originate(at);
  await at.clock.advanceAsync(1500);
  expect(at.post.statuses).toEqual(["ringing"]);
  at.post.answer = () => ok;
  await die(at, 500);
  await hangUp(at, call);
  await at.clock.advanceAsync(2000);
  expect(at.post.statuses).toEqual(["ringing", "ringing", "answered", "ended"]);
  expect(at.post.requests[1]?.id).toBe(at.post.requests[0]?.id);
});

test("what never was on the disk is never told", async () => {
  const at = await Post.scene({});
  await originate(at);
  await at.clock.advanceAsync(300);
  expect(at.post.statuses).toEqual(["ringing"]);
  at.journal.isStuck = true;
  at.far.usage().reject(486);
  await at.clock.advanceAsync(300);
  expect(at.post.statuses).toEqual(["ringing"]);
  at.journal.isStuck = false;
  await die(at, 100);
  at.journal.flush();
  await at.clock.advanceAsync(40_000);
  // The far end's answer is taken from its repeat, and told then.
  expect(at.post.statuses).toEqual(["ringing", "ended"]);
});

test("a receiver that is away gets all of it later, in order, and its calls are not held up", async () => {
  const at = await Post.scene();
  at.post.answer = () => timeout;
  const call = await wholeCall(at);
  expect(at.post.statuses).toEqual(["ringing"]);
  expect(call.id).toBeDefined();
  await at.clock.advanceAsync(31_000);
  at.post.answer = () => ok;
  await at.clock.advanceAsync(61_000);
  expect(at.post.statuses).toEqual(["ringing", "ringing", "ringing", "answered", "ended"]);
  expect(at.post.store.outbox.rows).toEqual([]);
});

test("a mistake in what is to be told costs what is told, not the call", async () => {
  const at = await Post.scene(undefined, {
    outboxOf: () => {
      throw new Error("a mistake");
    },
  });
  const call = await wholeCall(at);
  expect([at.post.statuses, at.far.log.ends, call.direction]).toEqual([[], ["ended"], "outbound"]);
});
