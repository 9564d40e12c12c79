import { beforeEach, describe, expect, test } from "vitest";
import { silentLogger } from "../kernel/index.ts";
import { decideCreation } from "./decide/decide.ts";
import { clockStart, fakeSurroundings, originateInput } from "./decide/fixture.ts";
import { envelopesOf, LiveViews, usersOf } from "./live-views.ts";
import type { Call } from "./model.ts";
import { outcomes } from "./outcome.ts";
import type { CallEventEnvelope, CallHistory, CallPage } from "./views.ts";

const accountId = originateInput.accountId;

function callAt(minute: number, more: Partial<Call> = {}): Call {
  const around = { ...fakeSurroundings(), now: clockStart + minute * 60_000 };
  const id = `${around.now.toString(16).padStart(12, "0")}${"0".repeat(12)}`;
  return { ...decideCreation({ ...originateInput, callId: id }, around).call, ...more };
}

const over = { endedAt: clockStart, outcome: outcomes.cancelled() };

/** A history as the store keeps it: whole records, newest first or as asked. */
class FakeHistory implements CallHistory {
  calls: Call[] = [];
  envelopes: CallEventEnvelope[] = [];
  prunedTo = 0;
  /** Runs while a question is on its way. */
  meanwhile: () => void = () => undefined;

  async get(account: string, callId: string) {
    return this.calls.find(({ id, accountId: owner }) => id === callId && owner === account);
  }

  async list(account: string, _filter: object, { limit, before, order, total }: CallPage) {
    await Promise.resolve();
    this.meanwhile();
    const sorted = this.calls.filter((call) => call.accountId === account).toSorted((a, b) => a.createdAt - b.createdAt);
    if (order !== "oldest") sorted.reverse();
    const beyond = before === undefined ? sorted : sorted.filter(({ id }) => (order === "oldest" ? id > before : id < before));
    return { items: beyond.slice(0, limit), more: beyond.length > limit, ...(total === true && { total: sorted.length }) };
  }

  async events(account: string, afterPosition: number, limit: number) {
    await Promise.resolve();
    if (afterPosition < this.prunedTo) return undefined;
    const later = this.envelopes.filter((envelope) => envelope.accountId === account && positionOf(envelope.id) > afterPosition);
    const last = later[limit - 1];
    this.meanwhile();
    return later.filter((envelope, index) => index < limit || positionOf(envelope.id) === positionOf(last?.id ?? ""));
  }
}

function positionOf(id: string): number {
  return Number(id.split(".")[0]);
}

const minutes = (items: readonly Call[]) => items.map(({ createdAt }) => (createdAt - clockStart) / 60_000);

/** Every tenth record is another account's. */
function idsFrom(first: number, last: number): readonly string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    .filter((at) => at % 10 !== 0)
    .flatMap((at) => [`${at}.0`, `${at}.1`]);
}

let history: FakeHistory;

beforeEach(() => {
  history = new FakeHistory();
});

describe("lists", () => {
  /** Calls 0 to 3 are in the history only, 4 has just got there, 5 has ended, 6 and 7 are live. */
  function views(): LiveViews {
    const made = new LiveViews(history, silentLogger, 0, () => 0);
    const calls = Array.from({ length: 8 }, (_, minute) => callAt(minute, minute < 6 ? over : {}));
    history.calls = calls.slice(0, 5);
    for (const call of calls.slice(4)) made.put(call);
    return made;
  }

  test.each([
    [{ limit: 3 }, [7, 6, 5], true],
    [{ limit: 3, offset: 3 }, [4, 3, 2], true],
    [{ limit: 3, offset: 6 }, [1, 0], false],
    [{ limit: 8 }, [7, 6, 5, 4, 3, 2, 1, 0], false],
    [{ limit: 3, order: "oldest" }, [0, 1, 2], true],
    [{ limit: 3, offset: 3, order: "oldest" }, [3, 4, 5], true],
    [{ limit: 3, before: callAt(5).id }, [4, 3, 2], true],
    [{ limit: 5, before: callAt(3).id, order: "oldest" }, [4, 5, 6, 7], false],
  ] as const)("%j gives %j, and more: %s", async (page, expected, more) => {
    const list = await views().list(accountId, {}, page);
    expect(minutes(list.items)).toEqual(expected);
    expect(list.more).toBe(more);
    expect(list).not.toHaveProperty("total");
  });

  test("a call in memory and in the history counts once, also in the total", async () => {
    expect((await views().list(accountId, {}, { limit: 8, total: true })).total).toBe(8);
  });

  test("a call that reaches the history while we ask is neither lost nor doubled", async () => {
    const made = views();
    history.meanwhile = () => {
      history.calls.push(callAt(5, over));
      made.forget(accountId, callAt(5).id);
    };
    expect(minutes((await made.list(accountId, {}, { limit: 8 })).items)).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
  });

  test.each([
    [{ live: true }, [7, 6]],
    [{ ids: [callAt(6).id] }, [6]],
    [{ createdFrom: clockStart + 5 * 60_000, createdBefore: clockStart + 7 * 60_000 }, [6, 5]],
    [{ userId: "somebody else" }, []],
    [{ userId: "user" }, [7, 6, 5, 4]],
    [{ from: "8144", to: "0100" }, [7, 6, 5, 4]],
    [{ to: "8144" }, []],
  ])("%j filters what is in memory", async (filter, expected) => {
    const made = views();
    history.calls = [];
    expect(minutes((await made.list(accountId, filter, { limit: 8 })).items)).toEqual(expected);
  });

  test("another account sees nothing of it, and finds nothing by id", async () => {
    const made = views();
    expect((await made.list("other", {}, { limit: 8, total: true })).total).toBe(0);
    expect(await made.get("other", callAt(7).id)).toBeUndefined();
    expect(await made.get("other", callAt(0).id)).toBeUndefined();
    expect((await made.get(accountId, callAt(7).id))?.id).toBe(callAt(7).id);
    expect((await made.get(accountId, callAt(0).id))?.id).toBe(callAt(0).id);
    expect([made.count(), made.count(accountId), made.count("other")]).toEqual([4, 4, 0]);
  });

  test("the users of a call are who made it and who is in it, each once", () => {
    const [party] = Object.values(callAt(0).parties);
    if (party === undefined) throw new Error("no party");
    const as = (id: string, userId: string) => ({ ...party, id, address: { kind: "user", userId, name: "" } as const });
    const parties = { p: as("p", "anna"), q: as("q", "user"), r: as("r", "anna") };
    expect(usersOf(callAt(0, { parties }))).toEqual(["user", "anna"]);
    expect(usersOf(callAt(0, { parties, origin: { kind: "trunk", trunkId: "t" } }))).toEqual(["anna", "user"]);
  });
});

describe("subscriptions", () => {
  let shippedTo: number;
  let position = 0;
  let views: LiveViews;
  const seen: string[] = [];
  const note = (event: CallEventEnvelope) => void seen.push(event.id);

  function recordOf(account: string, at = ++position) {
    const event = { kind: "data.changed", at: 1, set: {} } as const;
    return { position: at, at: 1, streams: [{ accountId: account, callId: "c", seq: 1, events: [event, event] }] };
  }

  const publish = (account = accountId) => views.publish(recordOf(account), []);

  beforeEach(() => {
    seen.length = 0;
    position = 0;
    shippedTo = Number.POSITIVE_INFINITY;
    views = new LiveViews(history, silentLogger, 0, () => shippedTo);
  });

  /** Records 1 to `count` are in the history, and a house began after them. */
  function begun(count: number): void {
    for (let at = 1; at <= count; at++) history.envelopes.push(...envelopesOf(recordOf(at % 10 === 0 ? "other" : accountId, at)));
    position = count;
    views = new LiveViews(history, silentLogger, count, () => shippedTo);
  }

  test("without an id only what is new comes, of this account, until it is closed", async () => {
    publish();
    const subscription = await views.subscribe(accountId, undefined, note);
    publish();
    publish("other");
    publish();
    subscription.close();
    publish();
    expect(seen).toEqual(["2.0", "2.1", "4.0", "4.1"]);
  });

  test("with an id of memory it goes on within the record, without asking the history", async () => {
    history.prunedTo = 1000;
    for (let count = 0; count < 4; count++) publish();
    await views.subscribe(accountId, "2.0", note);
    publish();
    expect(seen).toEqual(["2.1", "3.0", "3.1", "4.0", "4.1", "5.0", "5.1"]);
  });

  test("an older id reads the history page by page, then memory, and misses and doubles nothing that comes meanwhile", async () => {
    begun(1299);
    publish();
    history.meanwhile = () => publish();
    await views.subscribe(accountId, "7.1", note);
    history.meanwhile = () => undefined;
    publish();
    const made = Array.from({ length: position - 1299 }, (_, index) => index + 1300).flatMap((at) => [`${at}.0`, `${at}.1`]);
    expect(seen).toEqual([...idsFrom(8, 1299), ...made]);
  });

  test("when memory lets go of events while the history is read, they come from the history", async () => {
    begun(10);
    let asked = 0;
    history.meanwhile = () => {
      if (asked++ > 0) return;
      for (let count = 0; count < 15_001; count++) {
        const record = recordOf(accountId);
        views.publish(record, []);
        history.envelopes.push(...envelopesOf(record));
      }
    };
    await views.subscribe(accountId, "9.1", note);
    expect(seen).toEqual(Array.from({ length: 15_001 }, (_, index) => [`${index + 11}.0`, `${index + 11}.1`]).flat());
  });

  test("what the history has not got yet stays in memory", async () => {
    shippedTo = 3;
    for (let count = 0; count < 15_001; count++) publish();
    for (let at = 1; at <= shippedTo; at++) history.envelopes.push(...envelopesOf(recordOf(accountId, at)));
    await views.subscribe(accountId, "1.1", note);
    expect(seen).toEqual(Array.from({ length: 15_000 }, (_, index) => [`${index + 2}.0`, `${index + 2}.1`]).flat());
  });

  test.each(["3.1", "2000.0"])("an id that is no longer kept, or that we never gave, is EVENTS_GONE (%s)", async (afterId) => {
    begun(1299);
    history.prunedTo = 5;
    await expect(views.subscribe(accountId, afterId, note)).rejects.toMatchObject({ code: "EVENTS_GONE" });
    publish();
    expect(seen).toEqual([]);
  });

  test("a subscriber that fails holds no other back", async () => {
    await views.subscribe(accountId, undefined, () => {
      throw new Error("a bug");
    });
    await views.subscribe(accountId, undefined, note);
    publish();
    expect(seen).toEqual(["1.0", "1.1"]);
  });
});
