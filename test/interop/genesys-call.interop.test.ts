import { afterAll, beforeAll, expect, test } from "vitest";
import type { CallView } from "../../src/api/contract/calls.ts";
import { envelopeCorrelation, heardFrom } from "../support/audio/energy-envelope.ts";
import { speak } from "../support/audio/flite.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import { Linphone } from "../support/peers/linphone.ts";
import { RtpEndpoint } from "../support/peers/rtp-endpoint.ts";
import { mediaDirection, withoutRetransmissions } from "../support/peers/sip-trace.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { eventually } from "../support/waiting.ts";
import { adaptToBrowser, addAgent, AgentDesktop, type Transport } from "./agent-desktop.ts";
import { createTrunk, nextNumber, requestsReceived } from "./outgoing-calls.ts";

// An agent's calls, driven over HTTP and heard of by the official CometD client, with real phones at both ends.

const transports: readonly Transport[] = ["long-polling", "websocket"];
const demoNumber = "+12025550100";

let server: ServerProcess;

beforeAll(async () => {
  adaptToBrowser();
  server = await ServerProcess.start();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** A far end behind a trunk, and the number that leads there. */
async function farEnd() {
  await using started = new AsyncDisposableStack();
  const endpoint = started.use(await RtpEndpoint.open());
  const sipp = started.use(await Sipp.start({ scenario: "uas-answer", rtpPort: endpoint.port }));
  const number = nextNumber();
  await createTrunk(server, number, { port: sipp.port });
  const owned = started.move();
  return { number, endpoint, sipp, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The directions that the server has offered, once there are as many and the last is acknowledged. */
async function offers(sipp: Sipp, count: number): Promise<readonly string[]> {
  return await eventually(`${count} offers with their ACK`, async () => {
    const messages = withoutRetransmissions(await sipp.messages());
    const isDone = messages.filter(({ method }) => method === "ACK").length === count;
    return isDone && messages.filter(({ method }) => method === "INVITE").map(mediaDirection);
  });
}

/** The id of the desktop's call in the native API. */
function nativeId({ call }: AgentDesktop): string {
  return call.id.slice(0, 24).toLowerCase();
}

test.for(transports)("dialled, held, retrieved, digits, data, muted, transferred; told over %s", async (transport, context) => {
  requireTools(context, "sipp");
  await using customer = await farEnd();
  await using expert = await farEnd();
  await using desktop = await AgentDesktop.open(server, server.user, transport);
  await desktop.operate("/me", "StartContactCenterSession", { channels: ["voice"] });
  await desktop.hears("device NotReady");
  await desktop.operate("/me", "Ready");
  await desktop.hears("device Ready");

  await desktop.dial(customer.number, { userData: { order: "4711" } });
  await desktop.hears("Dialing");
  await desktop.hears("Established");
  expect(desktop.call).toMatchObject({ callType: "Outbound", dnis: customer.number, participants: [{ phoneNumber: customer.number }] });
  expect(await offers(customer.sipp, 1)).toEqual(["sendrecv"]);

  await desktop.onCall("Hold");
  await desktop.hears("Held");
  expect(await offers(customer.sipp, 2)).toEqual(["sendrecv", "sendonly"]);
  await desktop.onCall("Retrieve");
  await desktop.hears("Established");
  expect(await offers(customer.sipp, 3)).toEqual(["sendrecv", "sendonly", "sendrecv"]);

  await desktop.onCall("SendDtmf", { digits: "159#" });
  await desktop.hears("DtmfSent");
  await eventually("the digits", () => customer.endpoint.digits() === "159#");

  const changes = [
    ["AttachUserData", { userData: { order: "4712", name: "Eve" } }, { order: ["4711", "4712"], name: "Eve" }],
    ["UpdateUserData", { userData: { order: "4713" } }, { order: "4713", name: "Eve" }],
    ["DeleteUserDataPair", { key: "name" }, { order: "4713" }],
    ["DeleteUserData", {}, undefined],
  ] as const;
  for (const [operation, fields, left] of changes) {
    await desktop.onCall(operation, fields);
    await desktop.hears("AttachedDataChanged");
    expect(desktop.call.userData).toEqual(left);
  }

  await desktop.onCall("MuteCall");
  await desktop.hears("Established muted");
  await desktop.onCall("UnmuteCall");
  await desktop.hears("Established");

  await desktop.onCall("SingleStepTransfer", { destination: { phoneNumber: expert.number } });
  await desktop.hears("Released");
  expect(await desktop.calls()).toEqual([]);
  expect((await desktop.ask("GET", `/me/calls/${desktop.call.id}`)).body.statusCode).toBe(6);

  const sentence = await speak("Now the customer and the expert talk about the order.");
  await offers(expert.sipp, 1);
  await expert.endpoint.waitForPackets(1);
  customer.endpoint.play(sentence);
  await expert.endpoint.waitForPackets(expert.endpoint.packets.length + sentence.length / 160 + 50);
  expect(envelopeCorrelation(expert.endpoint.heard(), sentence)).toBeGreaterThanOrEqual(heardFrom);

  await server.succeed("POST", `/v1/calls/${nativeId(desktop)}/hang-up`, {});
  expect(requestsReceived(await customer.sipp.succeeded())).toBe("INVITE ACK INVITE ACK INVITE ACK BYE");
  expect(requestsReceived(await expert.sipp.succeeded())).toBe("INVITE ACK BYE");
  await desktop.operate("/me", "NotReady");
  await desktop.hears("device NotReady");
  expect([desktop.unheard, desktop.failures]).toEqual([[], []]);
  await desktop.operate("/me", "EndContactCenterSession");
  await eventually("the end of the client", () => desktop.client.isDisconnected());
});

test.for(transports)("to the demo phone, and hung up; told over %s", async (transport) => {
  await using desktop = await AgentDesktop.open(server, server.user, transport);
  await desktop.dial(demoNumber);
  await desktop.hears("Dialing");
  expect(desktop.call.capabilities).toContain("Hangup");
  await desktop.hears("Established");
  await desktop.onCall("Hangup");
  await desktop.hears("Released");
  expect([desktop.unheard, desktop.failures]).toEqual([[], []]);
});

test("MuteCall silences the agent for the far end, UnmuteCall brings the voice back", async (context) => {
  requireTools(context, "sipp", "linphonec");
  const { login, account } = await addAgent(server, "mia", "5003");
  await using customer = await farEnd();
  await using phone = await Linphone.start({ account, says: tone(60) });
  await phone.registered();
  await using desktop = await AgentDesktop.open(server, login, "long-polling");
  await desktop.dial(customer.number);
  await desktop.hears("Dialing");
  await desktop.hears("Established");
  const loudness = async () => {
    const from = customer.endpoint.packets.length;
    await customer.endpoint.waitForPackets(from + 50);
    return levelOf(customer.endpoint.heard(customer.endpoint.packets.slice(from)));
  };
  await eventually("the agent's voice", async () => (await loudness()) > 1_000);
  await desktop.onCall("MuteCall");
  await desktop.hears("Established muted");
  await eventually("silence", async () => (await loudness()) < 20);
  expect(await loudness()).toBeLessThan(20);
  await desktop.onCall("UnmuteCall");
  await desktop.hears("Established");
  await eventually("the agent's voice again", async () => (await loudness()) > 1_000);
  await desktop.onCall("Hangup");
  await desktop.hears("Released");
  await customer.sipp.succeeded();
});

test("an internal call is two call resources: each agent's own, with the other in it", async (context) => {
  requireTools(context, "linphonec");
  const { login, account } = await addAgent(server, "bea", "5002");
  await using phone = await Linphone.start({ account });
  await phone.registered();
  await using caller = await AgentDesktop.open(server, server.user, "long-polling");
  await using callee = await AgentDesktop.open(server, login, "websocket");

  await caller.dial("5002", { userData: { topic: "lunch" } });
  await callee.hears("Ringing");
  await caller.hears("Dialing");
  await caller.hears("Established");
  await callee.hears("Established");
  await phone.answered();
  expect(callee.call.id).toBe(caller.call.id);
  const shared = { callType: "Internal", dnis: "5002", userData: { topic: "lunch" }, state: "Established" };
  expect(await caller.calls()).toMatchObject([{ ...shared, participants: [{ phoneNumber: "5002" }] }]);
  expect(await callee.calls()).toMatchObject([{ ...shared, participants: [{ phoneNumber: "5001" }] }]);

  await callee.onCall("Hold");
  await callee.hears("Held");
  expect(await caller.calls()).toMatchObject([{ state: "Established" }]);
  await callee.onCall("Retrieve");
  await callee.hears("Established");
  await callee.onCall("Hangup");
  await callee.hears("Released");
  await caller.hears("Released");
  await phone.ended();

  await callee.dial("5001");
  await callee.hears("Dialing");
  await caller.hears("Ringing");
  expect(caller.call).toMatchObject({ callType: "Internal", participants: [{ phoneNumber: "5002" }] });
  await caller.onCall("Answer");
  await caller.hears("Established");
  await callee.hears("Established");
  // The desk was rung again and asked to answer by itself.
  const { legs } = (await server.succeed("GET", `/v1/calls/${nativeId(caller)}`)).json() as CallView;
  expect(legs.map(({ state }) => state)).toEqual(["answered", "ended", "answered"]);
  await caller.onCall("Hangup");
  await caller.hears("Released");
  await callee.hears("Released");
  expect([caller.unheard, callee.unheard]).toEqual([[], []]);
  expect([await caller.calls(), await callee.calls()]).toEqual([[], []]);
});

/** 440 Hz at 8 kHz. */
function tone(seconds: number): Int16Array {
  return Int16Array.from({ length: seconds * 8_000 }, (_, index) => Math.round(8_000 * Math.sin((2 * Math.PI * 440 * index) / 8_000)));
}

function levelOf(samples: Int16Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / Math.max(1, samples.length));
}
