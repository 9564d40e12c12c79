import { expect, test } from "vitest";
import { FarEndProcess } from "../../bench/far-end-process.ts";
import { envelopeCorrelation, heardFrom } from "../support/audio/energy-envelope.ts";
import { speak } from "../support/audio/flite.ts";
import { Baresip } from "../support/peers/baresip.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import { Linphone } from "../support/peers/linphone.ts";
import { realPhones } from "../support/peers/real-phones.ts";
import { RtpEndpoint } from "../support/peers/rtp-endpoint.ts";
import { headerOf, mediaDirection, withoutRetransmissions } from "../support/peers/sip-trace.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { eventually } from "../support/waiting.ts";

// The far ends against each other, without the server: what they report is worth something only when it is right here.

const oneSentence = "This sentence travels from one telephone to the other one.";
const otherSentence = "Nobody has said a word about the weather in the north today.";
const timeout = 60_000;

function expectHeard(heard: Int16Array, said: Int16Array, notSaid: Int16Array): void {
  expect(envelopeCorrelation(heard, said)).toBeGreaterThanOrEqual(heardFrom);
  expect(envelopeCorrelation(heard, notSaid)).toBeLessThan(heardFrom);
}

test.for(["linphonec", "baresip"] as const)(
  "%s calls SIPp: speech and digits both ways, hold on the wire, BYE",
  { timeout },
  async (tool, context) => {
    requireTools(context, "sipp", tool);
    const [fromPhone, toPhone] = [await speak(oneSentence), await speak(otherSentence)];
    await using endpoint = await RtpEndpoint.open();
    await using sipp = await Sipp.start({ scenario: "uas-answer", rtpPort: endpoint.port });
    await using phone = await realPhones[tool]({ says: fromPhone });

    await phone.call(`sip:sipp@127.0.0.1:${sipp.port}`);
    await endpoint.waitForPackets(1);
    endpoint.play(toPhone);
    endpoint.press("42#");
    await endpoint.waitForPackets(300);
    await phone.press("195");
    await eventually("the digits at both ends", () => endpoint.digits().length >= 3 && phone.digits().length >= 3);
    await phone.hold();
    await sipp.waitForMessage("the answer to hold", (message) => message.status === 200 && mediaDirection(message) === "recvonly");
    await phone.resume();
    await eventually("the third ACK", async () => (await sipp.messages()).filter((message) => message.method === "ACK").length === 3);
    await phone.hangUp();
    const messages = await sipp.succeeded();

    expect(
      withoutRetransmissions(messages)
        .filter((message) => message.method === "INVITE")
        .map(mediaDirection),
    ).toEqual(["sendrecv", "sendonly", "sendrecv"]);
    expectHeard(endpoint.heard(), fromPhone, toPhone);
    expectHeard(await phone.recording(), toPhone, fromPhone);
    expect(endpoint.digits()).toBe("195");
    expect(phone.digits()).toBe("42#");
  },
);

test("baresip calls linphonec: each hears the other's sentence", { timeout }, async (context) => {
  requireTools(context, "baresip", "linphonec");
  const [fromCaller, fromCallee] = [await speak(oneSentence), await speak(otherSentence)];
  await using callee = await Linphone.start({ says: fromCallee });
  await using caller = await Baresip.start({ says: fromCaller });

  await caller.call(callee.uri);
  await callee.answered();
  await caller.press("7");
  await eventually("the digit", () => callee.digits() === "7");
  // The sentences last 4 s; nothing tells when the last sample was heard.
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  await caller.hangUp();
  await callee.ended();

  expectHeard(await callee.recording(), fromCaller, fromCallee);
  expectHeard(await caller.recording(), fromCallee, fromCaller);
});

test.for([
  ["uas-busy", 486],
  ["uas-reject", 603],
] as const)("SIPp refuses by %s with %i", { timeout }, async ([scenario, status], context) => {
  requireTools(context, "sipp", "linphonec");
  await using callee = await Sipp.start({ scenario });
  await using caller = await Linphone.start();
  await expect(caller.call(`sip:a@127.0.0.1:${callee.port}`)).rejects.toThrow("linphonec: Call 1");
  const messages = await callee.succeeded();
  expect(messages.some((message) => message.status === status)).toBe(true);
});

test("SIPp stays silent until it is cancelled", { timeout }, async (context) => {
  requireTools(context, "sipp", "linphonec");
  await using callee = await Sipp.start({ scenario: "uas-silent" });
  await using caller = await Linphone.start();
  const call = expect(caller.call(`sip:a@127.0.0.1:${callee.port}`)).rejects.toThrow("linphonec: Call 1");
  await callee.waitForMessage("180", (message) => message.status === 180);
  await caller.hangUp();
  await call;
  const messages = await callee.succeeded();
  expect(withoutRetransmissions(messages).map((message) => message.method ?? message.status)).toEqual([
    "INVITE",
    180,
    "CANCEL",
    200,
    487,
    "ACK",
  ]);
});

test("SIPp hangs up by itself, with a BYE its caller accepts", { timeout }, async (context) => {
  requireTools(context, "sipp", "linphonec");
  await using callee = await Sipp.start({ scenario: "uas-answer-then-bye" });
  await using caller = await Linphone.start();
  await caller.call(`sip:a@127.0.0.1:${callee.port}`);
  await caller.ended();
  const messages = await callee.succeeded();
  const bye = messages.find((message) => message.method === "BYE");
  expect(bye?.direction).toBe("sent");
  expect(bye && headerOf(bye, "CSeq")).toBe("1 BYE");
});

test("SIPp calls baresip under a telephone number, and asks for its capabilities", { timeout }, async (context) => {
  requireTools(context, "sipp", "baresip");
  const user = "+15552000100";
  await using callee = await Baresip.start({ user });
  await using caller = await Sipp.start({ scenario: "uac-call", target: { port: callee.port, user } });
  await callee.answered();
  await callee.ended();
  await caller.succeeded();
  await using asker = await Sipp.start({ scenario: "uac-options", target: { port: callee.port, user } });
  await asker.succeeded();
});

test("the far end of the benches takes ten calls of SIPp", { timeout }, async (context) => {
  requireTools(context, "sipp");
  await using farEnd = await FarEndProcess.start();
  await using caller = await Sipp.start({ scenario: "uac-call", target: { port: farEnd.sipPort, user: "bench" }, calls: 10 });
  await caller.succeeded();
  expect(await farEnd.ask("report")).toMatchObject({ answered: 10, ended: 10, packets: 0 });
});
