/** Two phones with a codec in common that the house does not decode: it negotiates for both, and packets pass as they come. */
import { expect, test } from "vitest";
import type { Call } from "../../src/calls/index.ts";
import type { LocalMedia } from "../../src/sdp/index.ts";
import { accountId, ownedNumber } from "../support/call-house.ts";
import { office, order } from "./agents.ts";
import {
  addPhone,
  type Behaviour,
  bytesOf,
  callNow,
  caller,
  callsComeFrom,
  crash,
  type FarEnd,
  hangUp,
  requests,
  scene,
  type Scene,
  signedAs,
  statusesTo,
} from "./scene.ts";

const phoneAddress = "192.0.2.60";
const hello = { start: "hi", nodes: { hi: { verb: "say", text: "Hi" } } };

const g729 = { name: "G729", clockRateHz: 8000, channels: 1, payloadType: 18, fmtp: "annexb=no" };
const ilbc = { name: "iLBC", clockRateHz: 8000, channels: 1, payloadType: 97, fmtp: "mode=30" };
const amrWb = { name: "AMR-WB", clockRateHz: 16_000, channels: 1, payloadType: 104, fmtp: "octet-align=1" };
const only = (...relayed: NonNullable<Exclude<LocalMedia["relayed"], "any">>[number][]) => ({ codecs: [], relayed }) as const;

/** The phone's telephone-event is 96, so that nothing is what we would choose. */
function offerOf(...lines: readonly string[]): string {
  return ["v=0", "o=- 1 1 IN IP4 192.0.2.60", "s=-", "c=IN IP4 192.0.2.60", "t=0 0", ...lines, ""].join("\r\n");
}

const g729AndIlbc = offerOf(
  "m=audio 40000 RTP/AVP 18 101 13 96",
  "a=rtpmap:101 iLBC/8000",
  "a=fmtp:101 mode=20",
  "a=fmtp:18 annexb=no",
  "a=rtpmap:96 telephone-event/8000",
);

async function dialled(offer: string, behaviour: Behaviour, media: Partial<LocalMedia>): Promise<Scene & { phone: FarEnd }> {
  const at = await scene(hello, behaviour);
  await addPhone(at.house, "anna");
  const phone = caller(at, phoneAddress, { to: "+12025550199", offer, media, authorization: signedAs("anna") });
  await at.clock.advanceAsync(200);
  return { ...at, phone };
}

async function talking(): Promise<Scene & { phone: FarEnd; call: Call }> {
  const answering = { answersAfterMs: 1000, media: only(ilbc) };
  const at = await dialled(g729AndIlbc, answering, only({ ...ilbc, payloadType: 101, fmtp: "mode=20" }));
  await at.clock.advanceAsync(1500);
  return Object.assign(at, { call: await callNow(at) });
}

function plansOf({ house }: Pick<Scene, "house">, call: Call) {
  return house.media.plans.get(call.id)?.endpoints ?? [];
}

/** The last session description of the house to this address, without its head. */
function lastTo({ network }: Scene, address: string): string {
  const sent = network.seen.filter(
    ({ message, from, to }) => from === "192.0.2.1:5060" && to === `${address}:5060` && message.body.length > 0,
  );
  return Buffer.from(sent.at(-1)?.message.body ?? "")
    .toString()
    .split("t=0 0\r\n")[1] as string;
}

test("the callee is offered the caller's codecs, the caller is answered with the callee's choice, and packets pass", async () => {
  const at = await talking();
  const invite = bytesOf(requests(at.network, "INVITE")[0]);
  // None of ours: the caller could not play it. Parameters and numbers are the caller's; 101 stays iLBC for it.
  expect(invite.slice(invite.indexOf("m=")).split("\r\n")).toEqual([
    "m=audio 20002 RTP/AVP 18 102 96",
    "a=rtpmap:18 G729/8000",
    "a=fmtp:18 annexb=no",
    "a=rtpmap:102 iLBC/8000",
    "a=fmtp:102 mode=20",
    "a=rtpmap:96 telephone-event/8000",
    "a=fmtp:96 0-15",
    "a=ptime:20",
    "a=sendrecv",
    "",
  ]);
  expect(lastTo(at, phoneAddress).split("\r\n").slice(0, 5)).toEqual([
    "m=audio 20000 RTP/AVP 101 96",
    "a=rtpmap:101 iLBC/8000",
    "a=fmtp:101 mode=30",
    "a=rtpmap:96 telephone-event/8000",
    "a=fmtp:96 0-15",
  ]);
  const [calling, called] = Object.keys(at.call.legs);
  const plans = plansOf(at, at.call);
  expect(plans).toMatchObject([
    { payloadType: 101, telephoneEvent: 96, clockRateHz: 8000, source: { kind: "relay", endpointId: called } },
    { payloadType: 102, telephoneEvent: 96, clockRateHz: 8000, source: { kind: "relay", endpointId: calling } },
  ]);
  expect(plans.every(({ codec }) => codec === undefined)).toBe(true);
  at.phone.usage().bye();
  await at.clock.advanceAsync(500);
  expect(at.far.log.ends).toEqual(["ended"]);
  expect(at.house.ports.free).toBe(200);
});

test("with one of ours in the caller's offer, ours come first, and the call is a plain one when the callee takes it", async () => {
  const offer = offerOf("m=audio 40000 RTP/AVP 18 0 101", "a=rtpmap:101 telephone-event/8000");
  const at = await dialled(offer, { answersAfterMs: 100 }, {});
  await at.clock.advanceAsync(500);
  expect(bytesOf(requests(at.network, "INVITE")[0])).toContain("m=audio 20002 RTP/AVP 0 111 9 8 18 101 110\r\n");
  const call = await callNow(at);
  expect(plansOf(at, call)).toMatchObject([
    { codec: "PCMU", source: { kind: "mix" } },
    { codec: "PCMU", source: { kind: "mix" } },
  ]);
  expect(lastTo(at, phoneAddress)).toContain("m=audio 20000 RTP/AVP 0 101\r\n");
});

test("the same caller gets G.729 when that is all the callee has", async () => {
  const offer = offerOf("m=audio 40000 RTP/AVP 0 18 101", "a=rtpmap:101 telephone-event/8000");
  const at = await dialled(offer, { answersAfterMs: 100, media: only(g729) }, {});
  await at.clock.advanceAsync(500);
  expect(lastTo(at, phoneAddress)).toContain("m=audio 20000 RTP/AVP 18 101\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\n");
  expect(plansOf(at, await callNow(at)).map(({ source }) => source.kind)).toEqual(["relay", "relay"]);
});

test("another clock rate brings its own telephone-event", async () => {
  const offer = offerOf(
    "m=audio 40000 RTP/AVP 104 100 101",
    "a=rtpmap:104 AMR-WB/16000",
    "a=fmtp:104 octet-align=1",
    "a=rtpmap:100 telephone-event/16000",
    "a=rtpmap:101 telephone-event/8000",
  );
  const at = await dialled(offer, { answersAfterMs: 100, media: only(amrWb) }, {});
  await at.clock.advanceAsync(500);
  expect(plansOf(at, await callNow(at))).toMatchObject([
    { payloadType: 104, telephoneEvent: 100, clockRateHz: 16_000 },
    { payloadType: 104, telephoneEvent: 100, clockRateHz: 16_000 },
  ]);
});

test("a callee who has none of them refuses, and so is the caller", async () => {
  const at = await dialled(g729AndIlbc, { rejectsWith: 488 }, {});
  await at.clock.advanceAsync(500);
  expect(at.phone.log.values.at(-1)).toMatchObject([{ status: 488 }]);
  expect(at.house.ports.free).toBe(200);
});

test("a callee who answers with something else is hung up on, and the caller gets 488", async () => {
  const at = await dialled(g729AndIlbc, { answersAfterMs: 100 }, {});
  await at.clock.advanceAsync(500);
  expect(requests(at.network, "BYE")).toHaveLength(1);
  expect(at.phone.log.values.at(-1)).toMatchObject([{ status: 488 }]);
  expect(at.house.calls.unfinished).toBe(0);
});

test("a flow must hear and speak: a caller with nothing we decode is refused with a reason (RFC 3261 §20.43)", async () => {
  const at = await scene(hello);
  await callsComeFrom(at.house, "192.0.2.50");
  const from = caller(at, "192.0.2.50", { to: ownedNumber, offer: g729AndIlbc });
  await at.clock.advanceAsync(500);
  expect(from.log.values.at(-1)).toMatchObject([{ status: 488 }]);
  const refused = at.network.seen.map(({ message }) => message).find((message) => message.kind === "response" && message.status === 488);
  expect(refused?.headers.get("Warning")).toBe('305 callwright "no common codec"');
  expect(at.journal.records).toEqual([]);
});

test("a hold by us stops the relay and offers the one codec under its number; retrieving goes on", async () => {
  const at = await talking();
  const { call } = at;
  const [calling, called] = Object.keys(call.legs);
  void at.house.calls.send(accountId, call.id, { kind: "hold", by: "user-anna" });
  await at.clock.advanceAsync(500);
  expect(lastTo(at, "192.0.2.9").split("\r\n")).toEqual([
    "m=audio 20002 RTP/AVP 102 96",
    "a=rtpmap:102 iLBC/8000",
    "a=fmtp:102 mode=30",
    "a=rtpmap:96 telephone-event/8000",
    "a=fmtp:96 0-15",
    "a=ptime:20",
    "a=sendonly",
    "",
  ]);
  expect(plansOf(at, call).map(({ source }) => source.kind)).toEqual(["hold-music", "hold-music"]);
  void at.house.calls.send(accountId, call.id, { kind: "retrieve", by: "user-anna" });
  await at.clock.advanceAsync(500);
  expect(plansOf(at, call)).toMatchObject([
    { source: { kind: "relay", endpointId: called }, sends: true },
    { source: { kind: "relay", endpointId: calling }, sends: true, receives: true },
  ]);
});

test("the peer may hold, but not go to a codec that the other side has not: 488, and the call goes on", async () => {
  const at = await talking();
  const reoffer = (...lines: string[]) =>
    at.phone.usage().reoffer({ contentType: "application/sdp", content: offerOf(...lines).replace("o=- 1 1", "o=- 1 2") });
  reoffer("m=audio 40000 RTP/AVP 18 101 96", "a=rtpmap:101 iLBC/8000", "a=rtpmap:96 telephone-event/8000", "a=sendonly");
  await at.clock.advanceAsync(200);
  expect(lastTo(at, phoneAddress)).toMatch(/^m=audio 20000 RTP\/AVP 101 96\r\n[^]*a=fmtp:101 mode=30\r\n[^]*a=recvonly\r\n$/);
  expect(plansOf(at, at.call)[0]).toMatchObject({ sends: false, receives: true });
  reoffer("m=audio 40000 RTP/AVP 0");
  await at.clock.advanceAsync(200);
  expect(statusesTo(at.network, phoneAddress, "INVITE").slice(-1)).toEqual([488]);
  expect(at.phone.log.names.at(-1)).toBe("sessionRefused");
  expect(plansOf(at, at.call)).toHaveLength(2);
});

test("after a crash such a call goes on as it was, and one that rang is called again byte for byte and answered", async () => {
  const at = await talking();
  const before = plansOf(at, at.call);
  await crash(at, 700);
  expect(plansOf(at, at.call)).toEqual(before);
  expect(requests(at.network, "INVITE")).toHaveLength(1);
  await hangUp(at, at.call);
  expect(at.far.log.ends).toEqual(["ended"]);
  expect(at.phone.log.ends).toEqual(["challenged", "ended"]);

  const ringing = await dialled(g729AndIlbc, { answersAfterMs: 3000, media: only(g729) }, {});
  await crash(ringing, 700);
  await ringing.clock.advanceAsync(5000);
  const invites = ringing.network.seen.filter(
    ({ message, from }) => message.kind === "request" && message.method === "INVITE" && from.startsWith("192.0.2.1:"),
  );
  expect(new Set(invites.map(({ message }) => bytesOf(message as never))).size).toBe(1);
  expect(plansOf(ringing, await callNow(ringing)).map(({ payloadType, source }) => [payloadType, source.kind])).toEqual([
    [18, "relay"],
    [18, "relay"],
  ]);
});

test("a transfer rings the new phone with the codec of who remains, and packets pass to it", async () => {
  const g729Phone = { answersAfterMs: 100, media: only(g729) };
  const at = await office({ ben: g729Phone, cleo: g729Phone });
  caller(at, phoneAddress, { to: "5002", offer: g729AndIlbc, authorization: signedAs("ann") });
  await at.clock.advanceAsync(1000);
  const call = await callNow(at);
  await order(at, call, "ben", { kind: "transfer", to: "5003" });
  await at.clock.advanceAsync(1000);
  const toCleo = at.network.seen.findLast(({ message }) => message.kind === "request" && message.method === "INVITE")?.message;
  expect(Buffer.from(toCleo?.body ?? "").toString()).toContain(
    "m=audio 20004 RTP/AVP 18 96\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\n",
  );
  const [ann, , cleo] = Object.keys((await callNow(at)).legs);
  expect(plansOf(at, call)).toMatchObject([
    { endpointId: ann, source: { kind: "relay", endpointId: cleo } },
    { endpointId: cleo, source: { kind: "relay", endpointId: ann } },
  ]);
});

test("a phone that is asked to answer by itself is offered the same", async () => {
  const at = await office({ ben: { autoAnswers: true, media: only(g729) } });
  caller(at, phoneAddress, { to: "5002", offer: g729AndIlbc, authorization: signedAs("ann") });
  await at.clock.advanceAsync(300);
  const call = await callNow(at);
  await order(at, call, "ben", { kind: "answer" });
  expect(plansOf(at, call).map(({ payloadType, source }) => [payloadType, source.kind])).toEqual([
    [18, "relay"],
    [18, "relay"],
  ]);
});
