import { afterAll, beforeAll, expect, test } from "vitest";
import { envelopeCorrelation, heardFrom } from "../support/audio/energy-envelope.ts";
import { speak } from "../support/audio/flite.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import { RtpEndpoint } from "../support/peers/rtp-endpoint.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { memberOf } from "../support/waiting.ts";
import { createTrunk, nextNumber, placeCall, requestsReceived } from "./outgoing-calls.ts";

// Offers and answers that do not travel in INVITE and its 2xx, with a far end of other people.

const sentence = "Thank you for calling the house of calls this morning.";
const owned = "+12125550147";

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start();
  const nodes = { say: { verb: "say", text: sentence, exits: { done: "bye" } }, bye: { verb: "hang-up" } };
  const flow = (await server.succeed("POST", "/v1/flows", { name: "welcome", document: { start: "say", nodes } })).json();
  await server.succeed("POST", "/v1/numbers", { number: owned, flowId: memberOf(flow, "id") });
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

test("SIPp describes itself in a reliable 183 only, hears the flow, and gets the session refresh that it granted", async (context) => {
  requireTools(context, "sipp");
  const number = nextNumber();
  await using endpoint = await RtpEndpoint.open();
  await using sipp = await Sipp.start({ scenario: "uas-reliable", rtpPort: endpoint.port });
  await createTrunk(server, number, { port: sipp.port });
  await placeCall(server, number, {
    start: "say",
    nodes: {
      say: { verb: "say", text: sentence, exits: { done: "wait" } },
      wait: { verb: "pause", durationMs: 9_000, exits: { done: "bye" } },
      bye: { verb: "hang-up" },
    },
  });
  expect(requestsReceived(await sipp.succeeded())).toBe("INVITE PRACK ACK UPDATE BYE");
  expect(envelopeCorrelation(endpoint.heard(), await speak(sentence))).toBeGreaterThanOrEqual(heardFrom);
});

test("SIPp calls without an offer, answers ours in its ACK, and hears the flow", async (context) => {
  requireTools(context, "sipp");
  await server.succeed("POST", "/v1/trunks", {
    name: "carrier",
    host: "127.0.0.1",
    port: 5099,
    transport: "udp",
    prefixes: ["+999"],
    priority: 1,
    sourceAddresses: ["127.0.0.1"],
    mediaToSource: true,
  });
  await using endpoint = await RtpEndpoint.open();
  await using sipp = await Sipp.start({ scenario: "uac-offerless", target: { port: server.sipPort, user: owned }, rtpPort: endpoint.port });
  await sipp.succeeded();
  expect(envelopeCorrelation(endpoint.heard(), await speak(sentence))).toBeGreaterThanOrEqual(heardFrom);
});
