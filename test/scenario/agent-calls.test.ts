/** A user's own phone rings, then whom the user wants; and what users do to calls through the party that is theirs. */
import { describe, expect, test } from "vitest";
import { accountId, ownedNumber } from "../support/call-house.ts";
import { annAddress, benAddress, dial, hearing, now, type Office, office, order, seats, soon, talking, userOf } from "./agents.ts";
import { caller, callNow, crash, requests, signedAs, statusesTo } from "./scene.ts";

const state = "CALL_STATE_FORBIDS";

function invites({ network }: Office): readonly string[] {
  return requests(network, "INVITE").map(({ uri }) => uri);
}

describe("click-to-dial", () => {
  test("the own phone rings and shows whom it will ring, then the colleague's, then both talk", async () => {
    const at = await office({ ann: { answersAfterMs: 1000 }, ben: { answersAfterMs: 1000 } });
    const call = await dial(at, "ann", "5002", { userData: { ticket: 7 }, data: { note: "x" } });
    expect(call).toMatchObject({ from: "5001", to: "5002", direction: "outbound", userData: { ticket: 7 }, data: { note: "x" } });
    await at.clock.advanceAsync(500);
    expect(invites(at)).toEqual([`sip:phone@${annAddress}`]);
    expect(requests(at.network, "INVITE")[0]?.headers.get("From")).toContain("sip:5002@");
    expect(requests(at.network, "INVITE")[0]?.headers.get("Call-Info")).toMatch(/;answer-after=0$/);
    await at.clock.advanceAsync(1000);
    expect(invites(at)).toEqual([`sip:phone@${annAddress}`, `sip:phone@${benAddress}`]);
    const second = requests(at.network, "INVITE")[1];
    expect([second?.headers.get("Call-Info"), second?.headers.get("Answer-Mode"), second?.headers.get("Alert-Info")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(second?.headers.get("From")).toContain("sip:5001@");
    expect(hearing(at, await now(at, call))).toEqual({ ann: "ringback" });
    await at.clock.advanceAsync(1000);
    const talk = await now(at, call);
    expect([seats(talk), hearing(at, talk)]).toEqual([
      { ann: "active", ben: "active" },
      { ann: "ben", ben: "ann" },
    ]);
    for (const who of ["ann", "ben"]) {
      expect((await at.house.views.list(accountId, { userId: userOf(who) }, { limit: 5 })).items.map(({ id }) => id)).toEqual([call.id]);
    }
  });

  test("a number goes by trunk and shows the account's number, or the one that was named", async () => {
    const at = await office();
    const call = await talking(at, "ann", "+12025550199");
    expect([invites(at)[1], seats(call)]).toEqual(["sip:+12025550199@192.0.2.9", { ann: "active", "+12025550199": "active" }]);
    expect(requests(at.network, "INVITE")[1]?.headers.get("From")).toContain(`sip:${ownedNumber}@`);
    await expect(dial(at, "ann", "+12025550199", { callerId: "+4930123456" })).rejects.toMatchObject({ code: "CALL_CALLER_ID_NOT_OWNED" });
    expect(await dial(at, "ann", "5002", { callerId: ownedNumber })).toMatchObject({ from: ownedNumber });
  });

  test("a phone that honours it answers by itself", async () => {
    const at = await office({ ann: { autoAnswers: true }, ben: {} });
    const call = await dial(at, "ann", "5002");
    await at.clock.advanceAsync(100);
    expect(seats(await now(at, call))).toEqual({ ann: "active", ben: "alerting" });
  });

  test.each([
    ["busy", { ann: { rejectsWith: 486 } }, {}, "busy"],
    ["not answering", { ann: {} }, {}, "no-answer"],
    ["not registered", {}, { away: "ann" as const }, "no-answer"],
  ])("the own phone is %s: nobody else is rung", async (_name, behaviour, options, result) => {
    const at = await office(behaviour, options);
    const call = await dial(at, "ann", "5002");
    await at.clock.advanceAsync(61_000);
    expect((await now(at, call)).outcome?.result).toBe(result);
    expect(statusesTo(at.network, benAddress, "INVITE")).toEqual([]);
    expect(at.house.ports.free).toBe(200);
  });

  test.each([
    ["busy", { ben: { rejectsWith: 486 } }, {}, "busy"],
    ["not answering", { ben: {} }, {}, "no-answer"],
    ["not registered", {}, { away: "ben" as const }, "no-answer"],
  ])("the other side is %s: the own phone hears the end, and why", async (_name, behaviour, options, result) => {
    const at = await office(behaviour, options);
    const call = await dial(at, "ann", "5002");
    await at.clock.advanceAsync(61_000);
    expect(await now(at, call)).toMatchObject({ outcome: { result } });
    expect(at.phones.ann.log.ends).toEqual(["ended"]);
    expect(at.house.ports.free).toBe(200);
  });

  test.each(["5999", "", "5001", "nobody"])("%j cannot be dialled by who has 5001", async (to) => {
    const at = await office();
    await expect(dial(at, "ann", to)).rejects.toMatchObject({ code: "CALL_DESTINATION_UNKNOWN" });
    expect(at.house.calls.live).toBe(0);
  });

  test("the same command id is the same call", async () => {
    const at = await office();
    const both = ["5002", "5002"].map((to) => at.house.calls.dial(accountId, { by: userOf("ann"), to }, "once"));
    await at.clock.advanceAsync(5);
    const [one, two] = await Promise.all(both);
    expect([one?.id, at.house.calls.live]).toEqual([two?.id, 1]);
  });

  test("a phone that dials an extension itself: the caller is the user, the colleague sees the extension", async () => {
    const at = await office();
    const desk = { to: "5002", from: "ann", authorization: signedAs("ann") };
    caller(at, "192.0.2.99", desk);
    await at.clock.advanceAsync(1000);
    const call = await callNow(at);
    expect([call.from, seats(call)]).toEqual(["5001", { ann: "active", ben: "active" }]);
    expect(hearing(at, await order(at, call, "ben", { kind: "hold" }))).toEqual({ ann: "hold-music", ben: "silence" });
  });

  test.each(["own phone", "other side"] as const)("the process dies while the %s rings: the call comes about all the same", async (who) => {
    const at = await office(who === "own phone" ? { ann: { answersAfterMs: 2000 } } : { ben: { answersAfterMs: 2000 } });
    const call = await dial(at, "ann", "5002");
    await at.clock.advanceAsync(500);
    await crash(at, 500);
    await at.clock.advanceAsync(4000);
    expect(seats(await now(at, call))).toEqual({ ann: "active", ben: "active" });
    expect(at.phones.ben.log.names.filter((name) => name === "acknowledged")).toHaveLength(1);
  });
});

describe("answer", () => {
  test("a ringing phone is rung again to answer by itself, and the caller notices nothing", async () => {
    const at = await office({ ben: { autoAnswers: true } });
    const call = await dial(at, "ann", "5002");
    await at.clock.advanceAsync(500);
    expect(seats(await now(at, call))).toEqual({ ann: "active", ben: "alerting" });
    const before = at.phones.ann.log.names.length;
    const talk = await order(at, call, "ben", { kind: "answer" });
    expect(at.phones.ben.log.ends).toEqual(["cancelled"]);
    expect(hearing(at, await now(at, talk))).toEqual({ ann: "ben", ben: "ann" });
    expect(at.phones.ann.log.names).toHaveLength(before);
    expect(at.house.ports.free).toBe(198);
    await expect(order(at, call, "ben", { kind: "answer" })).rejects.toMatchObject({ code: state });
  });

  test("a phone that does not honour it rings on; asked twice it is rung once more only; the time to ring stays", async () => {
    const at = await office({ ben: {} });
    const call = await dial(at, "ann", "5002");
    await at.clock.advanceAsync(30_000);
    await order(at, call, "ben", { kind: "answer" });
    await order(at, call, "ben", { kind: "answer" });
    expect(invites(at)).toHaveLength(3);
    await at.clock.advanceAsync(31_000);
    expect((await now(at, call)).outcome?.result).toBe("no-answer");
  });

  test("no port for another leg: refused, and the phone rings on", async () => {
    const at = await office({ ben: { answersAfterMs: 3000 } });
    const call = await dial(at, "ann", "5002");
    await at.clock.advanceAsync(500);
    while (at.house.ports.acquire() !== undefined);
    await expect(order(at, call, "ben", { kind: "answer" })).rejects.toMatchObject({ code: "CALLS_UNAVAILABLE" });
    await at.clock.advanceAsync(3000);
    expect(seats(await now(at, call))).toEqual({ ann: "active", ben: "active" });
  });

  test("the process dies just after the command: the phone answers the second time it is asked", async () => {
    const at = await office({ ben: { autoAnswers: true } });
    const call = await dial(at, "ann", "5002");
    await at.clock.advanceAsync(500);
    await order(at, call, "ben", { kind: "answer" }, 1);
    await crash(at, 500);
    await at.clock.advanceAsync(2000);
    expect(seats(await now(at, call))).toEqual({ ann: "active", ben: "active" });
    expect(at.house.ports.free).toBe(198);
  });
});

describe("leave", () => {
  test("who declines while the own phone rings is why the call ends; the caller's phone gets BYE", async () => {
    const at = await office({ ben: {} });
    const call = await dial(at, "ann", "5002");
    await at.clock.advanceAsync(500);
    await order(at, call, "ben", { kind: "leave" });
    expect([at.phones.ben.log.ends, at.phones.ann.log.ends]).toEqual([["cancelled"], ["ended"]]);
    expect((await now(at, call)).outcome).toMatchObject({ result: "rejected", q850: 21 });
  });

  test.each(["ann", "ben"] as const)("%s leaves a talk of two: it ends for both", async (who) => {
    const at = await office();
    const call = await talking(at);
    await order(at, call, who, { kind: "leave" });
    expect([at.phones.ann.log.ends, at.phones.ben.log.ends]).toEqual([["ended"], ["ended"]]);
    expect((await now(at, call)).outcome?.result).toBe("completed");
    await expect(order(at, call, who, { kind: "leave" })).rejects.toMatchObject({ code: "CALL_ENDED" });
  });

  test("is nothing for somebody who is not in the call", async () => {
    const at = await office();
    const call = await talking(at);
    for (const command of [{ kind: "leave" }, { kind: "mute" }, { kind: "answer" }, { kind: "transfer", to: "5003" }] as const) {
      await expect(order(at, call, "cleo", command)).rejects.toMatchObject({ code: "CALL_NOT_A_PARTY" });
    }
  });
});

test("dial is unknown to another account: its lines, users and phones do not exist there", async () => {
  const at = await office({ ben: soon });
  const made = at.house.calls.dial("b".repeat(24), { by: userOf("ann"), to: "5002" });
  await expect(made).rejects.toMatchObject({ code: "CALL_DESTINATION_UNKNOWN" });
});
