import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FlowDocument } from "../../src/flows/index.ts";
import { envelopeCorrelation, heardFrom } from "../support/audio/energy-envelope.ts";
import { speak } from "../support/audio/flite.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import { Linphone } from "../support/peers/linphone.ts";
import { RtpEndpoint } from "../support/peers/rtp-endpoint.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { eventually, memberOf } from "../support/waiting.ts";

// Calls that come in: a trunk is known by its source address; everybody else is a stranger who learns nothing.

const owned = "+12125550143";
const withoutFlow = "+12125550144";
const sentence = "Thank you for calling the house of calls this morning.";
const welcome: FlowDocument = {
  start: "say",
  nodes: { say: { verb: "say", text: sentence, exits: { done: "bye" } }, bye: { verb: "hang-up" } },
};

let server: ServerProcess;
let trunkId: string;

beforeAll(async () => {
  server = await ServerProcess.start();
  const flow = (await server.succeed("POST", "/v1/flows", { name: "welcome", document: welcome })).json();
  await server.succeed("POST", "/v1/numbers", { number: owned, flowId: memberOf(flow, "id") });
  await server.succeed("POST", "/v1/numbers", { number: withoutFlow });
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** The answer to one INVITE sent as a bare datagram, without what every answer has of its own: tag, nonce, branch. */
async function answerTo(called: string): Promise<string> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  try {
    const { port } = socket.address();
    const invite = [
      `INVITE sip:${called}@127.0.0.1:${server.sipPort} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK-${called}`,
      "Max-Forwards: 70",
      "From: <sip:stranger@127.0.0.1>;tag=f",
      `To: <sip:${called}@127.0.0.1>`,
      `Call-ID: stranger-${called}`,
      "CSeq: 1 INVITE",
      `Contact: <sip:stranger@127.0.0.1:${port}>`,
      "Content-Length: 0",
      "",
      "",
    ].join("\r\n");
    const answered = once(socket, "message");
    socket.send(invite, server.sipPort, "127.0.0.1");
    const [bytes]: unknown[] = await answered;
    return String(bytes)
      .replaceAll(called, "CALLED")
      .replaceAll(/nonce="[^"]*"|tag=[^\s;]*|:\d+;branch/g, "…");
  } finally {
    socket.close();
  }
}

test("before a trunk is known, the answer is the same challenge whether a number exists or not", async () => {
  const [known, unknown] = [await answerTo(owned), await answerTo("+12125550199")];
  expect(known).toMatch(/^SIP\/2\.0 401 /);
  expect(unknown).toBe(known);
});

test("a call by trunk to an owned number runs its flow: the caller hears it, and BYE ends it", async (context) => {
  requireTools(context, "sipp");
  const trunk = { name: "carrier", host: "127.0.0.1", port: 5999, transport: "udp", prefixes: [], priority: 50 };
  const created = await server.succeed("POST", "/v1/trunks", { ...trunk, sourceAddresses: ["127.0.0.1"] });
  trunkId = String(memberOf(created.json(), "id"));
  await using endpoint = await RtpEndpoint.open();
  const target = { port: server.sipPort, user: owned };
  await using sipp = await Sipp.start({ scenario: "uac-listen", target, rtpPort: endpoint.port });
  const messages = await sipp.succeeded();
  expect(envelopeCorrelation(endpoint.heard(), await speak(sentence))).toBeGreaterThanOrEqual(heardFrom);
  expect(messages.filter(({ method }) => method === "BYE")).toHaveLength(1);
  const shown = await eventually("the end of the call", async () => {
    const { items } = (await server.succeed("GET", "/v1/calls?limit=1")).json() as { items: readonly { state: string; to: string }[] };
    return items[0]?.state === "ended" ? items[0] : undefined;
  });
  expect(shown).toMatchObject({ to: owned, direction: "inbound", legs: [{ trunkId, direction: "inbound" }] });
});

test("ten callers hang up by themselves, each is answered", async (context) => {
  requireTools(context, "sipp");
  await using sipp = await Sipp.start({ scenario: "uac-call", target: { port: server.sipPort, user: owned }, calls: 10 });
  await sipp.succeeded();
});

test("a phone that stands at the address of the trunk is challenged all the same, and calls out", async (context) => {
  requireTools(context, "linphonec");
  const phone = { username: "desk", password: "the-password-of-desk" };
  await server.succeed("POST", "/v1/users", { email: "desk@example.test", password: "a-good-password", roles: ["user"], phone });
  await using desk = await Linphone.start({ account: { ...phone, port: server.sipPort } });
  await desk.registered();
  await desk.call(`sip:+12025550100@127.0.0.1:${server.sipPort}`);
  await desk.hangUp();
});

test.each([
  ["nobody owns", "+12125550199"],
  ["has no flow", withoutFlow],
])("by trunk a number that %s is 404", async (_what, number) => {
  expect(await answerTo(number)).toMatch(/^SIP\/2\.0 404 /);
});
