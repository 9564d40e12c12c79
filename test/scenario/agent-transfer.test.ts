/**
 * Single-step transfer: the user leaves at once, and the destination is rung for whoever remains, who hears it ring. When it does not
 * answer, who remains hears the call end; a flow that had dialled the user goes on instead.
 */
import { describe, expect, test } from "vitest";
import type { Call } from "../../src/calls/index.ts";
import { ownedNumber } from "../support/call-house.ts";
import { type Colleague, dial, hearing, now, type Office, office, order, seats, talking } from "./agents.ts";
import { type Behaviour, caller, callNow, callsComeFrom, crash, type FarEnd, hangUp, requests } from "./scene.ts";

const trunkAddress = "192.0.2.50";
const refused = { code: "CALL_STATE_FORBIDS" };

/** What the flow says. */
function textHeard({ house }: Office, call: Call): string | undefined {
  const source = house.media.plans.get(call.id)?.endpoints[0]?.source;
  const item = source?.kind === "prompt" ? source.prompt.items[0] : undefined;
  return item?.kind === "speech" ? item.text : undefined;
}

/** Who transfers, who remains. */
const roles: readonly (readonly [Colleague, Colleague])[] = [
  ["ann", "ben"],
  ["ben", "ann"],
];

describe.each(roles)("%s transfers, %s remains", (who, remaining) => {
  test("a colleague answers: who transferred is out, the others talk", async () => {
    const at = await office({ cleo: { answersAfterMs: 1000 } });
    const call = await talking(at);
    const ringing = await order(at, call, who, { kind: "transfer", to: "5003" });
    expect(at.phones[who].log.ends).toEqual(["ended"]);
    expect([seats(ringing)[who], hearing(at, await now(at, call))]).toEqual(["left", { [remaining]: "ringback" }]);
    await at.clock.advanceAsync(1000);
    const talk = await now(at, call);
    expect(seats(talk)).toEqual({ [who]: "left", [remaining]: "active", cleo: "active" });
    expect(hearing(at, talk)).toEqual({ [remaining]: "cleo", cleo: remaining });
    expect(at.phones[remaining].log.ends).toEqual([]);
  });

  test.each([
    [remaining, "cleo"],
    ["cleo", remaining],
  ] as const)("then %s hangs up: %s is told, and the call is over", async (first, second) => {
    const at = await office();
    const call = await talking(at);
    await order(at, call, who, { kind: "transfer", to: "5003" }, 1000);
    at.phones[first].usage().bye();
    await at.clock.advanceAsync(500);
    expect([at.phones[second].log.ends, (await now(at, call)).outcome?.result, at.house.ports.free]).toEqual([["ended"], "completed", 200]);
  });

  test.each([
    ["busy", { cleo: { rejectsWith: 486 } }, {}, "5003"],
    ["not answering", { cleo: {} }, {}, "5003"],
    ["not registered", {}, { away: "cleo" as const }, "5003"],
    ["a number that is busy", { far: { rejectsWith: 486 } }, {}, "+12025550199"],
  ])("the destination is %s: who remains hears the end", async (_name, behaviour, options, to) => {
    const at = await office(behaviour, options);
    const call = await talking(at);
    await order(at, call, who, { kind: "transfer", to });
    await at.clock.advanceAsync(61_000);
    expect(at.phones[remaining].log.ends).toEqual(["ended"]);
    expect((await now(at, call)).endedAt).toBeDefined();
    expect(at.house.ports.free).toBe(200);
  });

  test("who was held is taken back for it, and is told so", async () => {
    const at = await office();
    const call = await talking(at);
    await order(at, call, who, { kind: "hold" });
    const talk = await order(at, call, who, { kind: "transfer", to: "+12025550199" }, 1000);
    expect(seats(await now(at, talk))).toEqual({ [who]: "left", [remaining]: "active", "+12025550199": "active" });
    expect(at.phones[remaining].log.names.filter((name) => name === "offered")).toHaveLength(2);
  });

  test("the process dies while the destination rings: they talk all the same", async () => {
    const at = await office({ cleo: { answersAfterMs: 2000 } });
    const call = await talking(at);
    await order(at, call, who, { kind: "transfer", to: "5003" }, 1);
    await crash(at, 500);
    await at.clock.advanceAsync(4000);
    expect(at.phones[who].log.ends).toEqual(["ended"]);
    expect(hearing(at, await now(at, call))).toEqual({ [remaining]: "cleo", cleo: remaining });
  });

  test("who remains gives up while it rings: the destination stops ringing", async () => {
    const at = await office({ cleo: {} });
    const call = await talking(at);
    await order(at, call, who, { kind: "transfer", to: "5003" });
    at.phones[remaining].usage().bye();
    await at.clock.advanceAsync(500);
    expect([at.phones.cleo.log.ends, (await now(at, call)).endedAt]).toEqual([["cancelled"], expect.any(Number)]);
  });
});

test("it is refused before both are connected, to nobody, and to who is in the call", async () => {
  const at = await office({ ben: { answersAfterMs: 1000 } });
  const call = await dial(at, "ann", "5002");
  await at.clock.advanceAsync(500);
  for (const who of ["ann", "ben"] as const) {
    await expect(order(at, call, who, { kind: "transfer", to: "5003" }, 0)).rejects.toMatchObject(refused);
  }
  await at.clock.advanceAsync(2000);
  await expect(order(at, call, "ann", { kind: "transfer", to: "5999" })).rejects.toMatchObject({ code: "CALL_DESTINATION_UNKNOWN" });
  for (const to of ["5001", "5002"]) await expect(order(at, call, "ann", { kind: "transfer", to })).rejects.toMatchObject(refused);
  const foreign = order(at, call, "ann", { kind: "transfer", to: "5003", callerId: "+4930123456" });
  await expect(foreign).rejects.toMatchObject({ code: "CALL_CALLER_ID_NOT_OWNED" });
  expect(seats(await now(at, call))).toEqual({ ann: "active", ben: "active" });
});

test("it may be done again by whoever came in, and the number shown is the one that was named", async () => {
  const at = await office();
  const call = await talking(at);
  await order(at, call, "ann", { kind: "transfer", to: "5003", callerId: ownedNumber }, 1000);
  expect(requests(at.network, "INVITE").at(-1)?.headers.get("From")).toContain(`sip:${ownedNumber}@`);
  await order(at, call, "cleo", { kind: "transfer", to: "+12025550199" }, 1000);
  expect(hearing(at, await now(at, call))).toEqual({ ben: "+12025550199", "+12025550199": "ben" });
});

describe("a flow dialled the agent", () => {
  const flow = {
    start: "dial",
    nodes: {
      dial: { verb: "dial", to: "5001", into: "result", exits: { done: "done", busy: "busy", "no-answer": "late", failed: "failed" } },
      done: { verb: "say", text: "Done" },
      busy: { verb: "say", text: "Busy" },
      late: { verb: "say", text: "Nobody" },
      failed: { verb: "say", text: "Failed" },
    },
  };

  async function called(
    behaviour: Partial<Record<Colleague, Behaviour>> = {},
  ): Promise<Office & { readonly from: FarEnd; readonly call: Call }> {
    const at = await office(behaviour, { document: flow });
    await callsComeFrom(at.house, trunkAddress);
    const from = caller(at, trunkAddress, { to: ownedNumber });
    await at.clock.advanceAsync(1000);
    return { ...at, from, call: await callNow(at) };
  }

  test("who transfers: the flow waits for the one in the agent's place, and goes on when that one leaves", async () => {
    const at = await called();
    await order(at, at.call, "ann", { kind: "transfer", to: "5002" }, 1000);
    expect([textHeard(at, at.call), seats(await now(at, at.call))]).toEqual([
      undefined,
      { "+4930900": "active", ann: "left", ben: "active" },
    ]);
    at.phones.ben.usage().bye();
    await at.clock.advanceAsync(500);
    expect([textHeard(at, at.call), at.from.log.ends]).toEqual(["Done", []]);
    await hangUp(at, at.call);
    expect(at.from.log.ends).toEqual(["ended"]);
  });

  test.each([
    ["busy", { rejectsWith: 486 }, "Busy"],
    ["not answering", {}, "Nobody"],
    ["rejecting", { rejectsWith: 603 }, "Failed"],
  ])("the destination is %s: the flow takes that exit, and the caller stays", async (_name, behaviour, text) => {
    const at = await called({ ben: behaviour });
    await order(at, at.call, "ann", { kind: "transfer", to: "5002" });
    await at.clock.advanceAsync(61_000);
    expect([textHeard(at, at.call), at.from.log.ends]).toEqual([text, []]);
  });

  test("the process dies in the middle of it: the flow still goes on at the right exit", async () => {
    const at = await called({ ben: { answersAfterMs: 2000 } });
    await order(at, at.call, "ann", { kind: "transfer", to: "5002" }, 1);
    await crash(at, 500);
    await at.clock.advanceAsync(3000);
    expect(hearing(at, await now(at, at.call))).toEqual({ "+4930900": "ben", ben: "+4930900" });
    await order(at, at.call, "ben", { kind: "leave" });
    expect([textHeard(at, at.call), at.from.log.ends]).toEqual(["Done", []]);
  });
});
