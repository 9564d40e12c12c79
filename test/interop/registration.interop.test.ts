import { afterAll, beforeAll, expect, test } from "vitest";
import type { FlowDocument } from "../../src/flows/index.ts";
import { envelopeCorrelation, heardFrom } from "../support/audio/energy-envelope.ts";
import { speak } from "../support/audio/flite.ts";
import { parseWav, samplesAt8Khz } from "../support/audio/wav.ts";
import { Baresip } from "../support/peers/baresip.ts";
import { type InteropTool, requireTools } from "../support/peers/interop-tools.ts";
import { Linphone } from "../support/peers/linphone.ts";
import type { Phone, PhoneAccount } from "../support/peers/phone.ts";
import { RtpEndpoint } from "../support/peers/rtp-endpoint.ts";
import { mediaDirection, withoutRetransmissions } from "../support/peers/sip-trace.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { eventually, memberOf } from "../support/waiting.ts";
import { callEnded, changeCall, createTrunk, nextNumber, placeCall } from "./outgoing-calls.ts";

// Real phones sign in with the server, call through it and are called by it.

const demoNumber = "+12025550100";
const oneSentence = "This sentence travels from one telephone to the other one.";
const otherSentence = "Nobody has said a word about the weather in the north today.";

let server: ServerProcess;
/** The phone that the first start made: its password stands in the banner and nowhere else. */
let firstPhone: PhoneAccount;

beforeAll(async () => {
  server = await ServerProcess.start();
  const password = await eventually("the phone's password", () => /user-phone\s+(\S+)/.exec(server.output)?.[1]);
  firstPhone = { username: "user-phone", password, port: server.sipPort };
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

type PhoneOptions = { readonly account: PhoneAccount; readonly says?: Int16Array };
type StartPhone = (options: PhoneOptions) => Promise<Phone>;
const phones: readonly (readonly [InteropTool, StartPhone])[] = [
  ["linphonec", (options) => Linphone.start(options)],
  ["baresip", (options) => Baresip.start(options)],
];

/** A user with a phone of that name. */
async function addPhone(username: string): Promise<PhoneAccount> {
  const phone = { username, password: `the password of ${username}`.replaceAll(" ", "-") };
  const user = { email: `${username}@example.test`, password: "a-good-password", roles: ["user"], phone };
  await server.succeed("POST", "/v1/users", user);
  return { ...phone, port: server.sipPort };
}

function sipUri(user: string): string {
  return `sip:${user}@127.0.0.1:${server.sipPort}`;
}

async function demoRecording(): Promise<Int16Array> {
  const credentials = Buffer.from(`${server.admin.email}:${server.admin.password}`).toString("base64");
  const answer = await fetch(`${server.url}/v1/demo-phone/recording.wav`, { headers: { authorization: `Basic ${credentials}` } });
  return samplesAt8Khz(parseWav(Buffer.from(await answer.arrayBuffer())));
}

test.for(phones)("%s signs in, and with a wrong password it is refused", async ([tool, start], context) => {
  requireTools(context, tool);
  await using phone = await start({ account: firstPhone });
  await phone.registered();
  await using stranger = await start({ account: { ...firstPhone, password: "not this one" } });
  await expect(stranger.registered(2_000)).rejects.toThrow("registration");
});

test.for(phones)("%s calls the demo phone, which answers and hears it", async ([tool, start], context) => {
  requireTools(context, tool);
  const says = await speak(oneSentence);
  await using phone = await start({ account: await addPhone(`caller-${tool}`), says });
  await phone.registered();
  await phone.call(sipUri(demoNumber));
  await eventually("the sentence at the demo phone", async () => envelopeCorrelation(await demoRecording(), says) >= heardFrom, 20_000);
  await phone.hangUp();
  expect(envelopeCorrelation(await demoRecording(), await speak(otherSentence))).toBeLessThan(heardFrom);
});

test.for(phones)("a flow dials %s by the name of the phone, and the two hear each other", async ([tool, start], context) => {
  requireTools(context, "sipp", tool);
  const [fromFirst, fromPhone] = [await speak(oneSentence), await speak(otherSentence)];
  const account = tool === "linphonec" ? firstPhone : await addPhone(`callee-${tool}`);
  const number = nextNumber();
  await using phone = await start({ account, says: fromPhone });
  await phone.registered();
  await using endpoint = await RtpEndpoint.open();
  await using sipp = await Sipp.start({ scenario: "uas-answer", rtpPort: endpoint.port });
  await createTrunk(server, number, { port: sipp.port });
  const flow: FlowDocument = { start: "dial", nodes: { dial: { verb: "dial", to: account.username } } };

  const id = await placeCall(server, number, flow);
  await phone.answered(20_000);
  endpoint.play(fromFirst);
  await eventually("the phone's sentence", () => envelopeCorrelation(endpoint.heard(), fromPhone) >= heardFrom, 20_000);
  expect(envelopeCorrelation(endpoint.heard(), fromFirst)).toBeLessThan(heardFrom);
  // Both sentences began at the same time and last 4 s.
  await endpoint.waitForPackets(endpoint.packets.length + 100);
  await changeCall(server, id, "Disconnected");
  await phone.ended();
  await sipp.succeeded();
  const heard = await phone.recording();
  expect(envelopeCorrelation(heard, fromFirst)).toBeGreaterThanOrEqual(heardFrom);
  expect(envelopeCorrelation(heard, fromPhone)).toBeLessThan(heardFrom);
  expect(await callEnded(server, id)).toMatchObject({ callState: "Disconnected", ended: true });
});

test("a call that a phone made is held and taken back by its user", async (context) => {
  requireTools(context, "sipp", "linphonec");
  const number = nextNumber();
  await using endpoint = await RtpEndpoint.open();
  await using sipp = await Sipp.start({ scenario: "uas-answer", rtpPort: endpoint.port });
  await createTrunk(server, number, { port: sipp.port });
  await using phone = await Linphone.start({ account: firstPhone });
  await phone.registered();
  await phone.call(sipUri(number));

  const mine = (await server.succeed("GET", "/sessions/my", undefined, server.user)).json();
  const sessions = memberOf(mine, "sessions");
  const session: unknown = Array.isArray(sessions) ? sessions.find((one) => memberOf(one, "toAddress") === number) : undefined;
  const id = String(memberOf(session, "id"));
  const directions = async () =>
    withoutRetransmissions(await sipp.messages())
      .filter(({ method }) => method === "INVITE")
      .map(mediaDirection);
  await server.succeed("PATCH", `/sessions/${id}`, { callState: "Hold" }, server.user);
  await eventually("the first re-INVITE", async () => (await directions()).length === 2);
  await server.succeed("PATCH", `/sessions/${id}`, { callState: "Connected" }, server.user);
  await eventually("the second re-INVITE", async () => (await directions()).length === 3);
  expect(await directions()).toEqual(["sendrecv", "sendonly", "sendrecv"]);
  await phone.hangUp();
  await sipp.succeeded();
  expect(await callEnded(server, id)).toMatchObject({ callState: "Disconnected", ended: true });
});
