/** A supervisor listens to an agent, coaches and barges in; whoever comes or goes, the right people stay in the talk. */
import { describe, expect, test } from "vitest";
import { storyOf } from "../support/call-house.ts";
import { type Colleague, dial, hearing, now, type Office, office, order, partyOf, seats, talking } from "./agents.ts";
import { crash, requestsFrom } from "./scene.ts";
import type { Call } from "../../src/calls/index.ts";

const refused = { code: "CALL_STATE_FORBIDS" };
const asked = { autoAnswers: true };

/** Ann talks to a number, and Cleo supervises Ann. */
async function supervised(mode: "listen" | "coach" | "barge" = "listen"): Promise<{ at: Office; call: Call }> {
  const at = await office({ cleo: asked });
  const begun = await talking(at, "ann", "+12025550123");
  const call = await order(at, begun, "cleo", { kind: "supervise", partyId: partyOf(begun, "ann"), mode });
  return { at, call: await now(at, call) };
}

const set = (at: Office, call: Call, mode: "listen" | "coach" | "barge") =>
  order(at, call, "cleo", { kind: "set-party", partyId: partyOf(call, "cleo"), mode });

describe("the supervisor's own phone", () => {
  test("is asked to answer by itself and joins unheard; then coaches, barges in and listens again", async () => {
    const { at, call } = await supervised();
    const customer = "+12025550123";
    expect(hearing(at, call)).toEqual({ ann: customer, [customer]: "ann", cleo: `ann ${customer}` });
    await set(at, call, "coach");
    expect(hearing(at, call)).toEqual({ ann: `${customer} cleo`, [customer]: "ann", cleo: `ann ${customer}` });
    await set(at, call, "barge");
    expect(hearing(at, call)).toEqual({ ann: `${customer} cleo`, [customer]: "ann cleo", cleo: `ann ${customer}` });
    await set(at, call, "listen");
    expect(hearing(at, call)).toMatchObject({ ann: customer, [customer]: "ann" });
    expect([...at.phones.cleo.log.names].filter((name) => name === "offered")).toEqual([]);
  });

  test("rings while the two go on talking, and when nobody answers nothing has happened", async () => {
    const at = await office({ cleo: {} });
    const call = await talking(at);
    await order(at, call, "cleo", { kind: "supervise", partyId: partyOf(call, "ann"), mode: "barge" });
    expect(hearing(at, await now(at, call))).toEqual({ ann: "ben", ben: "ann" });
    await at.clock.advanceAsync(61_000);
    expect(seats(await now(at, call))).toEqual({ ann: "active", ben: "active", cleo: "left" });
  });

  test("goes on after the process died as it was", async () => {
    const { at, call } = await supervised("coach");
    await crash(at, 500);
    expect(hearing(at, await now(at, call))).toMatchObject({ ann: "+12025550123 cleo", "+12025550123": "ann" });
  });
});

describe("who leaves", () => {
  test("the supervisor: the talk goes on", async () => {
    const { at, call } = await supervised("coach");
    at.phones.cleo.usage().bye();
    await at.clock.advanceAsync(500);
    expect(seats(await now(at, call))).toMatchObject({ ann: "active", "+12025550123": "active", cleo: "left" });
  });

  test("the agent, or the customer: all of it ends, the supervisor's leg too", async () => {
    for (const who of ["ann", "far"] as const) {
      const { at, call } = await supervised();
      (who === "ann" ? at.phones.ann : at.far).usage().bye();
      await at.clock.advanceAsync(500);
      expect(await now(at, call)).toMatchObject({ endedAt: expect.any(Number) as number });
      expect(requestsFrom(at.network, "192.0.2.1", "BYE").map(({ uri }) => uri)).toContain("sip:leg-b@192.0.2.73:5060");
    }
  });

  test("the agent, after the supervisor barged in: the supervisor goes on with the customer until one of them leaves", async () => {
    const { at, call } = await supervised("barge");
    at.phones.ann.usage().bye();
    await at.clock.advanceAsync(500);
    const after = await now(at, call);
    expect(hearing(at, after)).toEqual({ cleo: "+12025550123", "+12025550123": "cleo" });
    await expect(set(at, after, "listen")).rejects.toMatchObject(refused);
    at.far.usage().bye();
    await at.clock.advanceAsync(500);
    expect(await now(at, call)).toMatchObject({ endedAt: expect.any(Number) as number });
  });

  test("the agent, after the supervisor barged in and went back to listening: the customer is not left alone", async () => {
    const { at, call } = await supervised("barge");
    await set(at, call, "listen");
    at.phones.ann.usage().bye();
    await at.clock.advanceAsync(500);
    expect(await now(at, call)).toMatchObject({ endedAt: expect.any(Number) as number });
  });
});

describe("who only listens", () => {
  test("is not put on hold, sends no digits to the talk and hands nobody over", async () => {
    const { at, call } = await supervised("coach");
    const held = await order(at, call, "ann", { kind: "hold" });
    expect(seats(held)).toEqual({ ann: "active", "+12025550123": "held", cleo: "active" });
    expect(hearing(at, held)).toMatchObject({ ann: "cleo", "+12025550123": "hold-music", cleo: "ann" });
    await order(at, call, "ann", { kind: "retrieve" });
    await expect(order(at, call, "cleo", { kind: "send-digits", digits: "1" })).rejects.toMatchObject(refused);
    await expect(order(at, call, "cleo", { kind: "transfer", to: "5002" })).rejects.toMatchObject(refused);
    await order(at, call, "ann", { kind: "send-digits", digits: "1" });
    const digits = at.house.media.plans.get(call.id)?.endpoints.filter((endpoint) => endpoint.digits.length > 0) ?? [];
    expect(digits.map(({ endpointId }) => call.legs[endpointId]?.partyId)).toEqual([partyOf(call, "+12025550123")]);
  });

  test("goes with the agent when the agent hands the customer over", async () => {
    const { at, call } = await supervised();
    await order(at, call, "ann", { kind: "transfer", to: "5002" });
    expect(seats(await now(at, call))).toEqual({ ann: "left", "+12025550123": "active", cleo: "left", ben: "active" });
  });
});

test.each<[string, Colleague, (call: Call) => { partyId: string; to?: string }, string]>([
  ["a party that is not there", "cleo", () => ({ partyId: "nobody" }), "CALL_PARTY_UNKNOWN"],
  ["somebody who is nobody", "cleo", (call) => ({ partyId: partyOf(call, "ann"), to: "5999" }), "CALL_DESTINATION_UNKNOWN"],
  ["oneself", "ann", (call) => ({ partyId: partyOf(call, "ben") }), "CALL_STATE_FORBIDS"],
])("refused: %s", async (_what, who, of, code) => {
  const at = await office();
  const call = await talking(at);
  await expect(order(at, call, who, { kind: "supervise", mode: "listen", ...of(call) })).rejects.toMatchObject({ code });
});

test("a supervisor is not supervised, and who has not answered neither", async () => {
  const { at, call } = await supervised();
  await expect(order(at, call, "ben", { kind: "supervise", partyId: partyOf(call, "cleo"), mode: "listen" })).rejects.toMatchObject(
    refused,
  );
  const ringing = await office({ ben: {} });
  const waiting = await dial(ringing, "ann", "5002");
  await ringing.clock.advanceAsync(500);
  const seen = await now(ringing, waiting);
  await expect(order(ringing, seen, "cleo", { kind: "supervise", partyId: partyOf(seen, "ben"), mode: "listen" })).rejects.toMatchObject(
    refused,
  );
});

test("what is set for a party comes in one step", async () => {
  const { at, call } = await supervised();
  const before = at.journal.records.length;
  const command = {
    kind: "set-party",
    partyId: partyOf(call, "cleo"),
    mode: "barge",
    muted: true,
    deaf: true,
    volumeDb: -6,
    gainDb: 3,
  } as const;
  await order(at, call, "cleo", command);
  const [record, ...more] = at.journal.records.slice(before);
  expect([more, record?.streams[0]?.events.map(({ kind }) => kind)]).toEqual([
    [],
    ["seat.supervising", "party.reparented", "seat.muted", "seat.deafened", "seat.levels-set"],
  ]);
  await order(at, call, "cleo", command);
  expect(at.journal.records).toHaveLength(before + 1);
  expect(storyOf(at.journal, call.id).filter((kind) => kind === "seat.levels-set")).toHaveLength(1);
});
