import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { envelopeCorrelation, heardFrom } from "../support/audio/energy-envelope.ts";
import { speak } from "../support/audio/flite.ts";
import { Baresip } from "../support/peers/baresip.ts";
import { type InteropTool, requireTools } from "../support/peers/interop-tools.ts";
import { Linphone } from "../support/peers/linphone.ts";
import type { Phone } from "../support/peers/phone.ts";
import { RtpEndpoint } from "../support/peers/rtp-endpoint.ts";
import { headerOf } from "../support/peers/sip-trace.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { eventually } from "../support/waiting.ts";
import {
  callEnded,
  createTrunk,
  firstBranch,
  greeting,
  menu,
  nextNumber,
  otherBranch,
  placeCall,
  requestsReceived,
  showCall,
} from "./outgoing-calls.ts";

// One HTTP request makes a real SIP far end ring; it hears the flow's sentence, its digit chooses the branch, and the flow hangs up.

let server: ServerProcess;
let said: { readonly greeting: Int16Array; readonly first: Int16Array; readonly other: Int16Array };

beforeAll(async () => {
  said = { greeting: await speak(greeting), first: await speak(firstBranch), other: await speak(otherBranch) };
  server = await ServerProcess.start();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

test.for([
  ["1", "first", "other"],
  ["2", "other", "first"],
] as const)("SIPp presses %s and hears that branch", async ([digit, branch, notBranch], context) => {
  requireTools(context, "sipp");
  const number = nextNumber();
  await using endpoint = await RtpEndpoint.open();
  await using sipp = await Sipp.start({ scenario: "uas-answer", rtpPort: endpoint.port });
  await createTrunk(server, number, { port: sipp.port });

  const id = await placeCall(server, number, menu);
  await eventually("the greeting", () => envelopeCorrelation(endpoint.heard(), said.greeting) >= heardFrom, 20_000);
  expect((await showCall(server, id)).callState).toBe("Connected");
  endpoint.press(digit);
  const messages = await sipp.succeeded();

  expect(envelopeCorrelation(endpoint.heard(), said[branch])).toBeGreaterThanOrEqual(heardFrom);
  expect(envelopeCorrelation(endpoint.heard(), said[notBranch])).toBeLessThan(heardFrom);
  expect(requestsReceived(messages)).toBe("INVITE ACK BYE");
  const invite = messages[0];
  expect(invite?.startLine).toContain(number);
  expect(invite && headerOf(invite, "contact")).toMatch(/^<sip:[0-9a-z-]+@127\.0\.0\.1/);
  expect(await callEnded(server, id)).toMatchObject({ callState: "Disconnected", ended: true });
});

type StartPhone = (user: string) => Promise<Phone>;
const phones: readonly (readonly [InteropTool, StartPhone])[] = [
  ["baresip", (user) => Baresip.start({ user })],
  ["linphonec", () => Linphone.start()],
];

test.for(phones)("%s records the greeting, presses 2 and records that branch", async ([tool, start], context) => {
  requireTools(context, tool);
  const number = nextNumber();
  await using phone = await start(number);
  await createTrunk(server, number, { port: phone.port });

  const id = await placeCall(server, number, menu);
  await phone.answered(20_000);
  // Its recording is complete only after the call, so the length of the greeting says when it has been heard.
  await delay(said.greeting.length / 8 + 1_000);
  await phone.press("2");
  await phone.ended(20_000);

  const recording = await phone.recording();
  expect(envelopeCorrelation(recording, said.greeting)).toBeGreaterThanOrEqual(heardFrom);
  expect(envelopeCorrelation(recording, said.other)).toBeGreaterThanOrEqual(heardFrom);
  expect(envelopeCorrelation(recording, said.first)).toBeLessThan(heardFrom);
  expect(await callEnded(server, id)).toMatchObject({ callState: "Disconnected", ended: true });
});

test.for(phones)("%s hangs up first, and the call ends", async ([tool, start], context) => {
  requireTools(context, tool);
  const number = nextNumber();
  await using phone = await start(number);
  await createTrunk(server, number, { port: phone.port });
  const id = await placeCall(server, number, menu);
  await phone.answered(20_000);
  await phone.hangUp();
  expect(await callEnded(server, id)).toMatchObject({ callState: "Disconnected", ended: true });
});
