import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nativeApi, type NativeApi } from "../../../../test/support/fakes/native.ts";
import type { Call, Seat } from "../../../calls/index.ts";

let api: NativeApi;
let call: Call;
let partyId: string;
beforeEach(async () => {
  api = await nativeApi();
  const made = await api.calls.dial(api.accountId, { by: api.users.user.id, to: "5002" });
  call = api.calls.answer(made.id);
  partyId = Object.keys(call.parties)[0] ?? "";
});
afterEach(() => api.server.close());

const ask = (role: "manager" | "user", method: "POST" | "PATCH" | "DELETE", path: string, body?: object) =>
  api.ask(role, method, `/v1/calls/${call.id}${path}`, body);
const by = (role: "manager" | "user") => api.users[role].id;

describe("asks the call", () => {
  test.each([
    ["POST", "/parties", { to: "5003", ringMs: 5_000 }, { kind: "add-party", to: "5003", ringMs: 5_000 }],
    ["POST", "/supervise", { partyId: "p" }, { kind: "supervise", partyId: "p", mode: "listen" }],
    ["POST", "/supervise", { partyId: "p", mode: "coach", to: "5003" }, { kind: "supervise", partyId: "p", mode: "coach", to: "5003" }],
    [
      "PATCH",
      "/parties/p",
      { muted: true, deaf: false, volumeDb: -6, gainDb: 3.5, supervision: "barge" },
      { kind: "set-party", partyId: "p", muted: true, deaf: false, volumeDb: -6, gainDb: 3.5, mode: "barge" },
    ],
  ] as const)("%s %s %j", async (method, path, body, command) => {
    const answer = await ask("manager", method, path, body);
    expect([answer.status, answer.body.id]).toEqual([200, call.id]);
    expect(api.calls.commands).toEqual([{ ...command, by: by("manager") }]);
  });

  test("DELETE takes the party out", async () => {
    expect((await ask("manager", "DELETE", `/parties/${partyId}`)).body.state).toBe("ended");
  });

  test("once for one key", async () => {
    const headers = { "idempotency-key": "a" };
    for (let times = 0; times < 2; times++) await api.ask("manager", "POST", `/v1/calls/${call.id}/parties`, { to: "5003" }, headers);
    expect(api.calls.commands).toHaveLength(1);
  });
});

describe("a user", () => {
  test("changes and takes out their own party", async () => {
    expect((await ask("user", "PATCH", `/parties/${partyId}`, { muted: true })).status).toBe(200);
    expect(api.calls.commands).toEqual([{ kind: "set-party", partyId, muted: true, by: by("user") }]);
    expect((await ask("user", "DELETE", `/parties/${partyId}`)).status).toBe(200);
  });

  test.each([
    ["another party", "PATCH", "/parties/other", { muted: true }, "CALL_NOT_A_PARTY"],
    ["another party", "DELETE", "/parties/other", undefined, "CALL_NOT_A_PARTY"],
    ["whom they supervise", "PATCH", "", { supervision: "barge" }, "API_ROLE_MISSING"],
  ] as const)("does not change %s", async (_what, method, path, body, code) => {
    const answer = await ask("user", method, path === "" ? `/parties/${partyId}` : path, body);
    expect([answer.status, answer.body.code]).toEqual([403, code]);
    expect(api.calls.commands).toEqual([]);
  });
});

test("an unknown party is not found", async () => {
  api.calls.refusal = "CALL_PARTY_UNKNOWN";
  const answer = await ask("manager", "PATCH", "/parties/nobody", { muted: true });
  expect([answer.status, answer.body.code]).toEqual([404, "CALL_PARTY_UNKNOWN"]);
});

test("a party is shown with how it hears and what it hears", async () => {
  const [bridge] = Object.values(call.bridges);
  const [party] = Object.values(call.parties);
  const [leg] = Object.values(call.legs);
  if (bridge === undefined || party === undefined || leg === undefined) throw new Error("nobody is there");
  const supervises = { mode: "coach", partyId: "agent" } as const;
  const seat = { ...(bridge.seats[partyId] as Seat), deaf: true, volumeDb: -3, gainDb: 2, supervises };
  const prompt = { promptId: "p", items: [], bargeIn: false, begunAt: 0, offsetMs: 700, start: 1 };
  const playing = { ...party, prompt: { ...prompt, isPaused: true as const, volumeDb: 4 }, announcement: { ...prompt, promptId: "n" } };
  const lost = { ...leg, mediaLost: { at: api.clock.now(), deadlineAt: api.clock.now() + 1 } };
  api.views.put({
    ...call,
    bridges: { [bridge.id]: { ...bridge, seats: { [partyId]: seat } } },
    parties: { [partyId]: playing },
    legs: { [leg.id]: lost },
  });
  const counters = { packetsSent: 5, packetsReceived: 4, packetsLost: 1, packetsDropped: 0, jitterMs: 2.5, mos: 4.2 };
  api.views.qualities.set(leg.id, counters);
  const { body } = await api.ask("manager", "GET", `/v1/calls/${call.id}`);
  expect(body.parties[0]).toMatchObject({
    deaf: true,
    volumeDb: -3,
    gainDb: 2,
    supervises,
    playback: { id: "p", isPaused: true, positionMs: 700, volumeDb: 4 },
    announcementId: "n",
  });
  const unknown = { roundTripMs: null, remoteLossFraction: null, remoteJitterMs: null };
  expect(body.legs[0]).toMatchObject({ mediaLostAt: "2026-01-01T00:00:00.000Z", quality: { ...counters, ...unknown } });
});
