/** Calls that come in: by trunk to a number with a flow, and from phones to whatever they dial. */
import { expect, test } from "vitest";
import { accountId, ownedNumber, storyOf } from "../support/call-house.ts";
import {
  addPhone,
  type Behaviour,
  callNow,
  caller,
  callsComeFrom,
  type FarEnd,
  hangUp,
  heardBy,
  houseAddress,
  requests,
  requestsFrom,
  scene,
  type Scene,
  signedAs,
  statusesTo,
} from "./scene.ts";

const trunkAddress = "192.0.2.50";
const phoneAddress = "192.0.2.60";

const welcome = {
  start: "say",
  nodes: { say: { verb: "say", text: "Welcome {{ caller.number }}", exits: { done: "bye" } }, bye: { verb: "hang-up" } },
};

/** A phone dials a number that goes out by trunk. */
async function dialled(behaviour: Behaviour): Promise<Scene & { phone: FarEnd }> {
  const at = await scene(welcome, behaviour);
  await addPhone(at.house, "anna");
  const phone = caller(at, phoneAddress, { to: "+12025550199", authorization: signedAs("anna") });
  await at.clock.advanceAsync(200);
  return { ...at, phone };
}

test("a call by trunk to an owned number is answered, its flow runs, and their BYE ends it", async () => {
  const at = await scene(welcome);
  await callsComeFrom(at.house, trunkAddress);
  const from = caller(at, trunkAddress, { to: ownedNumber.slice(1) });
  await at.clock.advanceAsync(300);
  expect(from.log.names).toContain("answered");
  const call = await callNow(at);
  expect(call).toMatchObject({ direction: "inbound", from: "+4930900", to: ownedNumber, origin: { kind: "trunk" } });
  expect(at.house.media.plans.get(call.id)?.endpoints).toMatchObject([
    { remote: { address: trunkAddress, port: 40_000 }, source: { prompt: { items: [{ text: "Welcome +4930900" }] } } },
  ]);
  from.usage().bye();
  await at.clock.advanceAsync(300);
  expect(from.log.ends).toEqual(["ended"]);
  expect(await at.house.views.get(accountId, call.id)).toMatchObject({ outcome: { result: "completed", side: "remote", q850: 16 } });
  expect(storyOf(at.journal, call.id).filter((kind) => kind.startsWith("leg."))).toEqual([
    "leg.created",
    "leg.answered",
    "leg.acknowledged",
    "leg.ended",
  ]);
  expect(at.house.ports.free).toBe(200);
  expect(at.house.calls.unfinished).toBe(0);
});

test("a flow that ends hangs the caller up", async () => {
  const at = await scene(welcome);
  await callsComeFrom(at.house, trunkAddress);
  const from = caller(at, trunkAddress, { to: ownedNumber });
  await at.clock.advanceAsync(300);
  const call = await callNow(at);
  const promptId = heardBy(at, call)[0] ?? "";
  at.house.media.happen(call.id, Object.keys(call.legs)[0] ?? "", { kind: "prompt-ended", promptId, reason: "finished", playedMs: 9 });
  await at.clock.advanceAsync(300);
  expect(from.log.values.at(-1)).toMatchObject([{ by: "peer", q850: 16 }]);
});

test("nothing of our answer is seen before the call is on disk, but for the 100 that stops the repeats", async () => {
  const at = await scene(welcome);
  await callsComeFrom(at.house, trunkAddress);
  at.journal.isStuck = true;
  caller(at, trunkAddress, { to: ownedNumber });
  await at.clock.advanceAsync(3000);
  expect(new Set(statusesTo(at.network, trunkAddress, "INVITE"))).toEqual(new Set([100]));
  at.journal.isStuck = false;
  at.journal.flush();
  await at.clock.advanceAsync(100);
  expect(statusesTo(at.network, trunkAddress, "INVITE")).toContain(200);
});

test("a number that is nobody's, or has no flow, is 404 by trunk, and no call is made", async () => {
  const at = await scene(welcome);
  for (const [address, to] of [
    [trunkAddress, "+4999"],
    ["192.0.2.51", ownedNumber],
  ] as const) {
    await at.house.addTrunk({ host: address, sourceAddresses: [address] });
    const from = caller(at, address, { to });
    await at.clock.advanceAsync(100);
    expect(from.log.values.at(-1)).toMatchObject([{ status: 404 }]);
  }
  expect(at.journal.records).toEqual([]);
});

test("strangers get a challenge, and an unknown phone the same refusal as a wrong password", async () => {
  const at = await scene(welcome);
  await addPhone(at.house, "anna");
  const stranger = caller(at, "192.0.2.70", { to: ownedNumber });
  const unknown = caller(at, "192.0.2.71", { to: ownedNumber, authorization: signedAs("nobody") });
  const wrong = caller(at, "192.0.2.72", { to: ownedNumber, authorization: signedAs("anna", "guess") });
  await at.clock.advanceAsync(500);
  expect(stranger.log.ends).toEqual(["challenged"]);
  for (const refused of [unknown, wrong]) expect(refused.log.values.at(-1)).toMatchObject([{ status: 403 }]);
  const shape = (address: string) =>
    at.network.seen
      .filter(({ to, from }) => to === `${address}:5060` && from.startsWith(houseAddress))
      .map(({ message }) => (message.kind === "response" ? [message.status, [...message.headers].map(([name]) => name)] : []));
  expect(shape("192.0.2.71")).toEqual(shape("192.0.2.72"));
  expect(at.journal.records).toEqual([]);
  expect(at.house.ports.free).toBe(200);
});

test("a phone dials by trunk: ringing passes back, answer follows answer, both hear each other, and one BYE ends both", async () => {
  const at = await dialled({ answersAfterMs: 1000 });
  expect(statusesTo(at.network, phoneAddress, "INVITE")).toEqual([401, 180]);
  await at.clock.advanceAsync(1500);
  expect(at.phone.log.names).toContain("answered");
  const call = await callNow(at);
  const [calling, called] = Object.keys(call.legs);
  expect(call).toMatchObject({ direction: "outbound", from: ownedNumber, to: "+12025550199", origin: { kind: "phone" } });
  expect(requests(at.network, "INVITE")[0]?.headers.get("From")).toContain(ownedNumber);
  expect(heardBy(at, call)).toEqual([`mix ${called}`, `mix ${calling}`]);
  at.phone.usage().bye();
  await at.clock.advanceAsync(500);
  expect(at.far.log.ends).toEqual(["ended"]);
  expect(await at.house.views.get(accountId, call.id)).toMatchObject({ outcome: { result: "completed", side: "remote" } });
  expect(at.house.ports.free).toBe(200);
});

test("the caller is told once that it rings, whatever else is recorded of the call", async () => {
  const at = await dialled({});
  void at.house.calls.send(accountId, (await callNow(at)).id, { kind: "set-data", by: "u", set: { note: "x" } });
  await at.clock.advanceAsync(500);
  expect(statusesTo(at.network, phoneAddress, "INVITE")).toEqual([401, 180]);
});

test("the called party hangs up: the phone gets BYE", async () => {
  const at = await dialled({ answersAfterMs: 1000 });
  await at.clock.advanceAsync(1500);
  at.far.usage().bye();
  await at.clock.advanceAsync(500);
  expect(at.phone.log.ends).toEqual(["challenged", "ended"]);
  expect(at.house.calls.unfinished).toBe(0);
});

test("busy passes back, and ringing and refusal at once make one INVITE only", async () => {
  const at = await dialled({ rejectsWith: 486 });
  await at.clock.advanceAsync(500);
  expect(at.phone.log.values.at(-1)).toMatchObject([{ status: 486, q850: 17 }]);
  expect(requestsFrom(at.network, houseAddress, "INVITE")).toHaveLength(1);
  expect(await callNow(at)).toMatchObject({ outcome: { result: "busy", sipStatus: 486 } });
});

test("the caller gives up: the called phone stops ringing", async () => {
  const at = await dialled({});
  at.phone.usage().bye();
  await at.clock.advanceAsync(500);
  expect(at.far.log.ends).toEqual(["cancelled"]);
  expect(await callNow(at)).toMatchObject({ outcome: { result: "cancelled", side: "remote" } });
  expect(at.house.ports.free).toBe(200);
});

test("nobody answers: after the ring limit the caller is told and the called phone stops", async () => {
  const at = await dialled({});
  await at.clock.advanceAsync(61_000);
  expect(at.phone.log.values.at(-1)).toMatchObject([{ status: 480 }]);
  expect(at.far.log.ends).toEqual(["cancelled"]);
});

test("a phone that dials a number of its own account is taken by that number's flow", async () => {
  const at = await scene(welcome);
  await callsComeFrom(at.house, trunkAddress);
  await addPhone(at.house, "anna");
  const phone = caller(at, phoneAddress, { to: ownedNumber, authorization: signedAs("anna") });
  await at.clock.advanceAsync(300);
  expect(phone.log.names).toContain("answered");
  expect(await callNow(at)).toMatchObject({ to: ownedNumber, origin: { kind: "phone" }, script: { version: 1 } });
  expect(requestsFrom(at.network, houseAddress, "INVITE")).toHaveLength(0);
});

test("a number no trunk takes is 404 for the phone", async () => {
  const at = await scene(welcome);
  await addPhone(at.house, "anna");
  for (const trunk of at.house.directory.trunks.list(accountId)) await at.house.directory.trunks.remove(accountId, trunk.id);
  const phone = caller(at, phoneAddress, { to: "+12025550199", authorization: signedAs("anna") });
  await at.clock.advanceAsync(500);
  expect(phone.log.values.at(-1)).toMatchObject([{ status: 404 }]);
  expect(at.house.calls.unfinished).toBe(0);
  expect(at.house.ports.free).toBe(200);
});

test("while the journal takes nothing new calls are refused and no port is lost", async () => {
  const at = await scene(welcome);
  await callsComeFrom(at.house, trunkAddress);
  at.journal.healthy = false;
  const from = caller(at, trunkAddress, { to: ownedNumber });
  await at.clock.advanceAsync(500);
  expect(from.log.values.at(-1)).toMatchObject([{ status: 503 }]);
  const [flow] = at.house.directory.flows.list(accountId);
  const request = { by: "u", to: "+12025550199", callerId: ownedNumber, flowId: flow?.id ?? "" };
  await expect(at.house.calls.originate(accountId, request)).rejects.toMatchObject({ code: "CALLS_UNAVAILABLE" });
  expect(at.house.ports.free).toBe(200);
});

test("a caller without a codec in common is 488", async () => {
  const at = await scene(welcome);
  await callsComeFrom(at.house, trunkAddress);
  const offer = "v=0\r\no=- 1 1 IN IP4 192.0.2.50\r\ns=-\r\nc=IN IP4 192.0.2.50\r\nt=0 0\r\nm=audio 40000 RTP/AVP 18\r\n";
  const from = caller(at, trunkAddress, { to: ownedNumber, offer });
  await at.clock.advanceAsync(500);
  expect(from.log.values.at(-1)).toMatchObject([{ status: 488 }]);
  expect(at.house.ports.free).toBe(200);
});

test("the ring limit of a call that somebody hung up means nothing any more", async () => {
  const at = await dialled({});
  await hangUp(at, await callNow(at));
  expect(at.phone.log.values.at(-1)).toMatchObject([{ status: 487 }]);
  await at.clock.advanceAsync(120_000);
  expect(requests(at.network, "CANCEL")).toHaveLength(1);
});
