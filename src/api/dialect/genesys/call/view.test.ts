/** Calls as their users see them, where no scenario leads: calls from outside, holds by outsiders, users who come back. */
import { describe, expect, test } from "vitest";
import { endedCall, exampleId } from "../../../../../test/support/store/example-calls.ts";
import { fakeDirectory } from "../../../../../test/support/fakes/directory.ts";
import type { Call, Party, Seat } from "../../../../calls/index.ts";
import { capabilitiesOf } from "./state.ts";
import { viewOfCall } from "./view.ts";

const startedAt = 1_700_000_000_000;
const directory = fakeDirectory();
const row = { accountId: "acme", createdAt: 1, updatedAt: 1 };
await directory.lines.insert({ ...row, id: "l1", userId: "uma", number: "5001" });
await directory.lines.insert({ ...row, id: "l2", userId: "vic", number: "5002" });

type Place = Partial<Omit<Party, "id" | "address">> & { readonly address?: Party["address"]; readonly seat?: Partial<Seat> };

const customer = { kind: "number", number: "+12025550100" } as const;
const uma = { kind: "user", userId: "uma", name: "Uma", number: "5001" } as const;
const vic = { kind: "user", userId: "vic", name: "Vic" } as const;
const talks = { answeredAt: startedAt, seat: { state: "active" } } as const;
const waits = { role: "callee", address: uma, joinedAt: startedAt + 2000, seat: { state: "alerting" } } as const;

/** A live call that came in, with these parties. */
function callWith(places: Readonly<Record<string, Place>>, changes: Partial<Call> = {}): Call {
  const { endedAt: _endedAt, outcome: _outcome, ...call } = endedCall(exampleId(startedAt, 1), "acme", changes);
  const parties = Object.entries(places).map(([id, { seat: _seat, ...party }]): [string, Party] => [
    id,
    { id, role: "caller", address: customer, joinedAt: startedAt, ringMs: 1, ...party },
  ]);
  const seats = Object.entries(places).map(([partyId, { seat }]): [string, Seat] => [
    partyId,
    { partyId, state: "dialling", since: startedAt, waitedMs: 0, activeMs: 0, heldMs: 0, ...seat },
  ]);
  const main = { id: "main", kind: "main", createdAt: startedAt, seats: Object.fromEntries(seats) } as const;
  return { ...call, parties: Object.fromEntries(parties), bridges: { main }, ...changes };
}

function seatHeldBy(heldBy: string | undefined): Partial<Seat> {
  return heldBy === undefined ? { state: "active" } : { state: "held", heldBy };
}

/** The customer and the user, both connected. */
function talkHeldBy(customerHeldBy: string | undefined, ownHeldBy?: string): Call {
  return callWith({ c: { ...talks, seat: seatHeldBy(customerHeldBy) }, a: { ...waits, ...talks, seat: seatHeldBy(ownHeldBy) } });
}

function seenBy(userId: string, call: Call) {
  return viewOfCall(call, userId, { directory, apiUrl: "http://h/api/v2", now: startedAt + 5500 });
}

test("a call from outside", () => {
  expect(seenBy("uma", callWith({ c: talks, a: waits }))).toMatchObject({
    state: "Ringing",
    callType: "Inbound",
    ani: "+12025550100",
    dnis: "+18144043093",
    participants: [{ e164Number: "+12025550100", digits: "12025550100" }],
    duration: "3",
  });
});

test("nobody sees a call without being in it, or without a directory number", () => {
  const call = callWith({ c: talks, a: { ...waits, address: { ...vic, userId: "wes" } } });
  expect([seenBy("uma", call), seenBy("wes", call)]).toEqual([undefined, undefined]);
});

describe("Held", () => {
  test.each([
    ["by nobody", talkHeldBy(undefined), "Established"],
    ["by the user", talkHeldBy("uma"), "Held"],
    ["by a manager outside the call, who holds everyone", talkHeldBy("boss", "boss"), "Held"],
    ["the user only, by somebody else", talkHeldBy(undefined, "vic"), "Established"],
  ])("%s", (_name, call, state) => {
    expect(seenBy("uma", call)?.state).toBe(state);
  });

  test("somebody else in the call holds: the user does not", () => {
    const call = callWith({
      c: { ...talks, seat: { state: "held", heldBy: "vic" } },
      a: { ...waits, ...talks },
      b: { ...talks, role: "callee", address: vic },
    });
    expect([seenBy("uma", call)?.state, seenBy("vic", call)?.state]).toEqual(["Established", "Held"]);
  });
});

describe("users who left", () => {
  const gone = { ...waits, ...talks, leftAt: startedAt + 4000, seat: { state: "left" } } as const;

  test("keep what they saw last, and the time stands still", () => {
    const later = { ...talks, role: "callee", address: vic, joinedAt: startedAt + 5000 } as const;
    const call = callWith({ c: talks, a: gone, b: later });
    expect(seenBy("uma", call)).toMatchObject({
      state: "Released",
      duration: "2",
      capabilities: [],
      participants: [{ digits: "12025550100" }],
    });
  });

  test("and come back are in it again", () => {
    expect(seenBy("uma", callWith({ c: talks, a: gone, again: waits }))?.state).toBe("Ringing");
  });
});

test("a colleague without a directory number is shown by name", () => {
  const call = callWith(
    { a: { ...talks, address: uma }, b: { ...talks, role: "callee", address: vic } },
    { direction: "outbound", to: "vic" },
  );
  expect(seenBy("uma", call)).toMatchObject({ callType: "Internal", participants: [{ e164Number: "", phoneNumber: "Vic" }] });
});

test("a transfer under way does not make an established call dial again", () => {
  const left = { ...talks, role: "callee", address: vic, leftAt: startedAt + 1000, seat: { state: "left" } } as const;
  const call = callWith({ a: { ...talks, address: uma }, b: left, c: { role: "callee" } }, { direction: "outbound" });
  expect(seenBy("uma", call)?.state).toBe("Established");
});

test("only one of MuteCall and UnmuteCall is possible", () => {
  expect(capabilitiesOf("Established", false)).not.toContain("UnmuteCall");
  expect(capabilitiesOf("Established", true)).not.toContain("MuteCall");
});

function supervised(mode: "coach" | "barge"): Call {
  const supervisor: Place = { ...talks, address: vic, seat: { state: "active", supervises: { mode, partyId: "a" } } };
  return callWith({ c: talks, a: { ...waits, ...talks }, s: supervisor });
}

test("who only listens or coaches is no participant, and both sides of it say so", () => {
  expect(seenBy("uma", supervised("coach"))).toMatchObject({
    supervisorListeningIn: true,
    monitoring: false,
    participants: [{ digits: "12025550100" }],
  });
  expect(seenBy("vic", supervised("coach"))).toMatchObject({ supervisorListeningIn: false, monitoring: true, state: "Established" });
  expect(seenBy("uma", supervised("barge"))).toMatchObject({ supervisorListeningIn: false, participants: [{}, {}] });
});
