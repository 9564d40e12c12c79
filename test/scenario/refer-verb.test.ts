/** We hand the far end of a leg to another address by REFER, and leave when it was taken (RFC 3515, RFC 5589 §6). */
import { describe, expect, test } from "vitest";
import { sipfragOf } from "../../src/sip/refer/sipfrag.ts";
import type { Notifier } from "../../src/sip/subscription/notifier.ts";
import { accountId, storyOf } from "../support/call-house.ts";
import { answered, callNow, crash, hangUp, heardBy, originate, requests, type Scene, scene } from "./scene.ts";

const flow = {
  start: "refer",
  nodes: {
    refer: { verb: "refer", to: "+12025550188", into: "other", exits: { accepted: "bye", failed: "sorry" } },
    bye: { verb: "hang-up" },
    sorry: { verb: "say", text: "Sorry", exits: {} },
  },
};

type Answer = {
  readonly status: number;
  /** What its NOTIFYs say, one each 100 ms; the last one ends them. */
  readonly notified?: readonly number[];
  readonly referSub?: string;
  readonly hangsUp?: boolean;
};

/** A carrier that takes REFER, or does not. */
function carrier({ far, clock }: Scene, { status, notified = [], referSub, hangsUp = false }: Answer): void {
  const { log } = far;
  const received = log.events.received.bind(log.events);
  Object.assign(log.events, {
    received(...[request, respond]: Parameters<typeof received>) {
      if (request.method !== "REFER") return received(request, respond);
      respond(status, { headers: referSub === undefined ? [] : [["Refer-Sub", referSub]] });
      if (hangsUp) clock.after(50, () => far.usage().bye());
      if (notified.length === 0) return true;
      const notifier: Notifier | undefined = far
        .usage()
        .requests?.subscriptions.notifier({ event: { package: "refer" }, expiresS: 60, body: sipfragOf(100) }, {});
      notified.forEach((each, index) =>
        clock.after(100 * (index + 1), () =>
          index === notified.length - 1 ? notifier?.end("noresource", sipfragOf(each)) : notifier?.notify(sipfragOf(each)),
        ),
      );
      return true;
    },
  });
}

describe("the verb", () => {
  test("it is taken: the flow goes on by accepted, and hangs up", async () => {
    const at = await scene(flow);
    carrier(at, { status: 202, notified: [180, 200] });
    await originate(at);
    await at.clock.advanceAsync(2000);
    const [refer] = requests(at.network, "REFER");
    expect([refer?.headers.get("Refer-To"), refer?.headers.has("Referred-By"), refer?.headers.has("Contact")]).toEqual([
      "<sip:+12025550188@192.0.2.9>",
      true,
      true,
    ]);
    const call = await callNow(at);
    expect([at.far.log.ends, Object.values(call.parties)[0]?.script?.exit]).toEqual([["ended"], "hung-up"]);
    expect(storyOf(at.journal, call.id)).toEqual(expect.arrayContaining(["refer.begun", "refer.accepted", "refer.ended"]));
    expect([at.house.ports.free, at.house.calls.unfinished]).toEqual([200, 0]);
  });

  test.each([
    ["the carrier refuses it", { status: 403 }, 403],
    ["it takes no REFER at all", { status: 405 }, 405],
    ["the other one is busy", { status: 202, notified: [180, 486] }, 486],
  ])("%s: the flow takes failed, and the party is still there", async (_name, answer, status) => {
    const at = await scene(flow);
    carrier(at, answer);
    await originate(at);
    await at.clock.advanceAsync(2500);
    const call = await callNow(at);
    expect([at.far.log.ends, heardBy(at, call)[0]]).toEqual([[], expect.stringMatching(/^prompt/)]);
    expect(Object.values(call.parties)[0]?.script?.variables["other"]).toEqual({ status });
    await hangUp(at, call);
    expect(at.far.log.ends).toEqual(["ended"]);
  });

  test("RFC 4488 §4: taken without NOTIFYs", async () => {
    const at = await scene(flow);
    carrier(at, { status: 202, referSub: "false" });
    await originate(at);
    await at.clock.advanceAsync(2000);
    expect(at.far.log.ends).toEqual(["ended"]);
  });

  test("the carrier hangs up as soon as it has taken it", async () => {
    const at = await scene(flow);
    carrier(at, { status: 202, hangsUp: true });
    await originate(at);
    await at.clock.advanceAsync(2000);
    const call = await callNow(at);
    expect([at.far.log.ends, call.endedAt]).toEqual([["ended"], expect.any(Number)]);
    expect(at.journal.records.flatMap(({ streams }) => streams.flatMap(({ events }) => events))).toContainEqual(
      expect.objectContaining({ kind: "refer.ended", result: "completed" }),
    );
  });

  test("nobody ever says how it went: failed when its time is over", async () => {
    const at = await scene(flow);
    carrier(at, { status: 202 });
    await originate(at);
    await at.clock.advanceAsync(190_000);
    expect([at.far.log.ends, heardBy(at, await callNow(at))[0]]).toEqual([[], expect.stringMatching(/^prompt/)]);
  });

  test.each([2, 1003, 1005, 1150])("the process dies after %s ms: it is not asked twice, and how it went still counts", async (afterMs) => {
    const at = await scene(flow);
    carrier(at, { status: 202, notified: [180, 180, 180, 180, 180, 180, 180, 200] });
    void originate(at);
    await at.clock.advanceAsync(afterMs);
    await crash(at, 300);
    await at.clock.advanceAsync(200_000);
    expect(requests(at.network, "REFER").length).toBeLessThanOrEqual(1);
    const call = await callNow(at);
    if (call.endedAt === undefined) await hangUp(at, call);
    expect([at.house.ports.free, at.house.calls.unfinished]).toEqual([200, 0]);
  });
});

describe("the command", () => {
  const story = { start: "say", nodes: { say: { verb: "say", text: "Once upon a time", exits: {} } } };

  async function commanded(answer: Answer, to = "sip:desk@carrier.example"): Promise<Scene> {
    const at = await scene(story);
    carrier(at, answer);
    const call = await answered(at);
    const [partyId = ""] = Object.keys(call.parties);
    const sent = at.house.calls.send(accountId, call.id, { kind: "refer", by: "u", partyId, to });
    sent.catch(() => undefined);
    await at.clock.advanceAsync(1000);
    await sent;
    return at;
  }

  test("taken: the party leaves", async () => {
    const at = await commanded({ status: 202, notified: [200] });
    expect([at.far.log.ends, (await callNow(at)).outcome?.text]).toEqual([["ended"], "Transferred the call"]);
  });

  test("not taken: all is as it was", async () => {
    const at = await commanded({ status: 603 });
    expect([at.far.log.ends, (await callNow(at)).endedAt]).toEqual([[], undefined]);
  });

  test.each(["", "nobody", "sip:a@b>;x=<y", "sip:a b@c"])("%j is nobody to refer to", async (to) => {
    await expect(commanded({ status: 202 }, to)).rejects.toMatchObject({ code: "CALL_STATE_FORBIDS" });
  });
});
