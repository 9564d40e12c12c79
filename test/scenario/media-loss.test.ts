/** Nothing comes from a peer any more, and how its media did. */
import { describe, expect, test } from "vitest";
import type { LiveSignal } from "../../src/calls/index.ts";
import { accountId, storyOf } from "../support/call-house.ts";
import { hearing, now, office, order, partyOf, talking } from "./agents.ts";
import { crash } from "./scene.ts";

const lost = { kind: "media-timeout", silentMs: 10_000 } as const;

async function talk() {
  const at = await office();
  const call = await talking(at);
  const [annLeg = "", benLeg = ""] = Object.keys(call.legs);
  const tell = async (legId: string, event: Parameters<typeof at.house.media.happen>[2]) => {
    at.house.media.happen(call.id, legId, event);
    await at.clock.advanceAsync(5);
  };
  const timeoutOf = (legId: string) =>
    at.house.media.plans.get(call.id)?.endpoints.find(({ endpointId }) => endpointId === legId)?.timeoutMs;
  return { at, call, annLeg, benLeg, tell, timeoutOf };
}

describe("when nothing comes from a peer", () => {
  test("its leg ends after the time allowed, and with it the talk of two", async () => {
    const { at, call, benLeg, tell } = await talk();
    await tell(benLeg, lost);
    await at.clock.advanceAsync(79_000);
    expect((await now(at, call)).endedAt).toBeUndefined();
    await at.clock.advanceAsync(2_000);
    const after = await now(at, call);
    expect(after.parties[partyOf(call, "ben")]?.outcome).toMatchObject({ result: "failed", side: "network", q850: 102 });
    expect(after.endedAt).toBeDefined();
    expect(at.phones.ben.log.ends).toEqual(["ended"]);
  });

  test("nothing follows when media come back in time", async () => {
    const { at, call, benLeg, tell } = await talk();
    await tell(benLeg, lost);
    await tell(benLeg, { kind: "media-resumed" });
    await at.clock.advanceAsync(200_000);
    expect((await now(at, call)).endedAt).toBeUndefined();
    expect(storyOf(at.journal, call.id).slice(-2)).toEqual(["leg.media-lost", "leg.media-resumed"]);
  });

  test("nothing follows while the party is on hold, and it is listened for anew after that", async () => {
    const { at, call, benLeg, tell, timeoutOf } = await talk();
    await tell(benLeg, lost);
    // At once, whether the peer takes the offer of a hold or not.
    const held = await order(at, call, "ann", { kind: "hold" }, 2);
    expect(held.legs[benLeg]?.mediaLost).toBeUndefined();
    expect(timeoutOf(benLeg)).toBeUndefined();
    await at.clock.advanceAsync(200_000);
    await order(at, call, "ann", { kind: "retrieve" });
    expect(timeoutOf(benLeg)).toBe(10_000);
    await at.clock.advanceAsync(200_000);
    expect((await now(at, call)).endedAt).toBeUndefined();
    await tell(benLeg, lost);
    await at.clock.advanceAsync(81_000);
    expect((await now(at, call)).endedAt).toBeDefined();
  });

  test("after a crash it is listened for anew", async () => {
    const { at, call, benLeg, tell } = await talk();
    await tell(benLeg, lost);
    await crash(at, 500);
    await at.clock.advanceAsync(200_000);
    const after = await now(at, call);
    expect([after.endedAt, hearing(at, after)]).toEqual([undefined, { ann: "ben", ben: "ann" }]);
  });
});

describe("how media do", () => {
  const counters = { packetsSent: 500, packetsReceived: 490, packetsLost: 10, packetsDropped: 0, jitterMs: 4, mos: 4.1 };
  const total = { ...counters, packetsSent: 600 };

  test("is told as it happens and shown while the leg lives, and what is known of it is in the record of the end", async () => {
    const { at, call, annLeg, benLeg, tell } = await talk();
    const told: LiveSignal[] = [];
    const following = at.house.views.follow(accountId, (signal) => told.push(signal));
    const elsewhere: LiveSignal[] = [];
    at.house.views.follow("another", (signal) => elsewhere.push(signal));
    const before = at.journal.records.length;
    await tell(benLeg, { kind: "quality", counters });
    await tell(annLeg, { kind: "talking", isTalking: true });
    following.close();
    await tell(annLeg, { kind: "talking", isTalking: false });
    expect(at.journal.records).toHaveLength(before);
    expect([told.map(({ kind, partyId }) => [kind, partyId]), elsewhere]).toEqual([
      [
        ["leg.quality", partyOf(call, "ben")],
        ["call.talking", partyOf(call, "ann")],
      ],
      [],
    ]);
    expect(at.house.views.quality(benLeg)).toEqual(counters);
    at.phones.ben.usage().bye();
    await at.clock.advanceAsync(1);
    // Its endpoint closes when the call is over for everybody but Ann, who has not answered her BYE yet.
    at.house.media.happen(call.id, annLeg, { kind: "closed", counters: total });
    await at.clock.advanceAsync(500);
    at.house.media.happen(call.id, benLeg, { kind: "closed", counters: total });
    const { legs } = await now(at, call);
    expect([legs[benLeg]?.quality, legs[annLeg]?.quality]).toEqual([counters, total]);
    expect([annLeg, benLeg].map((legId) => at.house.views.quality(legId))).toEqual([undefined, undefined]);
    expect(at.house.shipped.at(-1)?.ended[0]?.legs[annLeg]?.quality).toEqual(total);
  });

  test("of a leg that is over is not told any more", async () => {
    const { at, call, benLeg, tell } = await talk();
    await order(at, call, "ann", { kind: "hang-up" }, 1);
    await tell(benLeg, { kind: "quality", counters });
    expect(at.house.views.quality(benLeg)).toBeUndefined();
  });
});
