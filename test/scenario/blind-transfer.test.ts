/** A phone hands its talk to somebody by REFER (RFC 3515, RFC 5589 §6): it stays until the target has answered. */
import { describe, expect, test } from "vitest";
import type { Call } from "../../src/calls/index.ts";
import { ownedNumber, storyOf } from "../support/call-house.ts";
import { type Colleague, hearing, now, type Office, office, order, seats, talking } from "./agents.ts";
import { refer, toExtension } from "./referring.ts";
import { type Behaviour, caller, callNow, callsComeFrom, crash, type FarEnd, requests, requestsFrom } from "./scene.ts";

const roles: readonly (readonly [Colleague, Colleague])[] = [
  ["ann", "ben"],
  ["ben", "ann"],
];

describe.each(roles)("%s hands %s over", (who, remaining) => {
  test("the target answers: 202, then 100, 180 and 200 in NOTIFYs, and who asked is hung up", async () => {
    const at = await office({ cleo: { answersAfterMs: 1000 } });
    const call = await talking(at);
    const referred = refer(at.phones[who].usage(), toExtension("5003"));
    await at.clock.advanceAsync(500);
    const ringing = await now(at, call);
    // Who asked is still there, who remains hears the target ring.
    expect(seats(ringing)).toEqual({ [who]: "active", [remaining]: "active", cleo: "alerting" });
    expect(hearing(at, ringing)).toEqual({ [who]: remaining, [remaining]: "ringback" });
    await at.clock.advanceAsync(1000);
    const talk = await now(at, call);
    expect(seats(talk)).toEqual({ [who]: "left", [remaining]: "active", cleo: "active" });
    expect(hearing(at, talk)).toEqual({ [remaining]: "cleo", cleo: remaining });
    expect(referred).toEqual({ answers: [202], told: [100, 180, 200], ends: ["noresource"] });
    expect([at.phones[who].log.ends, at.phones[remaining].log.ends]).toEqual([["ended"], []]);
    // RFC 3892 §2.2: the target learns who asked.
    expect(requests(at.network, "INVITE").at(-1)?.headers.get("Referred-By")).toBe("<sip:ann@example.org>");
  });

  test.each([
    ["is busy", { cleo: { rejectsWith: 486 } }, {}, "5003", 486],
    ["declines", { cleo: { rejectsWith: 603 } }, {}, "5003", 603],
    ["does not answer", { cleo: {} }, {}, "5003", 480],
    ["is not registered", {}, { away: "cleo" as const }, "5003", 480],
    ["is nobody", {}, {}, "5999", 404],
    ["is a number that is busy", { far: { rejectsWith: 486 } }, {}, "+12025550199", 486],
  ])("the target %s: the talk goes on untouched", async (_name, behaviour, options, to, status) => {
    const at = await office(behaviour, options);
    const call = await talking(at);
    const before = hearing(at, call);
    const offers = requests(at.network, "INVITE").length;
    const referred = refer(at.phones[who].usage(), toExtension(to));
    await at.clock.advanceAsync(61_000);
    expect([referred.answers, referred.told[0], referred.told.at(-1), referred.ends]).toEqual([[202], 100, status, ["noresource"]]);
    const after = await now(at, call);
    expect([hearing(at, after), after.endedAt, at.phones[who].log.ends, at.phones[remaining].log.ends]).toEqual([
      before,
      undefined,
      [],
      [],
    ]);
    expect(requests(at.network, "INVITE").length - offers).toBeLessThanOrEqual(1);
    // And it may be tried again.
    const again = refer(at.phones[who].usage(), toExtension("+12025550100"));
    await at.clock.advanceAsync(500);
    expect(again.answers).toEqual([202]);
  });

  test("who asked hangs up early: who remains waits for the target, and they talk", async () => {
    const at = await office({ cleo: { answersAfterMs: 2000 } });
    const call = await talking(at);
    const referred = refer(at.phones[who].usage(), toExtension("5003"));
    await at.clock.advanceAsync(500);
    at.phones[who].usage().bye();
    await at.clock.advanceAsync(500);
    expect(hearing(at, await now(at, call))).toEqual({ [remaining]: "ringback" });
    await at.clock.advanceAsync(2000);
    expect(hearing(at, await now(at, call))).toEqual({ [remaining]: "cleo", cleo: remaining });
    expect([referred.answers, referred.ends, at.phones[remaining].log.ends]).toEqual([[202], ["noresource"], []]);
  });

  test("who asked hangs up early and the target is busy: who remains hears the end", async () => {
    const at = await office({ cleo: {} });
    const call = await talking(at);
    refer(at.phones[who].usage(), toExtension("5003"));
    await at.clock.advanceAsync(500);
    at.phones[who].usage().bye();
    await at.clock.advanceAsync(200);
    at.phones.cleo.usage().reject(486);
    await at.clock.advanceAsync(500);
    expect([at.phones[remaining].log.ends, (await now(at, call)).endedAt, at.house.ports.free]).toEqual([
      ["ended"],
      expect.any(Number),
      200,
    ]);
  });

  test("who remains hangs up: the target stops ringing, and the call is over", async () => {
    const at = await office({ cleo: {} });
    const call = await talking(at);
    const referred = refer(at.phones[who].usage(), toExtension("5003"));
    await at.clock.advanceAsync(500);
    at.phones[remaining].usage().bye();
    await at.clock.advanceAsync(1000);
    expect([at.phones.cleo.log.ends, at.phones[who].log.ends, referred.told.at(-1)]).toEqual([["cancelled"], ["ended"], 487]);
    expect([(await now(at, call)).endedAt, at.house.ports.free, at.house.calls.unfinished]).toEqual([expect.any(Number), 200, 0]);
  });

  test("the whole call is hung up meanwhile: nothing is left over", async () => {
    const at = await office({ cleo: {} });
    const call = await talking(at);
    refer(at.phones[who].usage(), toExtension("5003"));
    await at.clock.advanceAsync(500);
    await order(at, call, who, { kind: "hang-up" }, 1000);
    expect([at.phones.cleo.log.ends, at.phones[who].log.ends, at.phones[remaining].log.ends]).toEqual([
      ["cancelled"],
      ["ended"],
      ["ended"],
    ]);
    expect([at.house.ports.free, at.house.calls.unfinished]).toEqual([200, 0]);
  });

  test("who remains was held: taken back when the target answers, and held still when it does not", async () => {
    for (const behaviour of [{ answersAfterMs: 500 }, { rejectsWith: 486 }] satisfies Behaviour[]) {
      const at = await office({ cleo: behaviour });
      const call = await talking(at);
      await order(at, call, who, { kind: "hold" });
      refer(at.phones[who].usage(), toExtension("5003"));
      await at.clock.advanceAsync(1500);
      expect(seats(await now(at, call))[remaining]).toBe("rejectsWith" in behaviour ? "held" : "active");
    }
  });

  test.each([0, 3, 300, 1500])("the process dies %s ms after the REFER: the transfer is finished all the same", async (afterMs) => {
    const at = await office({ cleo: { answersAfterMs: 1000 } });
    const call = await talking(at);
    const referred = refer(at.phones[who].usage(), toExtension("5003"));
    await at.clock.advanceAsync(afterMs);
    await crash(at, 500);
    await at.clock.advanceAsync(40_000);
    expect(hearing(at, await now(at, call))).toEqual({ [remaining]: "cleo", cleo: remaining });
    expect([referred.answers, referred.told.at(-1), at.phones[who].log.ends]).toEqual([[202], 200, ["ended"]]);
  });

  test("the process dies and comes back too late for the target: the talk goes on, and who asked is told", async () => {
    const at = await office({ cleo: {} });
    const call = await talking(at);
    const referred = refer(at.phones[who].usage(), toExtension("5003"));
    await at.clock.advanceAsync(500);
    await crash(at, 40_000);
    await at.clock.advanceAsync(5000);
    expect(hearing(at, await now(at, call))).toEqual({ [who]: remaining, [remaining]: who });
    expect([referred.told.at(-1), referred.ends]).toEqual([500, ["noresource"]]);
  });
});

test.each([1, 2, 3, 4, 5])("with 20 %% of all datagrams lost (%i) both sides come to the same end", async (seed) => {
  const at = await office({ cleo: { answersAfterMs: 1000 } }, { weather: { seed, loss: 0.2 } });
  const call = await talking(at);
  await at.clock.advanceAsync(20_000);
  const referred = refer(at.phones.ann.usage(), toExtension("5003"));
  await at.clock.advanceAsync(60_000);
  expect(hearing(at, await now(at, call))).toEqual({ ben: "cleo", cleo: "ben" });
  expect([referred.answers, referred.told.at(-1), at.phones.ann.log.ends]).toEqual([[202], 200, ["ended"]]);
});

async function refused(to: string, headers: Parameters<typeof refer>[2] = []): Promise<readonly number[]> {
  const at = await office();
  const call = await talking(at);
  const before = hearing(at, call);
  const { answers, told } = refer(at.phones.ann.usage(), to, headers);
  await at.clock.advanceAsync(500);
  expect([told, hearing(at, await now(at, call))]).toEqual([[], before]);
  return answers;
}

describe("what is refused", () => {
  test.each([
    ["RFC 3515 §2.4.2: another method", "<sip:5003@x;method=BYE>", 603],
    ["what cannot be read", "<sip:5003@x", 400],
    ["somebody who is in the talk", toExtension("5002"), 603],
    ["oneself", toExtension("5001"), 603],
  ])("%s", async (_name, to, status) => {
    expect(await refused(to)).toEqual([status]);
  });

  test("RFC 3515 §2.4.1: two targets", async () => {
    expect(await refused(toExtension("5003"), [["Refer-To", "<sip:5003@x>"]])).toEqual([400]);
  });

  test("a far end that is no phone of the account, such as a carrier", async () => {
    const at = await office();
    const call = await talking(at, "ann", "+12025550199");
    const { answers } = refer(at.far.usage(), toExtension("5003"));
    await at.clock.advanceAsync(500);
    expect([answers, seats(await now(at, call))]).toEqual([[403], { ann: "active", "+12025550199": "active" }]);
    expect(requestsFrom(at.network, "192.0.2.1", "INVITE").some(({ uri }) => uri.includes("192.0.2.73"))).toBe(false);
  });

  test("a second one while the first is under way; after it, one with an id of its own (RFC 3515 §2.4.6)", async () => {
    const at = await office({ cleo: { rejectsWith: 486 } });
    await talking(at);
    const first = refer(at.phones.ann.usage(), toExtension("+12025550199"));
    const second = refer(at.phones.ann.usage(), toExtension("5003"));
    await at.clock.advanceAsync(50);
    expect([first.answers, second.answers]).toEqual([[202], [491]]);
    const other = await office({ cleo: { rejectsWith: 486 } });
    await talking(other);
    for (let count = 0; count < 2; count++) {
      refer(other.phones.ann.usage(), toExtension("5003"));
      await other.clock.advanceAsync(1000);
    }
    const events = requests(other.network, "NOTIFY").map(({ headers }) => headers.get("Event"));
    expect(new Set(events)).toEqual(new Set(["refer", expect.stringMatching(/^refer;id=\d+$/)]));
  });
});

test("RFC 4488 §4: nobody wants NOTIFYs, none come, and the transfer is done", async () => {
  const at = await office();
  const call = await talking(at);
  const { answers } = refer(at.phones.ann.usage(), toExtension("5003"), [["Refer-Sub", "false"]]);
  await at.clock.advanceAsync(1000);
  expect([answers, requests(at.network, "NOTIFY")]).toEqual([[202], []]);
  expect(hearing(at, await now(at, call))).toEqual({ ben: "cleo", cleo: "ben" });
});

describe("a flow dialled who hands over", () => {
  const flow = {
    start: "dial",
    nodes: {
      dial: { verb: "dial", to: "5001", into: "result", exits: { done: "done", busy: "busy", "no-answer": "busy", failed: "busy" } },
      done: { verb: "say", text: "Done" },
      busy: { verb: "say", text: "Busy" },
    },
  };

  async function called(
    behaviour: Partial<Record<Colleague, Behaviour>> = {},
  ): Promise<Office & { readonly from: FarEnd; readonly call: Call }> {
    const at = await office(behaviour, { document: flow });
    await callsComeFrom(at.house, "192.0.2.50");
    const from = caller(at, "192.0.2.50", { to: ownedNumber });
    await at.clock.advanceAsync(1000);
    return { ...at, from, call: await callNow(at) };
  }

  test("the flow waits for the target, and goes on when it leaves", async () => {
    const at = await called();
    refer(at.phones.ann.usage(), toExtension("5002"));
    await at.clock.advanceAsync(1000);
    expect(hearing(at, await now(at, at.call))).toEqual({ "+4930900": "ben", ben: "+4930900" });
    at.phones.ben.usage().bye();
    await at.clock.advanceAsync(500);
    expect([hearing(at, await now(at, at.call)), at.from.log.ends]).toEqual([{ "+4930900": "prompt" }, []]);
  });

  test("the target is busy: the flow hears nothing of it, and who asked talks on", async () => {
    const at = await called({ ben: { rejectsWith: 486 } });
    refer(at.phones.ann.usage(), toExtension("5002"));
    await at.clock.advanceAsync(1000);
    expect(hearing(at, await now(at, at.call))).toEqual({ "+4930900": "ann", ann: "+4930900" });
  });
});

test("what happened is in the call's story", async () => {
  const at = await office();
  const call = await talking(at);
  refer(at.phones.ann.usage(), toExtension("5003"));
  await at.clock.advanceAsync(1000);
  const story = storyOf(at.journal, call.id);
  const kinds = ["leg.referred", "transfer.begun", "leg.referral-progressed", "transfer.ended", "leg.referral-told"] as const;
  for (const kind of kinds) expect(story).toContain(kind);
  expect((await now(at, call)).log.map(({ text }) => text)).toEqual(
    expect.arrayContaining(["ann hands ben to cleo", "The transfer is complete"]),
  );
});
