/** The process dies in every state a call can be in, and another one goes on from the journal (the recovery contract). */
import { expect, test } from "vitest";
import { accountId, ownedNumber, storyOf } from "../support/call-house.ts";
import {
  addPhone,
  answered,
  bytesOf,
  callNow,
  caller,
  callsComeFrom,
  crash,
  cseqOf,
  farAddress,
  hangUp,
  houseAddress,
  legsOf,
  originate,
  requests,
  requestsFrom,
  scene,
  type Scene,
  signedAs,
  statusesTo,
} from "./scene.ts";

const story = {
  start: "say",
  nodes: {
    say: { verb: "say", text: "Once upon a time", exits: { done: "bye" } },
    bye: { verb: "hang-up" },
  },
};

test("an answered call goes on without re-INVITE, on its port, and its BYE fits the dialog with CSeq + 1,000", async () => {
  const at = await scene(story);
  const call = await answered(at);
  const plan = at.house.media.plans.get(call.id)?.endpoints[0];
  await crash(at, 700);
  expect(at.house.media.plans.get(call.id)?.endpoints[0]).toMatchObject({
    endpointId: plan?.endpointId,
    localPort: plan?.localPort,
    ssrc: plan?.ssrc,
    remote: plan?.remote,
  });
  expect(at.house.ports.free).toBe(199);
  await hangUp(at, call);
  const [invite, ...more] = requests(at.network, "INVITE");
  expect(more).toEqual([]);
  const [bye] = requests(at.network, "BYE");
  for (const name of ["Call-ID", "From"]) expect(bye?.headers.get(name)).toBe(invite?.headers.get(name));
  expect(bye?.headers.get("To")).toBe(`${invite?.headers.get("To")};tag=tag-${farAddress}`);
  expect(cseqOf(bye)).toBe(cseqOf(invite) + 1001);
  expect(at.far.log.ends).toEqual(["ended"]);
  expect(await callNow(at)).toMatchObject({ recoveries: 1, outcome: { result: "completed", side: "local" } });
  expect(at.house.ports.free).toBe(200);
});

test("after a second death the CSeq is above all that went out after the first", async () => {
  const at = await scene(story);
  const call = await answered(at);
  await crash(at, 100);
  void at.house.calls.send(accountId, call.id, { kind: "hold", by: "u" });
  await at.clock.advanceAsync(500);
  await crash(at, 100);
  await hangUp(at, call);
  const [, reinvite] = requests(at.network, "INVITE");
  expect(cseqOf(requests(at.network, "BYE")[0])).toBeGreaterThan(cseqOf(reinvite));
  expect(at.far.log.ends).toEqual(["ended"]);
});

test("a leg that was UAS keeps its tags the right way round and its route set in order", async () => {
  const at = await scene(story);
  await callsComeFrom(at.house, "192.0.2.50");
  const routes = ["<sip:192.0.2.50;lr>", `<sip:${houseAddress};lr>`] as const;
  const from = caller(at, "192.0.2.50", { to: ownedNumber, headers: routes.map((route) => ["Record-Route", route]) });
  await at.clock.advanceAsync(500);
  expect(from.log.names).toContain("answered");
  await crash(at, 300);
  await hangUp(at, await callNow(at));
  const [bye] = requests(at.network, "BYE");
  const { dialog } = from.usage();
  expect(bye?.headers.get("From")).toBe(`<sip:${ownedNumber}@${houseAddress}>;tag=${dialog?.remoteTag}`);
  expect(bye?.headers.get("To")).toBe(`<sip:+4930900@192.0.2.50>;tag=${dialog?.localTag}`);
  expect(bye?.headers.all("Route")).toEqual(routes);
  expect(bye?.headers.get("Call-ID")).toBe(dialog?.callId);
  expect(cseqOf(bye)).toBeGreaterThan(1000);
  expect(from.log.ends).toEqual(["ended"]);
});

test("a held leg stays held, with music and its prompt standing still, until it is retrieved", async () => {
  const at = await scene(story);
  const call = await answered(at);
  void at.house.calls.send(accountId, call.id, { kind: "hold", by: "u" });
  await at.clock.advanceAsync(500);
  const offsetMs = Object.values((await callNow(at)).parties)[0]?.prompt?.offsetMs;
  await crash(at, 2000);
  expect(at.house.media.plans.get(call.id)?.endpoints[0]).toMatchObject({ source: { kind: "hold-music" }, sends: true, receives: false });
  expect(requests(at.network, "INVITE")).toHaveLength(2);
  void at.house.calls.send(accountId, call.id, { kind: "retrieve", by: "u" });
  await at.clock.advanceAsync(500);
  expect(at.house.media.plans.get(call.id)?.endpoints[0]?.source).toMatchObject({ kind: "prompt", prompt: { offsetMs } });
  expect(requests(at.network, "INVITE")).toHaveLength(3);
});

test("a hold whose re-INVITE was in doubt is offered again", async () => {
  const at = await scene(story);
  const call = await answered(at);
  at.network.lose = (message) => message.kind === "request" && message.method === "INVITE";
  void at.house.calls.send(accountId, call.id, { kind: "hold", by: "u" });
  await at.clock.advanceAsync(300);
  at.network.lose = undefined;
  await crash(at, 200);
  await at.clock.advanceAsync(200);
  expect((await callNow(at)).legs[legsOf(call)[0] ?? ""]?.media?.stated).toBe("sendonly");
});

test("an outgoing call that rings is taken up within 32 s by the same INVITE, byte for byte", async () => {
  const at = await scene(story, { answersAfterMs: 50_000 });
  const call = await originate(at);
  await at.clock.advanceAsync(40_000);
  await crash(at, 5000);
  const sent = requestsFrom(at.network, houseAddress, "INVITE");
  expect(sent.length).toBeGreaterThan(1);
  expect(new Set(sent.map(bytesOf)).size).toBe(1);
  await at.clock.advanceAsync(6000);
  expect(at.far.log.ends).toEqual([]);
  expect((await callNow(at)).answeredAt).toBeDefined();
  await hangUp(at, call);
  expect(at.far.log.ends).toEqual(["ended"]);
});

test("later than that it is lost, and no second call is made", async () => {
  const at = await scene(story, {});
  await originate(at);
  await at.clock.advanceAsync(1000);
  await crash(at, 33_000);
  expect(await callNow(at)).toMatchObject({ outcome: { result: "failed", side: "local", text: expect.stringContaining("restarted") } });
  expect(requestsFrom(at.network, houseAddress, "INVITE")).toHaveLength(1);
  expect(at.house.ports.free).toBe(200);
});

/** Makes the last records durable, but the process dies before anything that waited for them goes out. */
async function crashBeforeRelease(at: Scene, act: () => void): Promise<void> {
  at.journal.isStuck = true;
  act();
  await at.clock.advanceAsync(10);
  at.journal.durable = at.journal.records.length;
  at.journal.isStuck = false;
  await crash(at, 300);
}

test("a hang-up that was journaled goes out as BYE after the restart", async () => {
  const at = await scene(story);
  const call = await answered(at);
  await crashBeforeRelease(at, () => void at.house.calls.send(accountId, call.id, { kind: "hang-up", by: "u" }));
  await at.clock.advanceAsync(100);
  expect(requests(at.network, "BYE")).toHaveLength(1);
  expect(at.far.log.ends).toEqual(["ended"]);
  expect(storyOf(at.journal, call.id).at(-1)).toBe("leg.released");
  expect(at.house.calls.unfinished).toBe(0);
});

test("a CANCEL that was journaled goes out after the restart", async () => {
  const at = await scene(story, {});
  const call = await originate(at);
  await at.clock.advanceAsync(500);
  await crashBeforeRelease(at, () => void at.house.calls.send(accountId, call.id, { kind: "hang-up", by: "u" }));
  await at.clock.advanceAsync(500);
  expect(at.far.log.ends).toEqual(["cancelled"]);
  expect(at.house.calls.unfinished).toBe(0);
});

test("an answer of ours without ACK is repeated after the restart until ACK comes", async () => {
  const at = await scene(story);
  await callsComeFrom(at.house, "192.0.2.50");
  at.network.lose = (message, from) => message.kind === "request" && message.method === "ACK" && from.startsWith("192.0.2.50");
  const from = caller(at, "192.0.2.50", { to: ownedNumber });
  await at.clock.advanceAsync(300);
  await crash(at, 1000);
  at.network.lose = undefined;
  await at.clock.advanceAsync(1000);
  const call = await callNow(at);
  expect(Object.values(call.legs)[0]).toMatchObject({ state: "answered", acknowledged: true });
  const answers = at.network.seen.flatMap(({ message }) => (message.kind === "response" && message.status === 200 ? message : []));
  expect(new Set(answers.map(({ headers, body }) => `${headers.get("To")} ${Buffer.from(body).toString()}`)).size).toBe(1);
  await hangUp(at, call);
  expect(from.log.ends).toEqual(["ended"]);
});

/** A phone calls a number by the trunk, whose far end rings. */
async function phoneCalls(at: Scene) {
  await addPhone(at.house, "anna");
  const anna = caller(at, "192.0.2.60", { to: "+12025550199", authorization: signedAs("anna") });
  await at.clock.advanceAsync(1000);
  expect(anna.log.names.at(-1)).toBe("provisional");
  return anna;
}

test("a caller goes on waiting: the answer of whoever was dialled reaches it after the restart", async () => {
  const at = await scene(story, { answersAfterMs: 8000 });
  const anna = await phoneCalls(at);
  await crash(at, 2000);
  await at.clock.advanceAsync(10_000);
  expect(anna.log.names.filter((name) => name === "answered")).toHaveLength(1);
  expect(requests(at.network, "INVITE")).toHaveLength(1);
  await hangUp(at, await callNow(at));
  expect([...anna.log.ends, ...at.far.log.ends]).toEqual(["challenged", "ended", "ended"]);
});

test("CANCEL of a caller who waits since before the restart ends both sides", async () => {
  const at = await scene(story, {});
  const anna = await phoneCalls(at);
  await crash(at, 2000);
  anna.usage().bye();
  await at.clock.advanceAsync(500);
  expect(anna.log.ends).toEqual(["challenged", "failed"]);
  expect(at.far.log.ends).toEqual(["cancelled"]);
  expect(at.house.calls.unfinished).toBe(0);
});

test("a caller whose callee was lost is refused, and one whose refusal was owed gets it", async () => {
  const at = await scene(story, {});
  const anna = await phoneCalls(at);
  await crash(at, 40_000);
  await at.clock.advanceAsync(500);
  expect(anna.log.values.at(-1)).toMatchObject([{ status: 500 }]);
  const other = await scene(story, {});
  const second = await phoneCalls(other);
  const call = await callNow(other);
  await crashBeforeRelease(other, () => void other.house.calls.send(accountId, call.id, { kind: "hang-up", by: "u" }));
  await other.clock.advanceAsync(500);
  expect(second.log.values.at(-1)).toMatchObject([{ status: 487 }]);
  expect(other.house.calls.unfinished).toBe(0);
});

test("a hang-up before the ACK of our answer: the answer is repeated after the restart, and BYE follows its ACK", async () => {
  const at = await scene(story);
  await callsComeFrom(at.house, "192.0.2.50");
  at.network.lose = (message, from) => message.kind === "request" && message.method === "ACK" && from.startsWith("192.0.2.50");
  const from = caller(at, "192.0.2.50", { to: ownedNumber });
  await at.clock.advanceAsync(300);
  void at.house.calls.send(accountId, (await callNow(at)).id, { kind: "hang-up", by: "u" });
  await at.clock.advanceAsync(100);
  await crash(at, 100);
  at.network.lose = undefined;
  await at.clock.advanceAsync(2000);
  expect(from.log.values.at(-1)?.[0]).toMatchObject({ by: "peer" });
  expect(at.house.calls.unfinished).toBe(0);
});

test("an answer that was journaled together with the end of the call still comes to an end for the caller", async () => {
  const at = await scene({ start: "bye", nodes: { bye: { verb: "hang-up" } } });
  await callsComeFrom(at.house, "192.0.2.50");
  let from: ReturnType<typeof caller> | undefined;
  await crashBeforeRelease(at, () => {
    from = caller(at, "192.0.2.50", { to: ownedNumber });
  });
  await at.clock.advanceAsync(1000);
  expect(from?.log.ends).toHaveLength(1);
  expect(at.house.calls.unfinished).toBe(0);
});

test("the answer of the far end whose record was lost is taken from its repeat", async () => {
  const at = await scene(story);
  const call = await originate(at);
  await at.clock.advanceAsync(900);
  at.journal.isStuck = true;
  at.network.lose = (message) => message.kind === "request" && message.method === "ACK";
  await at.clock.advanceAsync(500);
  at.network.lose = undefined;
  at.journal.isStuck = false;
  await crash(at, 2000);
  await at.clock.advanceAsync(5000);
  expect((await callNow(at)).answeredAt).toBeDefined();
  await hangUp(at, call);
  expect(at.far.log.ends).toEqual(["ended"]);
});

test("a call whose stream cannot be replayed is set aside, and the others live", async () => {
  const at = await scene(story);
  const broken = await answered(at);
  const whole = await answered(at);
  for (const { streams } of at.journal.records) {
    for (const part of streams) if (part.callId === broken.id && part.seq > 3) (part as { seq: number }).seq += 7;
  }
  await crash(at, 100);
  expect(at.house.calls.live).toBe(1);
  expect((await callNow(at)).id).toBe(whole.id);
});

test("a peer that hung up meanwhile and gave up telling us is found by asking it", async () => {
  const at = await scene(story);
  const call = await answered(at);
  at.far.agent.stack.close();
  await crash(at, 100);
  await at.clock.advanceAsync(31_000);
  expect(requests(at.network, "OPTIONS")).toEqual([]);
  await at.clock.advanceAsync(40_000);
  expect(requests(at.network, "OPTIONS")).toHaveLength(1);
  expect(await at.house.views.get(accountId, call.id)).toMatchObject({ outcome: { result: "failed", side: "network" } });
});

test("a port that somebody else took is replaced, and the far end is told", async () => {
  const at = await scene(story);
  const call = await answered(at);
  const { localPort = 0 } = at.house.media.plans.get(call.id)?.endpoints[0] ?? {};
  await crash(at, 100);
  at.house.media.happen(call.id, legsOf(call)[0] ?? "", { kind: "port-taken", localPort });
  await at.clock.advanceAsync(500);
  const now = at.house.media.plans.get(call.id)?.endpoints[0]?.localPort;
  expect(now).not.toBe(localPort);
  const offers = requests(at.network, "INVITE").map(({ body }) => /m=audio (\d+)/.exec(Buffer.from(body).toString())?.[1]);
  expect(offers).toEqual([String(localPort), String(now)]);
  expect((await callNow(at)).legs[legsOf(call)[0] ?? ""]).not.toHaveProperty("moved");
  expect(statusesTo(at.network, houseAddress, "INVITE").filter((status) => status >= 300)).toEqual([]);
});
