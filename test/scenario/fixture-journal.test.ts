/**
 * A story with every kind of event in it. `WRITE_FIXTURE=v6 npx vitest run test/scenario/fixture-journal.test.ts` writes its journal and the
 * states it led to for src/calls/evolve/fixture.test.ts: once, for a release whose events have new shapes. No fixture is ever changed.
 */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Call, CallEventKind, Json } from "../../src/calls/index.ts";
import type { FlowDocument } from "../../src/flows/index.ts";
import { usualTrunkPolicy } from "../../src/directory/index.ts";
import { documentHash } from "../../src/flows/validation/canonical-json.ts";
import type { MediaEvent } from "../../src/media/index.ts";
import { createOffer, formatSdp } from "../../src/sdp/index.ts";
import { responseTo, type SipRequest } from "../../src/sip/index.ts";
import { accountId, ownedNumber } from "../support/call-house.ts";
import { dial, now, type Office, office, order, partyOf } from "./agents.ts";
import { refer, replacesOf, replacing } from "./referring.ts";
import { callee, callNow, caller, callsComeFrom, crash, hangUp, heardBy, mediaAt, originate, type Scene, signedAs } from "./scene.ts";

/** Grows with the events, or this does not compile. */
const every = {
  "call.created": true,
  "party.joined": true,
  "leg.created": true,
  "leg.challenged": true,
  "leg.interval-raised": true,
  "leg.rang": true,
  "leg.progressed": true,
  "leg.answered": true,
  "leg.acknowledged": true,
  "leg.dialog-changed": true,
  "leg.session-changed": true,
  "leg.session-agreed": true,
  "leg.session-refused": true,
  "leg.port-changed": true,
  "leg.media-locked": true,
  "leg.stream": true,
  "leg.ended": true,
  "leg.released": true,
  "leg.referred": true,
  "leg.referral-progressed": true,
  "leg.referral-told": true,
  "transfer.begun": true,
  "transfer.ended": true,
  "parties.moved": true,
  "party.replaced": true,
  "refer.begun": true,
  "refer.accepted": true,
  "refer.ended": true,
  "party.left": true,
  "seat.held": true,
  "party.redirected": true,
  "party.reparented": true,
  "seat.retrieved": true,
  "seat.muted": true,
  "seat.deafened": true,
  "seat.levels-set": true,
  "seat.supervising": true,
  "prompt.paused": true,
  "prompt.resumed": true,
  "prompt.sought": true,
  "prompt.positioned": true,
  "prompt.volume-set": true,
  "announcement.begun": true,
  "announcement.ended": true,
  "leg.media-lost": true,
  "leg.media-resumed": true,
  "leg.measured": true,
  "detection.begun": true,
  "detection.ended": true,
  "digit.received": true,
  "script.started": true,
  "script.stepped": true,
  "script.replaced": true,
  "script.failed": true,
  "prompt.begun": true,
  "prompt.ended": true,
  "digits.begun": true,
  "digits.ended": true,
  "recording.begun": true,
  "recording.paused": true,
  "recording.resumed": true,
  "recording.ended": true,
  "request.begun": true,
  "request.ended": true,
  "data.changed": true,
  "user-data.changed": true,
  "hang-up.requested": true,
  "call.recovered": true,
  "call.ended": true,
} as const satisfies Record<CallEventKind, true>;

const flow = {
  start: "greet",
  nodes: {
    greet: { verb: "say", text: "Hello {{ caller.number }}", exits: { done: "ask" } },
    ask: { verb: "collect", maxDigits: 2, into: "choice", exits: { digits: "look", timeout: "bye" } },
    look: { verb: "request", url: "https://example.org/{{ choice }}", into: "answer", exits: { ok: "tones", failed: "bye" } },
    tones: { verb: "send-digits", digits: "12#", exits: { done: "note", error: "note" } },
    note: { verb: "record", beep: false, maxMs: 30_000, exits: { done: "dial" } },
    dial: { verb: "dial", to: "+12025550199", exits: { done: "bye", failed: "bye" } },
    bye: { verb: "say", text: "Bye" },
  },
};

test("the story of the fixture has every kind of event", async () => {
  const at = await office(
    { far: { answersAfterMs: 500 } },
    { document: flow, options: { planFormats: { flow: (answer) => answer as unknown as FlowDocument } } },
  );
  await callsComeFrom(at.house, "192.0.2.50");
  const rich = await richCall(at);
  await callOfColleagues(at);
  await supervisedCall(at);
  await callsThatBecomeOne(at);
  await callOfAMachine(at);
  await callOfAChallenge(at);
  await callOfARedirection(at);
  await callOfAnAnonymousCaller(at);
  await callOfEarlyMedia(at);
  const ended = endedIn(at);
  await callOfAFlowThatIsGone(at);
  ended.push(...endedIn(at));
  const kinds = at.journal.records.flatMap(({ streams }) => streams.flatMap(({ events }) => events.map(({ kind }) => kind)));
  expect(Object.keys(every).filter((kind) => !kinds.includes(kind as CallEventKind))).toEqual([]);
  expect(ended.find(({ id }) => id === rich.id)).toMatchObject({ recoveries: 1, outcome: { result: "completed" } });
  expect(ended).toHaveLength(12);
  expect(at.journal.records.flatMap(({ outbox = [] }) => outbox)).toHaveLength(1);
  write(at, ended);
});

function endedIn({ house }: Scene): Call[] {
  return house.shipped.flatMap(({ ended }) => ended);
}

async function richCall(at: Scene): Promise<Call> {
  const from = caller(at, "192.0.2.50", { to: ownedNumber });
  await at.clock.advanceAsync(500);
  const call = await callNow(at);
  const [legId = ""] = Object.keys(call.legs);
  const media = async (event: MediaEvent) => {
    at.house.media.happen(call.id, legId, event);
    await at.clock.advanceAsync(300);
  };
  const send = async (command: Parameters<Scene["house"]["calls"]["send"]>[2]) => {
    void at.house.calls.send(accountId, call.id, command);
    await at.clock.advanceAsync(300);
  };
  await media({ kind: "locked", remote: { address: "192.0.2.50", port: 41_000 } });
  await media({ kind: "stream", position: { sequenceNumber: 7, timestamp: 1120, at: at.clock.now() } });
  await media({ kind: "prompt-ended", promptId: heardBy(at, call)[0] ?? "", reason: "finished", playedMs: 900 });
  await media({ kind: "digit", digit: "4", durationMs: 80 });
  await media({ kind: "digit", digit: "2", durationMs: 80 });
  await send({ kind: "set-data", by: "u", set: { note: "met" } });
  at.house.requests[0]?.answer({ status: 200, body: { name: "Ada" } });
  await at.clock.advanceAsync(300);
  const [digits] = at.house.media.plans.get(call.id)?.endpoints[0]?.digits ?? [];
  await media({ kind: "digits-sent", digitsId: digits?.digitsId ?? "" });
  await crash(at, 2000);
  const [recording] = at.house.media.plans.get(call.id)?.endpoints[0]?.recordings ?? [];
  await media({ kind: "recording-ended", recordingId: recording?.recordingId ?? "", reason: "silence", durationMs: 4000 });
  await at.clock.advanceAsync(1000);
  const recordingId = "d".repeat(24);
  await send({ kind: "start-recording", by: "u", recordingId, hears: "both", channels: 2, format: "mp3", maxMs: 60_000, beep: true });
  await send({ kind: "pause-recording", by: "u", recordingId });
  await send({ kind: "resume-recording", by: "u", recordingId });
  await send({ kind: "hold", by: "u", reason: "A question" });
  await send({ kind: "retrieve", by: "u" });
  from
    .usage()
    .reoffer({ contentType: "application/sdp", content: formatSdp(createOffer(mediaAt("192.0.2.50", { direction: "sendonly" }))) });
  await at.clock.advanceAsync(300);
  await media({ kind: "port-taken", localPort: at.house.media.plans.get(call.id)?.endpoints[0]?.localPort ?? 0 });
  at.far.usage().bye();
  await at.clock.advanceAsync(500);
  await hangUp(at, call);
  await from.agent.transport.close();
  return call;
}

/** Made by a click, muted, held by one for the other, and transferred. */
async function callOfColleagues(at: Office): Promise<void> {
  const call = await dial(at, "ann", "5002", { userData: { ticket: 7 }, data: { note: "click" } });
  await at.clock.advanceAsync(1000);
  await order(at, call, "ann", { kind: "mute" });
  await order(at, call, "ann", { kind: "set-user-data", set: { ticket: null, customer: { name: "Ada" } } });
  await order(at, call, "ben", { kind: "hold" });
  await order(at, call, "ben", { kind: "retrieve" });
  await order(at, call, "ben", { kind: "transfer", to: "5003" });
  await order(at, call, "cleo", { kind: "transfer", to: "5002" });
  await hangUp(at, call);
}

/** Of three, with a supervisor who coaches; played to, announced to, lost and found again. */
async function supervisedCall(at: Office): Promise<void> {
  const begun = await dial(at, "ann", "+12025550123");
  await at.clock.advanceAsync(1000);
  await order(at, begun, "cleo", { kind: "supervise", partyId: partyOf(await now(at, begun), "ann"), mode: "listen" });
  await order(at, begun, "ann", { kind: "add-party", to: "5002", ringMs: 20_000 });
  const call = await now(at, begun);
  const [partyId, legId] = [partyOf(call, "+12025550123"), Object.keys(call.legs)[1] ?? ""];
  const media = async (event: MediaEvent) => {
    at.house.media.happen(call.id, legId, event);
    await at.clock.advanceAsync(300);
  };
  const levels = { deaf: true, volumeDb: -6, gainDb: 3 };
  await order(at, call, "cleo", { kind: "set-party", partyId: partyOf(call, "cleo"), mode: "coach", ...levels });
  const items = [{ kind: "tone", frequencyHz: 440, durationMs: 60_000 }] as const;
  await order(at, call, "ann", { kind: "announce", items, volumeDb: -3, repeat: 1 });
  await order(at, call, "ann", { kind: "play", partyId, items, repeat: -1, offsetMs: 1000, volumeDb: 2 });
  await order(at, call, "ann", { kind: "change-playback", partyId, isPaused: true, volumeDb: -2 });
  const { promptId = "" } = (await now(at, call)).parties[partyId]?.prompt ?? {};
  await media({ kind: "prompt-paused", promptId, playedMs: 1480 });
  await order(at, call, "ann", { kind: "change-playback", partyId, isPaused: false, positionMs: 9000 });
  await order(at, call, "ann", { kind: "end-playback", partyId });
  await order(at, call, "ann", { kind: "announce", items, partyId });
  await media({ kind: "media-timeout", silentMs: 10_000 });
  await media({ kind: "media-resumed" });
  const counters = { packetsSent: 500, packetsReceived: 490, packetsLost: 10, packetsDropped: 0, jitterMs: 4, mos: 4.1 };
  await media({ kind: "quality", counters });
  await order(at, call, "ann", { kind: "drop", partyId });
  await media({ kind: "closed", counters: { ...counters, packetsSent: 600 } });
  await hangUp(at, call);
}

/** Given its flows with the order, and another one by an answer to tones. */
async function callOfAMachine(at: Scene): Promise<void> {
  const gather = { verb: "gather", url: "https://example.org/tones", body: { a: 1 }, tonesAs: "tones", maxDigits: 4, format: "flow" };
  const nodes = {
    gather: { ...gather, atEnd: "digits", exits: { done: "play" } },
    play: { verb: "play", audio: "https://example.org/a.wav", repeat: -1, bargeIn: true },
  };
  const menu = given({ start: "gather", nodes });
  const orders = {
    by: "u",
    to: "+12025550177",
    callerId: { name: "The company" },
    flow: given(flow),
    callback: { url: "https://example.org/" },
  };
  void at.house.calls.originate(accountId, { ...orders, detection: { strategy: "continue", flow: menu } });
  await at.clock.advanceAsync(1000);
  const call = await callNow(at);
  const [legId = ""] = Object.keys(call.legs);
  const media = async (event: MediaEvent) => {
    at.house.media.happen(call.id, legId, event);
    await at.clock.advanceAsync(300);
  };
  await media({ kind: "answered-by", detectId: `detect ${Object.keys(call.parties)[0]}`, result: "machine" });
  await media({ kind: "digit", digit: "1", durationMs: 80 });
  await media({ kind: "digit", digit: "2", durationMs: 80 });
  const dialling = { verb: "dial", to: "+12025550188", record: true, maxMs: 60_000, callback: { url: "https://example.org/" } };
  const plan: Json = { start: "dial", nodes: { dial: dialling } };
  at.house.requests.at(-1)?.answer({ status: 200, body: plan });
  await at.clock.advanceAsync(1500);
  await hangUp(at, call);
}

/** Ann hands Ben to Cleo, whom she called beside it; Cleo's place is taken by Ann, and Ben is referred to a number. */
async function callsThatBecomeOne(at: Office): Promise<void> {
  const first = await dial(at, "ann", "5002");
  await at.clock.advanceAsync(1000);
  const own = at.phones.ann.usage();
  await dial(at, "ann", "5003");
  await at.clock.advanceAsync(1000);
  refer(own, replacing(at.phones.ann.usage(), "5003"));
  await at.clock.advanceAsync(1000);
  const headers = [["Replaces", replacesOf(at.phones.cleo.usage())] as const];
  caller(at, "192.0.2.90", { to: "5003", from: "ann", headers, authorization: signedAs("ann") });
  await at.clock.advanceAsync(500);
  Object.assign(at.phones.ben.log.events, {
    received: (request: SipRequest, respond: (status: number, parts: object) => void) =>
      request.method === "REFER" && (respond(202, { headers: [["Refer-Sub", "false"]] }), true),
  });
  const ben = Object.values((await now(at, first)).parties).find(({ address }) => address.kind === "user" && address.name === "ben");
  void at.house.calls.send(accountId, first.id, { kind: "refer", by: "u", partyId: ben?.id ?? "", to: "+12025550100" });
  await at.clock.advanceAsync(1000);
}

function given(document: Json): { readonly document: Json; readonly hash: string } {
  return { document, hash: documentHash(document) };
}

/** A trunk that wants credentials; its far end refuses to be held. */
async function callOfAChallenge(at: Scene): Promise<void> {
  const address = "192.0.2.33";
  await at.house.addTrunk({ host: address, prefixes: ["+1202555010"], username: "house", password: "secret" });
  const far = callee(at, address, {});
  far.agent.stack.onInvite((transaction) => {
    const { request } = transaction;
    if (request.headers.get("Authorization") === undefined) {
      const headers = [["WWW-Authenticate", 'Digest realm="far", nonce="n", algorithm=MD5, qop="auth"']] as const;
      transaction.respond(responseTo(request, 401, { toTag: "far", headers }));
      return;
    }
    const usage = far.agent.stack.acceptInvite(
      transaction,
      { localTag: "far", contact: far.agent.stack.contactUri("far", far.agent.address) },
      {
        ...far.log.events,
        offered: (_offer, respond) => respond(488),
      },
    );
    usage.answer({ contentType: "application/sdp", content: formatSdp(createOffer(mediaAt(address))) });
  });
  const call = await originate(at);
  await at.clock.advanceAsync(500);
  void at.house.calls.send(accountId, call.id, { kind: "hold", by: "u" });
  await at.clock.advanceAsync(500);
  await hangUp(at, call);
  far.agent.stack.onInvite((transaction) => {
    const contact = far.agent.stack.contactUri("far", far.agent.address);
    far.agent.stack
      .acceptInvite(transaction, { localTag: "far", contact }, far.log.events)
      .answer({ contentType: "text/plain", content: "?" });
  });
  await originate(at);
  await at.clock.advanceAsync(1000);
}

/** An anonymous one to a far end that names another. */
async function callOfARedirection(at: Scene): Promise<void> {
  const address = "192.0.2.34";
  const policy = { ...usualTrunkPolicy, identityHeader: "p-asserted-identity", diversionHeader: "diversion" } as const;
  await at.house.addTrunk({ host: address, prefixes: ["+1202555015"], policy });
  const second = `sip:second@${address}`;
  callee(at, address, {}).agent.stack.onInvite((transaction) => {
    const isSecond = transaction.request.uri === second;
    const headers = isSecond ? ([["X-Why", "busy"]] as const) : ([["Contact", `<${second}>`]] as const);
    transaction.respond(responseTo(transaction.request, isSecond ? 486 : 302, { toTag: "far", headers }));
  });
  const orders = { by: "u", to: "+12025550155", callerId: "anonymous", flow: given(flow), headers: { "X-Customer": "42" } };
  void at.house.calls.originate(accountId, orders);
  await at.clock.advanceAsync(500);
}

/** From somebody who wants to be anonymous and was passed on; with a digit in INFO. */
async function callOfAnAnonymousCaller(at: Scene): Promise<void> {
  const headers = [
    ["P-Asserted-Identity", "<sip:+4930111@192.0.2.50>"],
    ["Privacy", "id"],
    ["Diversion", "<sip:+4930222@192.0.2.50>;reason=user-busy"],
    ["X-Customer", "42"],
  ] as const;
  const from = caller(at, "192.0.2.50", { to: ownedNumber, headers });
  await at.clock.advanceAsync(500);
  const call = await callNow(at);
  from.usage().request("INFO", { body: { contentType: "application/dtmf-relay", content: "Signal=4" } }, () => undefined);
  await at.clock.advanceAsync(300);
  await hangUp(at, call);
  await from.agent.transport.close();
}

/** A far end that wants longer session intervals, and is heard before it answers. */
async function callOfEarlyMedia(at: Scene): Promise<void> {
  const address = "192.0.2.35";
  await at.house.addTrunk({ host: address, prefixes: ["+1202555010"], priority: 0 });
  const far = callee(at, address, {});
  far.agent.stack.onInvite((transaction) => {
    const { request } = transaction;
    if (request.headers.get("Min-SE") === undefined)
      return transaction.respond(responseTo(request, 422, { toTag: "far", headers: [["Min-SE", "2000"]] }));
    const contact = far.agent.stack.contactUri("far", far.agent.address);
    const usage = far.agent.stack.acceptInvite(transaction, { localTag: "far", contact }, far.log.events);
    const body = { contentType: "application/sdp", content: formatSdp(createOffer(mediaAt(address))) };
    usage.ring(183, body);
    at.clock.after(200, () => usage.answer(body));
  });
  const call = await originate(at);
  await at.clock.advanceAsync(1000);
  await hangUp(at, call);
}

async function callOfAFlowThatIsGone(at: Scene): Promise<void> {
  const from = caller(at, "192.0.2.50", { to: ownedNumber });
  await at.clock.advanceAsync(500);
  rmSync(at.house.flowsDirectory, { recursive: true });
  await crash(at, 100);
  const call = await callNow(at);
  const promptId = heardBy(at, call)[0] ?? "";
  at.house.media.happen(call.id, Object.keys(call.legs)[0] ?? "", { kind: "prompt-ended", promptId, reason: "finished", playedMs: 900 });
  await at.clock.advanceAsync(500);
  expect(from.log.ends).toEqual(["ended"]);
}

function write({ journal }: Scene, ended: readonly Call[]): void {
  const version = process.env["WRITE_FIXTURE"];
  if (version === undefined) return;
  const path = join(import.meta.dirname, "../fixtures/journal", version, "every-event");
  if (existsSync(`${path}.json`)) throw new Error(`${path}.json exists and stays as it is`);
  writeFileSync(`${path}.json`, `${JSON.stringify(journal.records, undefined, 1)}\n`);
  writeFileSync(`${path}.calls.json`, `${JSON.stringify(ended, undefined, 1)}\n`);
}
