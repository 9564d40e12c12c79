/** A flow brings a second party in: by trunk or to all phones of a user, and goes on when that one has left. */
import { expect, test } from "vitest";
import type { Call } from "../../src/calls/index.ts";
import { accountId, ownedNumber, storyOf } from "../support/call-house.ts";
import {
  addPhone,
  type Behaviour,
  callee,
  callNow,
  caller,
  callsComeFrom,
  crash,
  type FarEnd,
  hangUp,
  heardBy,
  requests,
  scene,
  type Scene,
} from "./scene.ts";

const trunkAddress = "192.0.2.50";
const [deskAddress, mobileAddress] = ["192.0.2.61", "192.0.2.62"];

const dialling = (to: string) => ({
  start: "dial",
  nodes: {
    dial: {
      verb: "dial",
      to,
      ringMs: 10_000,
      into: "result",
      exits: { done: "done", busy: "busy", "no-answer": "late", failed: "failed" },
    },
    done: { verb: "say", text: "Done {{ result.talkedMs }}" },
    busy: { verb: "say", text: "Busy" },
    late: { verb: "say", text: "Nobody" },
    failed: { verb: "say", text: "Failed {{ result.result }}" },
  },
});

type Dialled = Scene & { readonly first: FarEnd; readonly call: Call };

/** Somebody calls in, and the flow dials a number by trunk. */
async function dialled(behaviour: Behaviour, to = "+12025550199"): Promise<Dialled> {
  const at = await scene(dialling(to), behaviour);
  await callsComeFrom(at.house, trunkAddress);
  const first = caller(at, trunkAddress, { to: ownedNumber });
  await at.clock.advanceAsync(200);
  return { ...at, first, call: await callNow(at) };
}

function textHeard({ house }: Pick<Scene, "house">, call: Call): string | undefined {
  const source = house.media.plans.get(call.id)?.endpoints[0]?.source;
  const item = source?.kind === "prompt" ? source.prompt.items[0] : undefined;
  return item?.kind === "speech" ? item.text : undefined;
}

async function seatsOf(at: Pick<Scene, "house">, call: Call) {
  const now = await at.house.views.get(accountId, call.id);
  return Object.values(Object.values(now?.bridges ?? {})[0]?.seats ?? {});
}

test("the first party hears ringing, then both hear each other, and the flow goes on when the second leaves", async () => {
  const at = await dialled({ answersAfterMs: 2000 });
  expect(heardBy(at, at.call)).toEqual(["ringback"]);
  expect(requests(at.network, "INVITE")[0]?.uri).toBe("sip:+12025550199@192.0.2.9");
  await at.clock.advanceAsync(2500);
  const [first, second] = Object.keys(at.call.legs);
  expect(heardBy(at, at.call)).toEqual([`mix ${second}`, `mix ${first}`]);
  at.far.usage().bye();
  await at.clock.advanceAsync(500);
  expect(textHeard(at, at.call)).toMatch(/^Done [1-9]\d\d$/);
  expect(at.first.log.ends).toEqual([]);
  await hangUp(at, at.call);
  expect(at.first.log.ends).toEqual(["ended"]);
  expect(at.house.ports.free).toBe(200);
});

test.each([
  ["busy", { rejectsWith: 486 }, "Busy"],
  ["failed", { rejectsWith: 503 }, "Failed failed"],
  ["rejected", { rejectsWith: 603 }, "Failed rejected"],
  ["no-answer", { rejectsWith: 480 }, "Nobody"],
] as const)("the flow takes the exit for %s", async (_name, behaviour, text) => {
  const at = await dialled(behaviour);
  await at.clock.advanceAsync(500);
  expect(textHeard(at, at.call)).toBe(text);
  expect(at.first.log.ends).toEqual([]);
});

test("the dialled party is dropped: it gets BYE, and the flow goes on as if it had left by itself", async () => {
  const at = await dialled({ answersAfterMs: 100 });
  await at.clock.advanceAsync(500);
  const call = await callNow(at);
  const partyId = Object.values(call.parties)[1]?.id ?? "";
  const dropped = at.house.calls.send(accountId, call.id, { kind: "drop", by: "u", partyId });
  await at.clock.advanceAsync(300);
  expect((await dropped).parties[partyId]).toMatchObject({ outcome: { result: "completed", side: "local" } });
  expect(at.far.log.ends).toEqual(["ended"]);
  expect(at.first.log.ends).toEqual([]);
  expect(textHeard(at, call)).toMatch(/^Done /);
  await expect(at.house.calls.send(accountId, call.id, { kind: "drop", by: "u", partyId })).rejects.toMatchObject({
    code: "CALL_PARTY_UNKNOWN",
  });
});

test("nobody answers in the time of the node: the second party is cancelled and the flow goes on", async () => {
  const at = await dialled({});
  await at.clock.advanceAsync(10_500);
  expect(at.far.log.ends).toEqual(["cancelled"]);
  expect(textHeard(at, at.call)).toBe("Nobody");
});

test("a far end that does not respond at all is given up with timer B", async () => {
  const at = await scene(
    {
      ...dialling("+1202555"),
      nodes: { ...dialling("+12025550199").nodes, dial: { ...dialling("+12025550199").nodes.dial, ringMs: 60_000 } },
    },
    { silent: true },
  );
  await callsComeFrom(at.house, trunkAddress);
  at.network.lose = (_message, from) => from.startsWith("192.0.2.9");
  caller(at, trunkAddress, { to: ownedNumber });
  await at.clock.advanceAsync(33_000);
  expect(textHeard(at, await callNow(at))).toBe("Failed failed");
});

test("a destination that leads nowhere is the exit failed, without a packet", async () => {
  const at = await dialled({}, "nobody-here");
  expect(textHeard(at, at.call)).toBe("Failed no-route");
  expect(requests(at.network, "INVITE")).toEqual([]);
});

test("the first party leaves while it rings: the second is cancelled; while they talk: it gets BYE", async () => {
  const ringing = await dialled({});
  ringing.first.usage().bye();
  await ringing.clock.advanceAsync(500);
  expect(ringing.far.log.ends).toEqual(["cancelled"]);
  expect(ringing.house.calls.unfinished).toBe(0);
  const talking = await dialled({ answersAfterMs: 100 });
  await talking.clock.advanceAsync(1000);
  talking.first.usage().bye();
  await talking.clock.advanceAsync(500);
  expect(talking.far.log.ends).toEqual(["ended"]);
  expect(await talking.house.views.get(accountId, talking.call.id)).toMatchObject({ outcome: { result: "completed", side: "remote" } });
  expect(storyOf(talking.journal, talking.call.id).filter((kind) => kind === "call.ended")).toHaveLength(1);
});

/** Two phones of one user; the flow dials the user's phone name. */
async function twoPhones(desk: Behaviour, mobile: Behaviour) {
  const at = await scene(dialling("anna"));
  await callsComeFrom(at.house, trunkAddress);
  await addPhone(at.house, "anna", [deskAddress, mobileAddress]);
  const phones = { desk: callee(at, deskAddress, desk), mobile: callee(at, mobileAddress, mobile) };
  const first = caller(at, trunkAddress, { to: ownedNumber });
  await at.clock.advanceAsync(200);
  return { ...at, ...phones, first, call: await callNow(at) };
}

test("both contacts of a phone ring, the first to answer wins and the other stops ringing", async () => {
  const at = await twoPhones({}, { answersAfterMs: 1000 });
  expect(requests(at.network, "INVITE").map(({ uri }) => uri)).toEqual([`sip:phone@${deskAddress}`, `sip:phone@${mobileAddress}`]);
  expect(heardBy(at, at.call)).toEqual(["ringback"]);
  await at.clock.advanceAsync(1500);
  expect(at.desk.log.ends).toEqual(["cancelled"]);
  expect(at.mobile.log.ends).toEqual([]);
  const [calling, , mobile] = Object.keys(at.call.legs);
  expect(heardBy(at, at.call)).toEqual([`mix ${mobile}`, `mix ${calling}`]);
  expect(at.house.ports.free).toBe(198);
});

test("both answer at once: one wins, the other is answered and hung up", async () => {
  const at = await twoPhones({ answersAfterMs: 1000 }, { answersAfterMs: 1000 });
  await at.clock.advanceAsync(3000);
  expect([...at.desk.log.ends, ...at.mobile.log.ends]).toEqual(["ended"]);
  expect((await seatsOf(at, at.call)).map(({ state }) => state)).toEqual(["active", "active"]);
  expect(at.house.ports.free).toBe(198);
});

test("one contact is busy: the other goes on ringing; both busy: the flow takes the exit", async () => {
  const one = await twoPhones({ rejectsWith: 486 }, { answersAfterMs: 2000 });
  expect(heardBy(one, one.call)).toEqual(["ringback"]);
  await one.clock.advanceAsync(2500);
  expect(heardBy(one, one.call)).toHaveLength(2);
  const both = await twoPhones({ rejectsWith: 486 }, { rejectsWith: 486 });
  await both.clock.advanceAsync(500);
  expect(textHeard(both, both.call)).toBe("Busy");
});

test("hold while bridged: both hear music, the far ends are told, and retrieve brings them together again", async () => {
  const at = await dialled({ answersAfterMs: 100 });
  await at.clock.advanceAsync(1000);
  const bridged = heardBy(at, at.call);
  const hold = at.house.calls.send(accountId, at.call.id, { kind: "hold", by: "u" });
  await at.clock.advanceAsync(500);
  await hold;
  expect(heardBy(at, at.call)).toEqual(["hold-music", "hold-music"]);
  expect([...at.first.log.names, ...at.far.log.names].filter((name) => name === "offered")).toHaveLength(2);
  const retrieve = at.house.calls.send(accountId, at.call.id, { kind: "retrieve", by: "u" });
  await at.clock.advanceAsync(500);
  await retrieve;
  expect(heardBy(at, at.call)).toEqual(bridged);
  for (const seat of await seatsOf(at, at.call)) expect(seat).toMatchObject({ state: "active", heldMs: 500 });
});

test("a bridged call survives the death of the process, and still ends on both sides", async () => {
  const at = await dialled({ answersAfterMs: 100 });
  await at.clock.advanceAsync(1000);
  const bridged = heardBy(at, at.call);
  await crash(at, 500);
  expect(heardBy(at, at.call)).toEqual(bridged);
  at.far.usage().bye();
  await at.clock.advanceAsync(500);
  expect(textHeard(at, at.call)).toMatch(/^Done/);
  await hangUp(at, at.call);
  expect(at.first.log.ends).toEqual(["ended"]);
});
