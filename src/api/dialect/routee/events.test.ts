import { expect, test } from "vitest";
import { testHouse } from "../../../../test/support/fakes/http.ts";
import type { Call, CallEvent, Leg, Outcome } from "../../../calls/index.ts";
import { routeeOutbox } from "./events.ts";

const none = { numbers: { byNumber: () => undefined }, flows: { get: () => undefined } } as never;
const outboxOf = routeeOutbox(none);
const url = "https://app.example/events";
const gone: Outcome = { result: "completed", side: "remote", q850: 16, text: "Gone" };

/** A call to somebody with two phones, as it is once both are invited. */
async function invited(): Promise<{ readonly call: Call; readonly partyId: string; readonly legs: readonly [Leg, Leg] }> {
  const { calls, accountId, users, number, flowId } = await testHouse();
  const to = { phone: "+12025550100" };
  const conversation = { from: number, to, hangupDelay: 20, callback: { url, strategy: "OnChange" } } as const;
  const callback = { api: "routee", conversation };
  const call = await calls.originate(accountId, { by: users.manager.id, to: to.phone, callerId: number, flowId, callback });
  const [first] = Object.values(call.legs);
  if (first === undefined) throw new Error("a call has a leg");
  const second = { ...first, id: `${first.id.slice(0, -1)}x` };
  return { call: { ...call, legs: { [first.id]: first, [second.id]: second } }, partyId: first.partyId, legs: [first, second] };
}

function statuses(before: Call | undefined, after: Call, events: readonly CallEvent[]): readonly unknown[] {
  return outboxOf({ before, after, events }).map(({ body }) => (body as { readonly status: { readonly name: string } }).status.name);
}

const rang = (legId: string): CallEvent => ({ kind: "leg.rang", at: 1, legId, status: 180 });

test("a status is told once, however many phones ring, and never goes back", async () => {
  const { call, partyId, legs } = await invited();
  const [first, second] = legs;
  const ringing = { ...call, legs: { ...call.legs, [first.id]: { ...first, state: "ringing", rangAt: 1 } } } as const;
  const both = { ...call, legs: { [first.id]: ringing.legs[first.id], [second.id]: { ...second, state: "ringing", rangAt: 2 } } } as Call;
  expect(statuses(call, both, [rang(first.id), rang(second.id)])).toEqual(["Ringing"]);
  expect(statuses(call, ringing, [rang(first.id)])).toEqual(["Ringing"]);
  expect(statuses(ringing, both, [rang(second.id)])).toEqual([]);
  const party = call.parties[partyId];
  const answered = { ...both, parties: { [partyId]: { ...party, answeredAt: 3 } } } as Call;
  expect(statuses(answered, answered, [rang(second.id)])).toEqual([]);
  const left = { ...answered, parties: { [partyId]: { ...party, answeredAt: 3, leftAt: 4, outcome: gone } } } as Call;
  expect(statuses(answered, left, [{ kind: "party.left", at: 4, partyId, outcome: gone }])).toEqual(["Completed"]);
});

test("a call that is over in the step that made it is told from the beginning to the end", async () => {
  const { call, partyId } = await invited();
  const outcome: Outcome = { result: "failed", side: "local", q850: 47, text: "No RTP port is free" };
  const ended = { ...call, legs: {}, parties: { [partyId]: { ...call.parties[partyId], leftAt: 1, outcome } } } as Call;
  const party = call.parties[partyId];
  if (party === undefined) throw new Error("a call has a party");
  const joined: CallEvent = { kind: "party.joined", at: 1, partyId, role: "callee", address: party.address, bridgeId: "b", ringMs: 1 };
  expect(statuses(undefined, ended, [joined, { kind: "party.left", at: 1, partyId, outcome }])).toEqual(["Queued", "Failed"]);
});

test("calls of others owe nothing here", async () => {
  const { call, legs } = await invited();
  for (const callback of [undefined, null, "x", [], {}, { api: "evo" }]) {
    const { callback: _ours, ...rest } = call;
    const others: Call = { ...rest, ...(callback !== undefined && { callback }) };
    expect(statuses(others, others, [rang(legs[0].id)])).toEqual([]);
  }
});
