import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nativeApi, type NativeApi } from "../../../../test/support/fakes/native.ts";

let api: NativeApi;

beforeEach(async () => {
  api = await nativeApi();
});
afterEach(() => api.server.close());

const to = "+12025550100";
const start = (more: object = {}, headers: Record<string, string> = {}) =>
  api.ask("manager", "POST", "/v1/calls", { to, callerId: api.number, flowId: api.flowId, ...more }, headers);

describe("starting", () => {
  test("answers 201 with the call and where it is", async () => {
    const { status, headers, body } = await start({ data: { order: "17" }, ringMs: 20_000 });
    expect(status).toBe(201);
    expect(headers["location"]).toBe(`/v1/calls/${body.id}`);
    expect(body).toMatchObject({
      state: "dialling",
      direction: "outbound",
      from: api.number,
      to,
      createdBy: api.users.manager.id,
      createdAt: "2026-01-01T00:00:00.000Z",
      answeredAt: null,
      outcome: null,
      flow: { id: api.flowId, version: 1, node: null, variables: {} },
      limits: { ringMs: 20_000, totalMs: 3_600_000 },
      data: { order: "17" },
      parties: [{ role: "callee", number: to, userId: null, state: "dialling" }],
      legs: [{ direction: "outbound", state: "inviting", sipStatus: null }],
    });
  });

  test("presents a number of the account when no caller id is named", async () => {
    const { status, body } = await api.ask("manager", "POST", "/v1/calls", { to, flowId: api.flowId });
    expect([status, body.from]).toEqual([201, api.number]);
  });

  test("says so when the account owns no number", async () => {
    for (const row of api.directory.numbers.list(api.accountId)) await api.directory.numbers.remove(api.accountId, row.id);
    const { status, body } = await api.ask("manager", "POST", "/v1/calls", { to, flowId: api.flowId });
    expect([status, body.code]).toEqual([422, "CALL_NO_CALLER_ID"]);
  });

  test("a number that no trunk takes gives a call that ended without a route", async () => {
    const { status, body } = await start({ to: "+441632960000" });
    expect(status).toBe(201);
    expect(body).toMatchObject({ state: "ended", outcome: { result: "no-route", side: "local", sipStatus: 404, q850: 3 } });
  });

  test("the same Idempotency-Key gives the same call, and no other one", async () => {
    const key = { "idempotency-key": "order-17" };
    const first = await start({}, key);
    const again = await start({}, key);
    expect([again.status, again.body.id]).toEqual([201, first.body.id]);
    const other = await start({ to: "+12025550101" }, key);
    expect([other.status, other.body.code]).toEqual([409, "API_KEY_REUSED"]);
    const byAdministrator = await api.ask("administrator", "POST", "/v1/calls", { to, flowId: api.flowId }, key);
    expect(byAdministrator.body.id).not.toBe(first.body.id);
  });

  test.each([
    ["CALL_FLOW_UNKNOWN", 422, { flowId: "nothing" }],
    ["CALL_NUMBER_INVALID", 422, { to: "12025550100" }],
    ["CALL_CALLER_ID_NOT_OWNED", 422, { callerId: "+12025550101" }],
  ])("%s", async (code, status, wrong) => {
    const answer = await start(wrong);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  test("503 while no new calls are taken", async () => {
    api.calls.isUnavailable = true;
    const { status, body } = await start();
    expect([status, body.code]).toEqual([503, "CALLS_UNAVAILABLE"]);
  });
});

describe("changing", () => {
  let id: string;
  beforeEach(async () => {
    id = (await start()).body.id;
  });

  test("hold and retrieve are refused before there is an answer", async () => {
    api.calls.ring(id);
    expect((await api.ask("manager", "GET", `/v1/calls/${id}`)).body.state).toBe("ringing");
    const { status, body } = await api.ask("manager", "POST", `/v1/calls/${id}/hold`);
    expect([status, body.code]).toEqual([409, "CALL_STATE_FORBIDS"]);
    expect(body.detail).toContain("no party is active");
  });

  test("hold, retrieve, hang up", async () => {
    api.calls.answer(id);
    api.clock.advance(5_000);
    const held = await api.ask("manager", "POST", `/v1/calls/${id}/hold`, { reason: "lunch" });
    expect(held.body).toMatchObject({
      state: "held",
      parties: [{ state: "held", heldBy: api.users.manager.id, holdReason: "lunch", talkedMs: 5_000 }],
    });
    api.clock.advance(2_000);
    const back = await api.ask("manager", "POST", `/v1/calls/${id}/retrieve`);
    expect(back.body).toMatchObject({ state: "answered", parties: [{ state: "active", heldBy: null, heldMs: 2_000 }] });
    const ended = await api.ask("manager", "POST", `/v1/calls/${id}/hang-up`, {});
    expect(ended.body).toMatchObject({ state: "ended", outcome: { result: "completed", side: "local", q850: 16 } });
    const again = await api.ask("manager", "POST", `/v1/calls/${id}/hang-up`);
    expect([again.status, again.body.code]).toEqual([409, "CALL_ENDED"]);
  });

  test("durations that run are counted up to now, and stop with the call", async () => {
    api.calls.answer(id);
    api.clock.advance(3_000);
    expect((await api.ask("manager", "GET", `/v1/calls/${id}`)).body.parties[0]?.talkedMs).toBe(3_000);
    api.calls.end(id);
    api.clock.advance(60_000);
    expect((await api.ask("manager", "GET", `/v1/calls/${id}`)).body.parties[0]).toMatchObject({ talkedMs: 3_000, state: "left" });
  });

  test("data: null removes a key", async () => {
    await api.ask("manager", "PATCH", `/v1/calls/${id}`, { data: { a: "1", b: "2" } });
    const { body } = await api.ask("manager", "PATCH", `/v1/calls/${id}`, { data: { a: null } });
    expect(body.data).toEqual({ b: "2" });
  });

  test("a call of another account does not exist", async () => {
    const call = await api.views.get(api.accountId, id);
    if (call === undefined) throw new Error("no call");
    api.views.put({ ...call, id: "elsewhere", accountId: "another" });
    for (const [method, url] of [
      ["GET", "/v1/calls/elsewhere"],
      ["POST", "/v1/calls/elsewhere/hang-up"],
    ] as const) {
      const { status, body } = await api.ask("administrator", method, url);
      expect([status, body.code]).toEqual([404, "CALL_NOT_FOUND"]);
    }
  });
});

describe("the role user", () => {
  test("sees and ends calls it takes part in, and no others", async () => {
    const mine = (await start()).body.id;
    const other = (await start()).body.id;
    const call = await api.views.get(api.accountId, mine);
    if (call === undefined) throw new Error("no call");
    const user = api.users.user;
    const partyId = "agent";
    const party = {
      id: partyId,
      role: "agent",
      address: { kind: "user", userId: user.id, name: "U" },
      joinedAt: call.createdAt,
      ringMs: 1,
    } as const;
    api.views.put({ ...call, parties: { ...call.parties, [partyId]: party } });
    const list = await api.ask("user", "GET", "/v1/calls");
    expect(list.body.items.map(({ id }) => id)).toEqual([mine]);
    const asked = await api.ask("user", "GET", `/v1/calls?userId=${api.users.manager.id}`);
    expect(asked.body.items.map(({ id }) => id)).toEqual([mine]);
    expect((await api.ask("user", "GET", `/v1/calls/${other}`)).status).toBe(404);
    expect((await api.ask("user", "POST", `/v1/calls/${other}/hang-up`)).status).toBe(404);
    expect((await api.ask("user", "POST", `/v1/calls/${mine}/hang-up`)).status).toBe(200);
  });
});

describe("listing", () => {
  test("pages through, newest first, without loss when calls are added meanwhile", async () => {
    const made: string[] = [];
    for (let count = 0; count < 5; count++) {
      api.clock.advance(1_000);
      made.unshift((await start()).body.id);
    }
    const seen: string[] = [];
    let url = "/v1/calls?limit=2";
    for (let page = 0; page < 3; page++) {
      const { body } = await api.ask("manager", "GET", url);
      seen.push(...body.items.map(({ id }) => id));
      if (page === 0) await start();
      url = `/v1/calls?limit=2&cursor=${body.nextCursor}`;
      if (page === 2) expect(body.nextCursor).toBeNull();
    }
    expect(seen).toEqual(made);
  });

  test("filters by life, number and time", async () => {
    const live = (await start()).body.id;
    api.clock.advance(60_000);
    const ended = (await start({ to: "+302101234567" })).body.id;
    api.calls.end(ended);
    const found = async (query: string) => (await api.ask("manager", "GET", `/v1/calls?${query}`)).body.items.map(({ id }) => id);
    expect(await found("live=true")).toEqual([live]);
    expect(await found("live=false")).toEqual([ended]);
    expect(await found("to=302101")).toEqual([ended]);
    expect(await found("from=18144")).toEqual([ended, live]);
    expect(await found("createdFrom=2026-01-01T00:00:30Z")).toEqual([ended]);
    expect(await found("createdBefore=2026-01-01T00:00:30Z")).toEqual([live]);
  });
});
