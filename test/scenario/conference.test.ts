/** A call of two becomes a talk of several, and a call of two or none again. */
import { describe, expect, test } from "vitest";
import { ownedNumber } from "../support/call-house.ts";
import { dial, hearing, now, office, order, partyOf, seats, talking } from "./agents.ts";
import { answered, caller, callNow, callsComeFrom } from "./scene.ts";

const refused = { code: "CALL_STATE_FORBIDS" };
const third = { kind: "add-party", to: "5003" } as const;

describe("a third party", () => {
  test("rings while the two talk, then all three hear each other", async () => {
    const at = await office({ cleo: { answersAfterMs: 2000 } });
    const call = await talking(at);
    const ringing = await order(at, call, "ann", third);
    expect(hearing(at, ringing)).toEqual({ ann: "ben", ben: "ann" });
    await at.clock.advanceAsync(2500);
    expect(hearing(at, await now(at, call))).toEqual({ ann: "ben cleo", ben: "ann cleo", cleo: "ann ben" });
  });

  test("that does not answer, or that nothing leads to, leaves the talk as it was", async () => {
    const at = await office({ cleo: { rejectsWith: 486 } });
    const call = await talking(at);
    await order(at, call, "ann", third);
    expect(seats(await now(at, call))).toEqual({ ann: "active", ben: "active", cleo: "left" });
    const away = await office({}, { away: "cleo" });
    const other = await talking(away);
    await order(away, other, "ann", third);
    expect(seats(await now(away, other))).toEqual({ ann: "active", ben: "active", cleo: "left" });
  });

  test("is not rung any more when the two hang up before it answers", async () => {
    const at = await office({ cleo: {} });
    const call = await talking(at);
    await order(at, call, "ann", third);
    at.phones.ben.usage().bye();
    await at.clock.advanceAsync(500);
    expect(seats(await now(at, call))).toEqual({ ann: "left", ben: "left", cleo: "left" });
    expect(at.phones.cleo.log.names).toContain("cancelled");
  });

  test.each([
    ["who is there already", "5002", "CALL_STATE_FORBIDS"],
    ["nobody", "5999", "CALL_DESTINATION_UNKNOWN"],
  ])("cannot be %s", async (_whom, to, code) => {
    const at = await office();
    await expect(order(at, await talking(at), "ann", { kind: "add-party", to })).rejects.toMatchObject({ code });
  });

  test("cannot come before the two talk, nor show a number of somebody else's", async () => {
    const at = await office({ ann: {} });
    await expect(order(at, await dial(at, "ann", "5002"), "ann", third)).rejects.toMatchObject(refused);
    const there = await office();
    const shown = { ...third, callerId: "+4930111" };
    await expect(order(there, await talking(there), "ann", shown)).rejects.toMatchObject({ code: "CALL_CALLER_ID_NOT_OWNED" });
  });
});

describe("of three", () => {
  test.each(["ann", "ben", "cleo"] as const)("%s leaves and the others go on; then the last is not left alone", async (who) => {
    const at = await office();
    const call = await talking(at);
    await order(at, call, "ann", third);
    at.phones[who].usage().bye();
    await at.clock.advanceAsync(500);
    const [one = "", other = ""] = ["ann", "ben", "cleo"].filter((name) => name !== who);
    expect(hearing(at, await now(at, call))).toEqual({ [one]: other, [other]: one });
    at.phones[one as "ann"].usage().bye();
    await at.clock.advanceAsync(500);
    expect(await now(at, call)).toMatchObject({ outcome: { result: "completed" }, endedAt: expect.any(Number) as number });
  });

  test("nobody is handed over, and one may be taken out", async () => {
    const at = await office();
    const call = await talking(at);
    await order(at, call, "ann", third);
    await expect(order(at, call, "ann", { kind: "transfer", to: "+12025550123" })).rejects.toMatchObject(refused);
    const seen = await now(at, call);
    await order(at, call, "ann", { kind: "drop", partyId: partyOf(seen, "cleo") });
    expect(seats(await now(at, call))).toEqual({ ann: "active", ben: "active", cleo: "left" });
  });
});

describe("with a flow that dialled", () => {
  const document = {
    start: "dial",
    nodes: { dial: { verb: "dial", to: "+12025550199", exits: { done: "bye", failed: "bye" } }, bye: { verb: "say", text: "Bye" } },
  };
  const inCall = async () => {
    const at = await office({}, { document });
    await callsComeFrom(at.house, "192.0.2.50");
    const from = caller(at, "192.0.2.50", { to: ownedNumber });
    await at.clock.advanceAsync(1000);
    const call = await callNow(at);
    await order(at, call, "ann", third);
    return { at, from, call: await now(at, call) };
  };

  test("the flow goes on when the last of the others has left", async () => {
    const { at, call } = await inCall();
    expect(Object.values(seats(call))).toEqual(["active", "active", "active"]);
    at.far.usage().bye();
    await at.clock.advanceAsync(500);
    expect(hearing(at, await now(at, call))).toEqual({ "+4930900": "cleo", cleo: "+4930900" });
    at.phones.cleo.usage().bye();
    await at.clock.advanceAsync(500);
    expect(hearing(at, await now(at, call))).toEqual({ "+4930900": "prompt" });
  });

  test("the others go on when the caller with the flow has left", async () => {
    const { at, from, call } = await inCall();
    from.usage().bye();
    await at.clock.advanceAsync(500);
    expect(hearing(at, await now(at, call))).toEqual({ "+12025550199": "cleo", cleo: "+12025550199" });
  });
});

test("who is rung by a transfer when a third comes in is no beginning of the flow", async () => {
  const at = await office({ ben: { answersAfterMs: 3000 } });
  const call = await answered(at);
  await order(at, call, "ann", { kind: "add-party", to: "5001" });
  await order(at, call, "ann", { kind: "transfer", to: "5002" });
  await order(at, call, "cleo", third);
  await at.clock.advanceAsync(4000);
  const after = await now(at, call);
  expect(seats(after)).toEqual({ "+12025550100": "active", ann: "left", ben: "active", cleo: "active" });
  expect(Object.values(after.parties).filter(({ script }) => script !== undefined)).toHaveLength(1);
});
