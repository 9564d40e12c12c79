import { afterAll, beforeAll, expect, test } from "vitest";
import { requireTools } from "../support/peers/interop-tools.ts";
import { RtpEndpoint } from "../support/peers/rtp-endpoint.ts";
import { headerOf, mediaDirection, type TracedMessage, withoutRetransmissions } from "../support/peers/sip-trace.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { eventually } from "../support/waiting.ts";
import { callEnded, changeCall, createTrunk, nextNumber, placeCall, quiet, showCall } from "./outgoing-calls.ts";

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** The answer of the far end to the n-th INVITE has been acknowledged. */
async function acknowledged(sipp: Sipp, count: number): Promise<readonly TracedMessage[]> {
  return await eventually(`${count} ACKs`, async () => {
    const messages = withoutRetransmissions(await sipp.messages());
    return messages.filter((message) => message.method === "ACK").length === count ? messages : undefined;
  });
}

function loudness(samples: Int16Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / Math.max(1, samples.length));
}

test("Hold is sendonly on the wire and plays music; Connected takes it back; Disconnected is BYE", async (context) => {
  requireTools(context, "sipp");
  const number = nextNumber();
  await using endpoint = await RtpEndpoint.open();
  await using sipp = await Sipp.start({ scenario: "uas-answer", rtpPort: endpoint.port });
  await createTrunk(server, number, { port: sipp.port });
  const id = await placeCall(server, number, quiet);
  await acknowledged(sipp, 1);

  await changeCall(server, id, "Hold");
  await acknowledged(sipp, 2);
  expect((await showCall(server, id)).callState).toBe("Hold");
  const heldFrom = endpoint.packets.length;
  await endpoint.waitForPackets(heldFrom + 100);
  const duringHold = endpoint.heard().subarray(-100 * 160);
  expect(loudness(duringHold)).toBeGreaterThan(100);

  await changeCall(server, id, "Connected");
  const messages = await acknowledged(sipp, 3);
  expect((await showCall(server, id)).callState).toBe("Connected");
  const invites = messages.filter((message) => message.method === "INVITE");
  expect(invites.map(mediaDirection)).toEqual(["sendrecv", "sendonly", "sendrecv"]);
  const sequence = invites.map((invite) => Number.parseInt(headerOf(invite, "cseq"), 10));
  expect(sequence).toEqual(sequence.toSorted((a, b) => a - b));
  expect(new Set(invites.map((invite) => headerOf(invite, "call-id"))).size).toBe(1);

  await changeCall(server, id, "Disconnected");
  const all = await sipp.succeeded();
  expect(all.at(-2)).toMatchObject({ direction: "received", method: "BYE" });
  expect(await callEnded(server, id)).toMatchObject({ callState: "Disconnected", ended: true });
});
