import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endedCall, exampleId } from "../../test/support/store/example-calls.ts";
import { openTestStore, type TestStore } from "../../test/support/store/open-test-store.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import type { Call, CallEventEnvelope, CallFilter, CallPage, ShippedRecord } from "../calls/index.ts";
import { silentLogger } from "../kernel/index.ts";
import { StoredArchive } from "./call-archive.ts";
import type { Database } from "./database.ts";
import { EventRetention } from "./event-retention.ts";

const start = 1_700_000_000_000;
let opened: TestStore;
let db: Database;
beforeAll(async () => {
  opened = await openTestStore();
  db = opened.connect();
});
afterAll(async () => {
  await opened[Symbol.asyncDispose]();
});

let cursor = 0;
/** Ships events of consecutive positions, each with `perRecord` events, and calls. */
async function ship(
  accountId: string,
  records: number,
  perRecord = 1,
  calls: readonly Call[] = [],
  at = start,
): Promise<CallEventEnvelope[]> {
  const events = Array.from({ length: records * perRecord }, (_, index): CallEventEnvelope => {
    const id = `${cursor + 1 + Math.floor(index / perRecord)}.${index % perRecord}`;
    return { id, accountId, callId: "c1", at, event: { kind: "data.changed", at, set: { key: `é " \\ ${id}`, gone: null } } };
  });
  cursor += records;
  await opened.store.archive.ship({ cursor, records: recordsOf(events), calls });
  return events;
}

/** The records whose events these are, each of one call. */
function recordsOf(envelopes: readonly CallEventEnvelope[]): ShippedRecord[] {
  return [...Map.groupBy(envelopes, ({ id }) => Number.parseInt(id, 10))].map(([position, [first, ...others]]) => {
    if (first === undefined) throw new Error("a group has a member");
    const { accountId, callId, at } = first;
    return { position, at, streams: [{ accountId, callId, seq: position, events: [first, ...others].map(({ event }) => event) }] };
  });
}

function list(filter: CallFilter, page: Partial<CallPage> = {}) {
  return opened.store.history.list("acme", filter, { limit: 100, ...page });
}

describe("finished calls", () => {
  const calls = Array.from({ length: 10 }, (_, index) =>
    endedCall(exampleId(start + Math.floor(index / 2) * 1000, index), "acme", {
      from: index % 2 === 0 ? "+12025550100" : "alice%",
      to: `+1814404309${index}`,
      ...(index === 3 ? { origin: { kind: "request", by: "u1" } as const } : {}),
      ...(index === 7
        ? {
            parties: {
              p: { id: "p", role: "agent", address: { kind: "user", userId: "u1", name: "Alice" }, joinedAt: 1, ringMs: 1 },
            } as const,
          }
        : {}),
    }),
  );
  const other = endedCall(exampleId(start, 99), "other");
  beforeAll(() => ship("acme", 1, 1, [...calls, other]));

  const newest = calls.toReversed();

  test("one is found by its account alone, whole", async () => {
    expect(await opened.store.history.get("acme", calls[3]?.id ?? "")).toEqual(calls[3]);
    expect(await opened.store.history.get("acme", other.id)).toBeUndefined();
  });

  test("lists are newest first, or oldest first when asked", async () => {
    expect(await list({})).toEqual({ items: newest, more: false });
    expect(await list({}, { order: "oldest", limit: 3 })).toEqual({ items: calls.slice(0, 3), more: true });
  });

  test.each<[string, CallFilter, (call: Call, index: number) => boolean]>([
    ["ids", { ids: [exampleId(start, 0), exampleId(start, 99), "none"] }, (_, index) => index === 0],
    ["no ids", { ids: [] }, () => false],
    ["who created it or was in it", { userId: "u1" }, (_, index) => index === 3 || index === 7],
    ["from a time on", { createdFrom: start + 2000 }, (_, index) => index >= 4],
    ["before a time", { createdBefore: start + 2000 }, (_, index) => index < 4],
    ["a part of the caller", { from: "ce%" }, (_, index) => index % 2 === 1],
    ["no wildcard", { from: "%ce" }, () => false],
    ["a part of the callee", { to: "3095" }, (_, index) => index === 5],
    ["all at once", { userId: "u1", from: "alice", createdFrom: start + 2000 }, (_, index) => index === 7],
    ["ended ones", { live: false }, () => true],
    ["live ones", { live: true }, () => false],
  ])("filter by %s", async (_, filter, keeps) => {
    const kept = calls.filter(keeps).toReversed();
    expect(await list(filter, { total: true })).toEqual({ items: kept, more: false, total: kept.length });
  });

  test("pages by offset and by cursor meet every call once", async () => {
    expect(await list({}, { limit: 4, offset: 4, total: true })).toEqual({ items: newest.slice(4, 8), more: true, total: 10 });
    for (const order of ["newest", "oldest"] as const) {
      const seen: string[] = [];
      for (let before: string | undefined; ; before = seen.at(-1)) {
        const page = await list({}, { limit: 3, order, ...(before === undefined ? {} : { before }) });
        seen.push(...page.items.map(({ id }) => id));
        if (!page.more) break;
      }
      expect(seen).toEqual((order === "newest" ? newest : calls).map(({ id }) => id));
    }
  });

  test("values that are empty or odd are taken as well", async () => {
    const odd = [
      endedCall(exampleId(start, 700), "odd", { from: "", to: "", data: { "\u0000\n": "\ud800 \u2028" } }),
      endedCall(exampleId(start, 701), "odd", { from: "a\nb\u0000c" }),
    ];
    for (const call of odd) await ship("odd", 1, 1, [call]);
    expect((await opened.store.history.list("odd", {}, { limit: 9, order: "oldest" })).items).toEqual(odd);
    expect((await opened.store.history.list("odd", { from: "a b c" }, { limit: 9 })).items).toEqual([odd[1]]);
  });

  test("a cursor may be a call that is live and so not here", async () => {
    const before = exampleId(start + 2000, 0xffff);
    expect((await list({}, { before })).items).toEqual(newest.slice(4));
  });
});

describe("events", () => {
  test("come after a position, in order, as they were", async () => {
    const from = cursor;
    const events = await ship("events", 5, 2);
    expect(await opened.store.history.events("events", from, 100)).toEqual(events);
    expect(await opened.store.history.events("events", from + 2, 100)).toEqual(events.slice(4));
    expect(await opened.store.history.events("nobody", from, 100)).toEqual([]);
  });

  test("a page ends with a whole record", async () => {
    const from = cursor;
    const events = await ship("pages", 4, 3);
    expect(await opened.store.history.events("pages", from, 4)).toEqual(events.slice(0, 6));
    expect(await opened.store.history.events("pages", from, 6)).toEqual(events.slice(0, 6));
  });

  test("a batch that is shipped again, whole or with more, arrives once", async () => {
    const from = cursor;
    const first = await ship("again", 2);
    const call = endedCall(exampleId(start, 500), "again");
    await opened.store.archive.ship({ cursor, records: recordsOf(first), calls: [call] });
    const more = await ship("again", 1);
    await new StoredArchive(db).ship({
      cursor: cursor + 1,
      records: recordsOf([...first, ...more]),
      calls: [call],
    });
    cursor += 1;
    expect(await opened.store.history.events("again", from, 100)).toHaveLength(3);
    expect(await opened.store.archive.cursor()).toBe(cursor);
    expect(await opened.store.history.get("again", call.id)).toEqual(call);
    await opened.store.archive.ship({ cursor: from + 1, records: recordsOf(first.slice(0, 1)), calls: [] });
    expect(await opened.store.archive.cursor()).toBe(cursor);
  });

  test("rows and cursor arrive together or not at all", async () => {
    const from = cursor;
    const events = [{ kind: "data.changed", at: Number.NaN, set: {} }] as const;
    const broken: ShippedRecord = { position: cursor + 1, at: start, streams: [{ accountId: "broken", callId: "c", seq: 1, events }] };
    const call = endedCall(exampleId(start, 600), "broken");
    await expect(opened.store.archive.ship({ cursor: cursor + 1, records: [broken], calls: [call] })).rejects.toThrow();
    expect(await opened.store.archive.cursor()).toBe(from);
    expect(await opened.store.history.get("broken", call.id)).toBeUndefined();
  });

  test("old ones are pruned in steps, and a position before what is left is told to be gone", async () => {
    const week = 7 * 24 * 3_600_000;
    const old = await ship("old", 3000);
    const recent = await ship("old", 2, 1, [], start + week);
    const clock = new VirtualClock(start + week + 1);
    const retention = new EventRetention(db, clock, silentLogger);
    let steps = 0;
    while (await retention.prune()) steps++;
    await retention.stop();
    expect(steps).toBeGreaterThan(1);
    expect(clock.armed).toBe(0);
    const lastOld = Number.parseInt(old.at(-1)?.id ?? "", 10);
    expect(await opened.store.history.events("old", lastOld - 1, 10)).toBeUndefined();
    expect(await opened.store.history.events("old", lastOld, 10)).toEqual(recent);
  });
});

test("bindings come back as they were saved", async () => {
  const { bindings } = opened.store;
  const binding = {
    accountId: "acme",
    phoneId: "p1",
    contact: "sip:zoe@192.0.2.7:5062;transport=tcp",
    flow: undefined,
    callId: "x@y",
    sequence: 7,
    expiresAtMs: start,
    source: { protocol: "udp", address: "192.0.2.7", port: 5062 },
    preference: 0.5,
    userAgent: "baresip",
  } as const;
  await bindings.save({ ...binding, sequence: 6 });
  await bindings.save(binding);
  await bindings.save({ ...binding, contact: "sip:other@192.0.2.8" });
  await bindings.remove("p1", "sip:other@192.0.2.8");
  expect(await bindings.load()).toEqual([binding]);
});
