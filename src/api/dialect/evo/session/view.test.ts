import { beforeAll, describe, expect, test } from "vitest";
import { type EvoApi, evoApi } from "../../../../../test/support/fakes/evo.ts";
import type { Call, Outcome, Party, Seat } from "../../../../calls/index.ts";
import { belongsTo, callStateOf, sessionOf } from "./view.ts";

let api: EvoApi;
let ringing: Call;
beforeAll(async () => {
  api = await evoApi();
  ringing = await api.startCall();
});

const view = (changes: Partial<Call>) => sessionOf({ ...ringing, ...changes }, api.directory);
const ended = (result: Outcome["result"]): Partial<Call> => ({
  endedAt: ringing.createdAt + 61_500,
  outcome: { result, side: "remote", q850: 16, text: "for people" },
});

test.each([
  ["completed", "Completed"],
  ["busy", "Busy"],
  ["no-answer", "No Answer"],
  ["rejected", "Rejected"],
  ["cancelled", "Cancelled"],
  ["failed", "Failed"],
  ["no-route", "No Route"],
] as const)("the outcome %s is %s", (result, outcome) => {
  expect(view(ended(result))).toMatchObject({ outcome, ended: true, dialState: "None", callState: "Disconnected" });
  expect(view(ended(result)).dateCompleted).toBe("2026-01-01T00:01:01Z");
});

test("a call that came in", () => {
  const trunk = { kind: "trunk", trunkId: "t" } as const;
  const inbound: Partial<Call> = { direction: "inbound", origin: trunk, from: "+12025550100", to: api.number };
  const [number] = api.directory.numbers.list(api.accountId);
  expect(view(inbound)).toMatchObject({ direction: "Incoming", displayName: "+12025550100", endpointId: number?.id, createdBy: undefined });
  expect(view({ ...inbound, ...ended("cancelled") }).wasMissed).toBe(true);
  expect(view({ ...inbound, ...ended("completed"), answeredAt: ringing.createdAt }).wasMissed).toBe(false);
  expect(view(ended("cancelled")).wasMissed).toBe(false);
  expect(belongsTo({ ...ringing, origin: trunk }, api.users.manager.id)).toBe(false);
});

test("a number of another account is nobody's endpoint", () => {
  expect(view({ accountId: "elsewhere" })).toMatchObject({ endpointId: undefined, endpointName: undefined, accountName: undefined });
});

const withSeats = (main: Seat["state"], consult: Seat["state"]): Call => {
  const [party] = Object.values(ringing.parties) as [Party];
  const seat = (state: Seat["state"]): Seat => ({ partyId: party.id, state, since: 0, waitedMs: 0, activeMs: 0, heldMs: 0, heldBy: "u" });
  const bridge = (id: string, kind: "main" | "consult", state: Seat["state"]) => ({
    id,
    kind,
    createdAt: 0,
    seats: { [party.id]: seat(state) },
  });
  return { ...ringing, answeredAt: 1, bridges: { a: bridge("a", "main", main), b: bridge("b", "consult", consult) } };
};

describe("a party in two bridges", () => {
  test.each([
    ["held", "active", "Connected", "Hold"],
    ["held", "left", "Hold", "Hold"],
    ["active", "left", "Connected", "Connected"],
    ["alerting", "left", "Ringing", "Connected"],
  ] as const)("%s and %s: %s, session %s", (main, consult, member, session) => {
    const call = withSeats(main, consult);
    expect(sessionOf(call, api.directory).members?.[0]?.callState).toBe(member);
    expect(callStateOf(call)).toBe(session);
  });
});

const heldBecauseOf = (holdReason: string) => {
  const [bridge] = Object.values(ringing.bridges);
  const seats = Object.fromEntries(
    Object.entries(bridge?.seats ?? {}).map(([id, seat]) => [id, { ...seat, state: "held" as const, heldBy: "u", holdReason }]),
  );
  return view({ answeredAt: 1, bridges: bridge === undefined ? {} : { [bridge.id]: { ...bridge, seats } } });
};

test("a reason that is no reason of the vendor's is not shown", () => {
  expect(heldBecauseOf("Transferring")).toMatchObject({ callState: "Hold", holdReason: "Transferring", heldByUserId: "u" });
  expect(heldBecauseOf("lunch").holdReason).toBe("None");
});
