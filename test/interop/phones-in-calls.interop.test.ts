import { afterAll, beforeAll, expect, test } from "vitest";
import { tone } from "../support/audio/tones.ts";
import { Baresip } from "../support/peers/baresip.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import { Linphone } from "../support/peers/linphone.ts";
import { breachesOf } from "../support/peers/message-rules.ts";
import { type RealPhone, realPhones } from "../support/peers/real-phones.ts";
import { RtpEndpoint } from "../support/peers/rtp-endpoint.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { eventually } from "../support/waiting.ts";
import { addPhone, ladder, startPhone } from "./call-flows.ts";
import { accountFor, callIdOf, messagesOf, sipUri } from "./phone-calls.ts";
import { createTrunk, nextNumber, ownNumber, secret } from "./outgoing-calls.ts";

// What real phones do in a call: hold, resume, digits, early media and session timers, over UDP and TCP. A far end behind a trunk tells what came through.

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const phones = [
  ["baresip", "udp"],
  ["baresip", "tcp"],
  ["linphonec", "udp"],
  ["linphonec", "tcp"],
] as const;

/** These play music of their own to whom they hold, so there is no silence. */
const holdsWithMusic: ReadonlySet<RealPhone> = new Set(["linphonec"]);

/** Of the last half second at least. */
async function loudnessAt(endpoint: RtpEndpoint): Promise<number> {
  const from = endpoint.packets.length;
  await endpoint.waitForPackets(from + 25);
  const samples = endpoint.heard(endpoint.packets.slice(from));
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / Math.max(1, samples.length));
}

test.for(phones)("%s over %s calls, holds, resumes and hangs up; its voice goes and comes back", async ([tool, transport], context) => {
  requireTools(context, "sipp", tool);
  const number = nextNumber();
  await using endpoint = await RtpEndpoint.open();
  await using sipp = await Sipp.start({ scenario: "uas-answer", rtpPort: endpoint.port });
  await createTrunk(server, number, { port: sipp.port });
  await using phone = await realPhones[tool]({ account: await accountFor(server, `${tool}-${transport}`, transport), says: tone(440, 60) });
  await phone.registered();
  await phone.call(sipUri(server, number, transport));
  await eventually("its voice", async () => (await loudnessAt(endpoint)) > 1_000);
  await phone.hold();
  if (!holdsWithMusic.has(tool)) await eventually("silence", async () => (await loudnessAt(endpoint)) < 20);
  await phone.resume();
  await eventually("its voice again", async () => (await loudnessAt(endpoint)) > 1_000);
  await phone.hangUp();
  await sipp.succeeded();
  // Its offers, and what each was answered with.
  const invites = (await messagesOf(server, await callIdOf(server, number))).filter(
    ({ protocol, method, text }) => protocol === transport && method === "INVITE" && /^m=/m.test(text),
  );
  expect(invites.some(({ direction, text }) => direction === "received" && /^a=(sendonly|inactive)/m.test(text))).toBe(true);
  expect(invites.some(({ direction, text }) => direction === "sent" && /^a=(recvonly|inactive)/m.test(text))).toBe(true);
});

test.for([
  ["RFC 4733 events", false],
  ["INFO", true],
] as const)("linphonec presses 42 by %s, and the flow has each digit once", async ([, digitsByInfo], context) => {
  requireTools(context, "linphonec");
  const number = nextNumber();
  await ownNumber(server, number, secret);
  await using phone = await Linphone.start({ account: await accountFor(server, "presser", "udp"), digitsByInfo });
  await phone.registered();
  await phone.call(sipUri(server, number));
  await phone.press("42");
  await phone.ended();
  expect((await messagesOf(server, await callIdOf(server, number))).some(({ method }) => method === "INFO")).toBe(digitsByInfo);
});

// baresip 1.0 sends no sound before it answers, so the session is opened early and its voice comes later.
test("baresip sends 183 before it answers: whoever calls is offered the early session, and hears its voice after 200", async (context) => {
  requireTools(context, "baresip", "sipp");
  const account = await accountFor(server, "early", "udp");
  await using phone = await Baresip.start({ account, says: tone(440, 60), answers: "early" });
  await phone.registered();
  await using endpoint = await RtpEndpoint.open();
  const target = { port: server.sipPort, user: account.username };
  const caller = await addPhone(server, "caller");
  await using sipp = await startPhone(caller, { scenario: "rfc3665/alice-is-hung-up", target, rtpPort: endpoint.port });
  const early = await sipp.waitForMessage("183", ({ status }) => status === 183);
  expect(early.body).toMatch(/^m=audio /m);
  await phone.accept();
  await eventually("its voice", async () => (await loudnessAt(endpoint)) > 1_000);
  await phone.hangUp();
  const messages = await sipp.succeeded();
  expect(ladder(messages)).toMatch(/ <183 <200 >ACK <BYE >200$/);
  expect(breachesOf(messages)).toEqual([]);
});

test("linphonec is granted the session timer that it asks for", async (context) => {
  requireTools(context, "linphonec", "sipp");
  const number = nextNumber();
  await using sipp = await Sipp.start({ scenario: "uas-answer" });
  await createTrunk(server, number, { port: sipp.port });
  await using phone = await Linphone.start({ account: await accountFor(server, "timed", "udp"), sessionExpiresSeconds: 120 });
  await phone.registered();
  await phone.call(sipUri(server, number));
  await phone.hangUp();
  await sipp.succeeded();
  const messages = await messagesOf(server, await callIdOf(server, number));
  const answer = messages.find(({ direction, method, status }) => direction === "sent" && method === "INVITE" && status === 200);
  expect(answer?.text).toMatch(/^Session-Expires: ?120;refresher=/m);
});
