/** Whole calls over the virtual network: the house dials, a far end behaves, and the journal, the media plan and the wire tell the story. */
import { expect, test } from "vitest";
import type { Call } from "../../src/calls/index.ts";
import { createOffer, formatSdp } from "../../src/sdp/index.ts";
import type { Body } from "../../src/sip/index.ts";
import { accountId, ownedNumber, storyOf } from "../support/call-house.ts";
import type { NetworkWeather } from "../support/virtual-network.ts";
import {
  type Behaviour,
  crash,
  farAddress,
  heardBy,
  legsOf,
  mediaAt,
  numberToDial,
  originate,
  requests,
  scene as sceneOf,
  type Scene,
} from "./scene.ts";

const greeting = {
  start: "greet",
  nodes: {
    greet: { verb: "say", text: "Hello {{ callee.number }}", exits: { done: "ask" } },
    ask: {
      verb: "collect",
      prompt: [{ say: "One or two?" }],
      maxDigits: 1,
      timeoutMs: 5000,
      into: "choice",
      exits: { digits: "route", timeout: "bye" },
    },
    route: { verb: "branch", branches: [{ when: "choice == '1'", exit: "one" }], exits: { one: "sales", else: "bye" } },
    sales: { verb: "say", text: "Sales", exits: { done: "bye" } },
    bye: { verb: "hang-up" },
  },
};

/** A far end that rings at once and answers after a second. */
function scene(weather: Partial<NetworkWeather> = {}, behaviour: Behaviour = { answersAfterMs: 1000 }): Promise<Scene> {
  return sceneOf(greeting, behaviour, weather);
}

function stateOf({ house }: Scene, call: Call): Promise<Call | undefined> {
  return house.views.get(accountId, call.id);
}

function playing(at: Scene, call: Call): string | undefined {
  return heardBy(at, call)[0];
}

function legOf(call: Call): string {
  return legsOf(call)[0] ?? "";
}

/** The prompt that plays comes to its end. */
async function heard(at: Scene, call: Call): Promise<void> {
  const promptId = playing(at, call) ?? "";
  at.house.media.happen(call.id, legOf(call), { kind: "prompt-ended", promptId, reason: "finished", playedMs: 900 });
  await at.clock.advanceAsync(2);
}

test("a call is dialled, answered, spoken to, asked, branches and is hung up with BYE", async () => {
  const at = await scene();
  const call = await originate(at);
  await at.clock.advanceAsync(2000);
  expect((await stateOf(at, call))?.answeredAt).toBeDefined();
  const endpoint = at.house.media.plans.get(call.id)?.endpoints[0];
  expect(endpoint).toMatchObject({
    codec: "PCMU",
    sends: true,
    receives: true,
    telephoneEvent: 101,
    remote: { address: farAddress, port: 40_000, rtcpPort: 40_001 },
  });
  expect(endpoint?.source).toMatchObject({ kind: "prompt", prompt: { items: [{ kind: "speech", text: `Hello ${numberToDial}` }] } });
  await heard(at, call);
  at.house.media.happen(call.id, legOf(call), { kind: "prompt-ended", promptId: playing(at, call) ?? "", reason: "digit", playedMs: 300 });
  at.house.media.happen(call.id, legOf(call), { kind: "digit", digit: "1", durationMs: 100 });
  await at.clock.advanceAsync(2);
  expect(at.house.media.plans.get(call.id)?.endpoints[0]?.source).toMatchObject({ prompt: { items: [{ text: "Sales" }] } });
  await heard(at, call);
  await at.clock.advanceAsync(100);
  expect(at.far.log.ends).toEqual(["ended"]);
  expect(requests(at.network, "BYE")).toHaveLength(1);
  expect(await stateOf(at, call)).toMatchObject({ outcome: { result: "completed", side: "local", q850: 16 } });
  expect(storyOf(at.journal, call.id).filter((kind) => !/script|prompt|digit/.test(kind))).toEqual([
    "call.created",
    "party.joined",
    "leg.created",
    "leg.rang",
    "leg.answered",
    "leg.ended",
    "party.left",
    "call.ended",
    "leg.released",
  ]);
  expect(at.house.shipped.flatMap(({ ended }) => ended.map(({ id }) => id))).toEqual([call.id]);
  expect(at.house.ports.free).toBe(200);
  expect(at.house.media.plans.get(call.id)).toEqual({ endpoints: [] });
});

test.each(Array.from({ length: 12 }, (_, seed) => seed))(
  "with a fifth of all datagrams lost, doubled or overtaken a call still comes to its end on both sides (seed %i)",
  async (seed) => {
    const at = await scene({ seed, loss: 0.2, duplication: 0.1, minDelayMs: 5, maxDelayMs: 80 });
    const call = await originate(at);
    await at.clock.advanceAsync(30_000);
    const answered = (await stateOf(at, call))?.answeredAt !== undefined;
    if (answered) {
      for (let prompts = 0; prompts < 3; prompts++) await heard(at, call);
    }
    await at.clock.advanceAsync(120_000);
    expect((await stateOf(at, call))?.outcome).toBeDefined();
    // A far end that heard of the call at all heard of its end.
    if (at.far.log.names.length > 0) expect(at.far.log.ends).toHaveLength(1);
    expect(at.house.ports.free).toBe(200);
    expect(at.house.shipped.flatMap(({ ended }) => ended)).toHaveLength(1);
  },
);

test("nothing leaves before its record is on disk", async () => {
  const at = await scene();
  at.journal.isStuck = true;
  const [flow] = at.house.directory.flows.list(accountId);
  let answered = false;
  const promise = at.house.calls
    .originate(accountId, { by: "u", to: numberToDial, callerId: ownedNumber, flowId: flow?.id ?? "" })
    .then((call) => {
      answered = true;
      return call;
    });
  await at.clock.advanceAsync(5000);
  expect(answered).toBe(false);
  expect(at.network.seen).toEqual([]);
  at.journal.isStuck = false;
  at.journal.flush();
  const call = await promise;
  await at.clock.advanceAsync(100);
  expect(requests(at.network, "INVITE")).toHaveLength(1);
  expect(call.parties).not.toEqual({});
});

test("hold offers sendonly with music, a repeat changes nothing, and retrieve takes it back to where the prompt was", async () => {
  const at = await scene();
  const call = await originate(at);
  await at.clock.advanceAsync(1500);
  const promptId = playing(at, call);
  const held = at.house.calls.send(accountId, call.id, { kind: "hold", by: "u", reason: "Transferring" });
  await at.clock.advanceAsync(2000);
  expect(Object.values((await held).bridges)[0]?.seats).toMatchObject({
    [Object.keys(call.parties)[0] ?? ""]: { state: "held", heldBy: "u", holdReason: "Transferring" },
  });
  expect(requests(at.network, "INVITE").map(({ body }) => /a=(send\w+)/.exec(Buffer.from(body).toString())?.[1])).toEqual([
    "sendrecv",
    "sendonly",
  ]);
  expect(playing(at, call)).toBe("hold-music");
  expect(at.house.media.plans.get(call.id)?.endpoints[0]).toMatchObject({ sends: true, receives: false });
  const again = at.house.calls.send(accountId, call.id, { kind: "hold", by: "u" });
  await at.clock.advanceAsync(1000);
  await again;
  expect(requests(at.network, "INVITE")).toHaveLength(2);
  const back = at.house.calls.send(accountId, call.id, { kind: "retrieve", by: "u" });
  await at.clock.advanceAsync(1000);
  await back;
  expect(requests(at.network, "INVITE")).toHaveLength(3);
  expect(playing(at, call)).toBe(promptId);
  const source = at.house.media.plans.get(call.id)?.endpoints[0]?.source;
  expect(source?.kind === "prompt" && source.prompt.offsetMs > 0 && source.prompt.offsetMs < 1500).toBe(true);
});

function offerOf(direction: "sendonly" | "sendrecv"): Body {
  return { contentType: "application/sdp", content: formatSdp(createOffer(mediaAt(farAddress, { direction }))) };
}

test("the far end puts us on hold and takes it back: we stop sending and go on", async () => {
  const at = await scene();
  const call = await originate(at);
  await at.clock.advanceAsync(1500);
  at.far.usage().reoffer(offerOf("sendonly"));
  await at.clock.advanceAsync(500);
  expect(at.house.media.plans.get(call.id)?.endpoints[0]).toMatchObject({ sends: false, receives: true });
  expect(
    Buffer.from(
      at.far.log.values[at.far.log.names.lastIndexOf("sessionAccepted")]?.map((body) => (body as Body).content)[0] ?? "",
    ).toString(),
  ).toContain("a=recvonly");
  at.far.usage().reoffer(offerOf("sendrecv"));
  await at.clock.advanceAsync(500);
  expect(at.house.media.plans.get(call.id)?.endpoints[0]).toMatchObject({ sends: true, receives: true });
});

test("nobody answers: CANCEL after the ring limit, and the outcome says so", async () => {
  const at = await scene({}, {});
  const call = await originate(at);
  await at.clock.advanceAsync(61_000);
  expect(requests(at.network, "CANCEL")).toHaveLength(1);
  expect(at.far.log.ends).toEqual(["cancelled"]);
  expect((await stateOf(at, call))?.outcome).toMatchObject({ result: "no-answer", side: "local", q850: 19 });
});

test("a hang-up before the answer cancels", async () => {
  const at = await scene({}, {});
  const call = await originate(at);
  await at.clock.advanceAsync(500);
  const ended = at.house.calls.send(accountId, call.id, { kind: "hang-up", by: "u" });
  await at.clock.advanceAsync(500);
  expect((await ended).outcome).toMatchObject({ result: "cancelled", side: "local" });
  expect(at.far.log.ends).toEqual(["cancelled"]);
});

test("a number that no trunk takes ends at once with no-route and no packet", async () => {
  const at = await scene();
  for (const trunk of at.house.directory.trunks.list(accountId)) await at.house.directory.trunks.remove(accountId, trunk.id);
  const call = await originate(at);
  expect(call.outcome).toMatchObject({ result: "no-route", q850: 3, side: "local" });
  expect(at.network.seen).toEqual([]);
});

test("a command that was taken gives the same outcome when it is repeated, live, after the end and after a restart", async () => {
  const at = await scene();
  const [flow] = at.house.directory.flows.list(accountId);
  const request = { by: "u", to: numberToDial, callerId: ownedNumber, flowId: flow?.id ?? "" };
  const calls = ["create", "create"].map((commandId) => at.house.calls.originate(accountId, request, commandId));
  await at.clock.advanceAsync(1500);
  const [call, again] = await Promise.all(calls);
  expect(again?.id).toBe(call?.id);
  await crash(at, 100);
  const hangUp = () => at.house.calls.send(accountId, call?.id ?? "", { kind: "hang-up", by: "u" }, "end");
  const first = hangUp();
  await at.clock.advanceAsync(1000);
  expect((await first).endedAt).toBeDefined();
  expect(at.house.calls.unfinished).toBe(0);
  expect((await hangUp()).id).toBe(call?.id);
  await expect(at.house.calls.send(accountId, call?.id ?? "", { kind: "hang-up", by: "u" }, "another")).rejects.toMatchObject({
    code: "CALL_ENDED",
  });
  expect((await at.house.calls.originate(accountId, request, "create")).id).toBe(call?.id);
  expect(requests(at.network, "INVITE")).toHaveLength(1);
});
