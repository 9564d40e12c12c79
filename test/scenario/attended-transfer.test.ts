/** A phone with two calls makes them one by REFER with Replaces (RFC 5589 §7, RFC 3891): the parties move, nobody's dialog or port changes. */
import { describe, expect, test } from "vitest";
import type { Call } from "../../src/calls/index.ts";
import { accountId, ownedNumber, storyOf } from "../support/call-house.ts";
import { type Colleague, dial, hearing, now, type Office, office, order, seats, talking } from "./agents.ts";
import { refer, replacing } from "./referring.ts";
import { caller, callNow, callsComeFrom, crash, requests } from "./scene.ts";

type Two = Office & {
  readonly first: Call;
  readonly second: Call;
  readonly dialogs: readonly ReturnType<Office["phones"]["ann"]["usage"]>[];
};

/** Ann talks with Ben, and has called Cleo beside it. */
async function twoCalls(
  behaviour: Parameters<typeof office>[0] = {},
  options: Parameters<typeof office>[1] = {},
  to = "5003",
): Promise<Two> {
  const at = await office(behaviour, options);
  const first = await talking(at);
  const own = at.phones.ann.usage();
  await order(at, first, "ann", { kind: "hold" });
  const second = await dial(at, "ann", to);
  await at.clock.advanceAsync(1000);
  return { ...at, first, second, dialogs: [own, at.phones.ann.usage()] };
}

/** Which of her two dialogs carries the REFER, and which is replaced. */
const directions: readonly (readonly [string, 0 | 1, 0 | 1, Colleague])[] = [
  ["in the first call", 0, 1, "cleo"],
  ["in the second call", 1, 0, "ben"],
];

describe.each(directions)("REFER %s", (_name, carrier, replaced, target) => {
  const referredIn = (at: Two) => [at.first, at.second][carrier] as Call;
  const absorbed = (at: Two) => [at.first, at.second][replaced] as Call;
  const ask = (at: Two) => {
    const [one, other] = [at.dialogs[carrier], at.dialogs[replaced]];
    if (one === undefined || other === undefined) throw new Error("two dialogs");
    return refer(one, replacing(other, "5003"));
  };

  test("the two others talk, through the same legs and ports; who asked is out of both calls", async () => {
    const at = await twoCalls();
    const before = Object.values({ ...at.first.legs, ...(await now(at, at.second)).legs });
    const invites = requests(at.network, "INVITE").length;
    const referred = ask(at);
    await at.clock.advanceAsync(1000);
    const call = await now(at, referredIn(at));
    expect(hearing(at, call)).toEqual({ ben: "cleo", cleo: "ben" });
    expect(referred).toEqual({ answers: [202], told: [100, 200], ends: ["noresource"] });
    expect([at.phones.ann.log.ends, at.phones.ben.log.ends, at.phones.cleo.log.ends]).toEqual([["ended", "ended"], [], []]);
    for (const leg of Object.values(call.legs).filter(({ state }) => state === "answered")) {
      expect(leg).toMatchObject({ localPort: before.find(({ id }) => id === leg.id)?.localPort });
    }
    // Ben is taken off hold by the only offer that goes out.
    expect(requests(at.network, "INVITE").length - invites).toBe(1);
    const other = await now(at, absorbed(at));
    expect([other.endedAt, other.absorbedBy]).toEqual([expect.any(Number), call.id]);
    expect(at.house.media.plans.get(other.id)?.endpoints).toEqual([]);
    // Its id still leads to where they are.
    await order(at, other, target, { kind: "hang-up" });
    expect([at.phones.ben.log.ends, at.phones.cleo.log.ends, at.house.ports.free, at.house.calls.unfinished]).toEqual([
      ["ended"],
      ["ended"],
      200,
      0,
    ]);
  });

  test("one record has the move in both streams", async () => {
    const at = await twoCalls();
    ask(at);
    await at.clock.advanceAsync(1000);
    const moves = at.journal.records.filter(({ streams }) =>
      streams.some(({ events }) => events.some(({ kind }) => kind === "parties.moved")),
    );
    expect(moves.map(({ streams }) => streams.map(({ callId }) => callId))).toEqual([[at.first.id, at.second.id].toSorted()]);
    expect(storyOf(at.journal, absorbed(at).id).slice(-5)).toEqual(expect.arrayContaining(["parties.moved", "party.left", "call.ended"]));
  });

  test.each([0, 1, 3, 10, 300])("the process dies %s ms after the REFER: the two talk, or all is as it was", async (afterMs) => {
    const at = await twoCalls();
    const referred = ask(at);
    await at.clock.advanceAsync(afterMs);
    await crash(at, 200);
    await at.clock.advanceAsync(40_000);
    const call = await now(at, referredIn(at));
    expect(hearing(at, call)).toEqual({ ben: "cleo", cleo: "ben" });
    expect([referred.answers, referred.told.at(-1), at.phones.ann.log.ends]).toEqual([[202], 200, ["ended", "ended"]]);
    await order(at, absorbed(at), target, { kind: "hang-up" }, 2000);
    expect([at.house.ports.free, at.house.calls.unfinished]).toEqual([200, 0]);
  });
});

test("a recording goes on with its party in the other call, in a next part", async () => {
  const at = await twoCalls();
  const recordingId = "d".repeat(24);
  const partyId =
    Object.values((await now(at, at.second)).parties).find(({ address }) => address.kind === "user" && address.name === "cleo")?.id ?? "";
  await order(at, at.second, "ann", { kind: "start-recording", recordingId, partyId, hears: "both", channels: 2, maxMs: 600_000 });
  await order(at, at.second, "ann", { kind: "pause-recording", recordingId });
  refer(at.dialogs[0] as never, replacing(at.dialogs[1] as never, "5003"));
  await at.clock.advanceAsync(1000);
  const planned = (call: Call) => at.house.media.plans.get(call.id)?.endpoints.flatMap(({ recordings }) => recordings) ?? [];
  expect(planned(at.second)).toEqual([]);
  expect(planned(at.first)).toMatchObject([{ recordingId: `${recordingId}-2`, isPaused: true, channels: 2 }]);
  await order(at, at.first, "cleo", { kind: "stop-recording", recordingId });
  expect(planned(at.first)).toEqual([]);
  expect(storyOf(at.journal, at.first.id)).toContain("recording.ended");
});

test("totals of seats add up in both calls, and a user's two calls show what happened", async () => {
  const at = await twoCalls();
  refer(at.dialogs[0] as never, replacing(at.dialogs[1] as never, "5003"));
  await at.clock.advanceAsync(2000);
  await order(at, at.first, "ben", { kind: "hang-up" }, 1000);
  for (const call of [await now(at, at.first), await now(at, at.second)]) {
    for (const { partyId, waitedMs, activeMs, heldMs } of Object.values(call.bridges).flatMap(({ seats: all }) => Object.values(all))) {
      const { joinedAt = 0, leftAt = 0 } = call.parties[partyId] ?? {};
      expect(waitedMs + activeMs + heldMs).toBe(leftAt - joinedAt);
    }
  }
  const texts = (await now(at, at.second)).log.map(({ text }) => text);
  expect(texts).toContain("cleo went to another call");
  const { items } = await at.house.views.list(accountId, { userId: "user-cleo" }, { limit: 10 });
  expect(items.map(({ id }) => id).toSorted()).toEqual([at.first.id, at.second.id].toSorted());
});

test("RFC 5589 §7.6: the target still rings: who remains hears it, and they talk when it answers", async () => {
  const at = await twoCalls({ cleo: { answersAfterMs: 5000 } });
  const referred = refer(at.dialogs[0] as never, replacing(at.dialogs[1] as never, "5003"));
  await at.clock.advanceAsync(1000);
  const ringing = await now(at, at.first);
  expect(seats(ringing)).toEqual({ ann: "active", ben: "held", cleo: "alerting" });
  expect([at.phones.ann.log.ends, (await now(at, at.second)).endedAt]).toEqual([["ended"], expect.any(Number)]);
  await at.clock.advanceAsync(5000);
  expect(hearing(at, await now(at, at.first))).toEqual({ ben: "cleo", cleo: "ben" });
  expect([referred.told, at.phones.ann.log.ends]).toEqual([
    [100, 200],
    ["ended", "ended"],
  ]);
});

test("the target that still rang does not answer: the first talk goes on", async () => {
  const at = await twoCalls({ cleo: {} });
  const referred = refer(at.dialogs[0] as never, replacing(at.dialogs[1] as never, "5003"));
  await at.clock.advanceAsync(61_000);
  expect(seats(await now(at, at.first))).toEqual({ ann: "active", ben: "held", cleo: "left" });
  expect([referred.told, at.phones.cleo.log.ends, at.phones.ben.log.ends]).toEqual([[100, 480], ["cancelled"], []]);
});

test("the customer that a flow had dialled for: the flow goes on when the target leaves", async () => {
  const document = {
    start: "dial",
    nodes: {
      dial: { verb: "dial", to: "5001", into: "result", exits: { done: "done", busy: "done", "no-answer": "done", failed: "done" } },
      done: { verb: "say", text: "Done" },
    },
  };
  for (const carrier of [0, 1] as const) {
    const at = await office({}, { document });
    await callsComeFrom(at.house, "192.0.2.50");
    const from = caller(at, "192.0.2.50", { to: ownedNumber });
    await at.clock.advanceAsync(1000);
    const call = await callNow(at);
    const own = at.phones.ann.usage();
    await dial(at, "ann", "5003");
    await at.clock.advanceAsync(1000);
    const dialogs = [own, at.phones.ann.usage()] as const;
    refer(dialogs[carrier], replacing(dialogs[1 - carrier] as never, "5003"));
    await at.clock.advanceAsync(1000);
    const joined = carrier === 0 ? call : await callNow(at);
    expect(hearing(at, await now(at, joined))).toEqual({ "+4930900": "cleo", cleo: "+4930900" });
    at.phones.cleo.usage().bye();
    await at.clock.advanceAsync(500);
    expect([hearing(at, await now(at, joined)), from.log.ends]).toEqual([{ "+4930900": "prompt" }, []]);
  }
});

test.each([1, 2, 3])("with 20 %% of all datagrams lost (%i)", async (seed) => {
  const at = await office({}, { weather: { seed, loss: 0.2 } });
  const first = await talking(at);
  await at.clock.advanceAsync(20_000);
  const own = at.phones.ann.usage();
  await dial(at, "ann", "5003");
  await at.clock.advanceAsync(40_000);
  const referred = refer(own, replacing(at.phones.ann.usage(), "5003"));
  await at.clock.advanceAsync(60_000);
  expect(hearing(at, await now(at, first))).toEqual({ ben: "cleo", cleo: "ben" });
  expect([referred.answers, referred.told.at(-1), at.phones.ann.log.ends]).toEqual([[202], 200, ["ended", "ended"]]);
});

describe("what is refused", () => {
  test("to make a colleague's call one's own by knowing its dialog", async () => {
    const at = await twoCalls();
    // Ben names Ann's call with Cleo.
    const referred = refer(at.phones.ben.usage(), replacing(at.dialogs[1] as never, "5003"));
    await at.clock.advanceAsync(500);
    expect([referred.answers, seats(await now(at, at.second))]).toEqual([[603], { ann: "active", cleo: "active" }]);
  });

  test("a call with itself", async () => {
    const at = await twoCalls();
    const referred = refer(at.dialogs[0] as never, replacing(at.dialogs[0] as never, "5002"));
    await at.clock.advanceAsync(500);
    expect([referred.answers, seats(await now(at, at.first))]).toEqual([[603], { ann: "active", ben: "held" }]);
  });
});

test("RFC 5589 §7: the other call is not ours: a new INVITE with Replaces and Referred-By goes out", async () => {
  const at = await office();
  const call = await talking(at);
  const dialog = "far-call;to-tag=far;from-tag=ann";
  const referred = refer(at.phones.ann.usage(), `<sip:+12025550100@192.0.2.9?Replaces=${encodeURIComponent(dialog)}&Require=replaces>`);
  await at.clock.advanceAsync(1000);
  const invite = requests(at.network, "INVITE").at(-1);
  expect([invite?.headers.get("Replaces"), invite?.headers.get("Require"), invite?.headers.get("Referred-By")]).toEqual([
    dialog,
    "replaces",
    "<sip:ann@example.org>",
  ]);
  expect([referred.told.at(-1), seats(await now(at, call))]).toEqual([200, { ann: "left", ben: "active", "+12025550100": "active" }]);
});
