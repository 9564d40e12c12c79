import { afterAll, beforeAll, expect, test } from "vitest";
import { envelopeCorrelation, heardFrom } from "../support/audio/energy-envelope.ts";
import { speak } from "../support/audio/flite.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import { RtpEndpoint } from "../support/peers/rtp-endpoint.ts";
import { headerOf } from "../support/peers/sip-trace.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { callEnded, chapter, createTrunk, farewell, nextNumber, placeCall, requestsReceived, story } from "./outgoing-calls.ts";

// kill -9 of the server while a call is on: what was promised is kept, and an answered call goes on.

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

test("killed right after the 204, it lists the call with its outcome after the restart", async (context) => {
  requireTools(context, "sipp");
  const number = nextNumber();
  await using endpoint = await RtpEndpoint.open();
  await using sipp = await Sipp.start({ scenario: "uas-busy", rtpPort: endpoint.port });
  await createTrunk(server, number, { port: sipp.port });

  const id = await placeCall(server, number, story);
  await server.kill();
  await server.restart();
  const call = await callEnded(server, id, 60_000);

  expect(call.callState).toBe("Disconnected");
  expect(call.outcome).not.toBe("");
  const list = await server.succeed("GET", "/sessions");
  expect(list.text).toContain(id);
  const callIds = (await sipp.messages()).map((message) => headerOf(message, "call-id"));
  expect(new Set(callIds).size).toBeLessThanOrEqual(1);
});

test("killed in the middle of an answered call, the far end hears the flow go on, and BYE comes", async (context) => {
  requireTools(context, "sipp");
  const number = nextNumber();
  const [chapterAudio, farewellAudio] = [await speak(chapter), await speak(farewell)];
  await using endpoint = await RtpEndpoint.open();
  await using sipp = await Sipp.start({ scenario: "uas-answer", rtpPort: endpoint.port });
  await createTrunk(server, number, { port: sipp.port });

  const id = await placeCall(server, number, story);
  await endpoint.waitForPackets(150, 20_000);
  await server.kill();
  const before = endpoint.packets.length;
  const ssrc = endpoint.packets.at(-1)?.ssrc;
  await server.restart();
  const messages = await sipp.succeeded();

  const after = endpoint.packets.slice(before);
  expect(new Set(after.map((packet) => packet.ssrc))).toEqual(new Set([ssrc]));
  const [heardBefore, heardAfter] = [endpoint.heard(endpoint.packets.slice(0, before)), endpoint.heard(after)];
  // The kill was in the chapter: its opening came before and is not said again, its last words and the farewell came after.
  const opening = chapterAudio.subarray(0, 2 * 8_000);
  expect(envelopeCorrelation(heardBefore, opening)).toBeGreaterThanOrEqual(heardFrom);
  expect(envelopeCorrelation(heardAfter, opening)).toBeLessThan(heardFrom);
  expect(envelopeCorrelation(heardAfter, chapterAudio.subarray(-2 * 8_000))).toBeGreaterThanOrEqual(heardFrom);
  expect(envelopeCorrelation(heardAfter, farewellAudio)).toBeGreaterThanOrEqual(heardFrom);
  expect(requestsReceived(messages)).toBe("INVITE ACK BYE");
  expect(await callEnded(server, id)).toMatchObject({ callState: "Disconnected", ended: true });
});
