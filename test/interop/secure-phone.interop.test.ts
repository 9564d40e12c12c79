import { afterAll, beforeAll, expect, test } from "vitest";
import type { FlowDocument } from "../../src/flows/index.ts";
import { envelopeCorrelation, heardFrom } from "../support/audio/energy-envelope.ts";
import { speak } from "../support/audio/flite.ts";
import { freePort } from "../support/free-ports.ts";
import { Baresip } from "../support/peers/baresip.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import type { PhoneAccount } from "../support/peers/phone.ts";
import { RtpEndpoint } from "../support/peers/rtp-endpoint.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { tlsFixture } from "../support/sip-transports.ts";
import { eventually } from "../support/waiting.ts";
import { callEnded, changeCall, createTrunk, nextNumber, placeCall } from "./outgoing-calls.ts";

// A real phone that speaks TLS alone: it signs in, calls and is called over the connection that it opened. (baresip 1.0 takes any certificate.)

const demoNumber = "+12025550100";
const sentence = "This sentence travels from one telephone to the other one.";

let server: ServerProcess;
let tlsPort: number;

beforeAll(async () => {
  tlsPort = await freePort();
  server = await ServerProcess.start({
    environment: {
      CALLWRIGHT_SIP_LISTENERS: `tls://127.0.0.1:${tlsPort}`,
      CALLWRIGHT_SIP_TLS_DIRECTORY: tlsFixture("server"),
      CALLWRIGHT_SIP_TLS_CA_FILE: tlsFixture("ca.crt"),
    },
  });
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

async function addPhone(username: string): Promise<PhoneAccount> {
  const phone = { username, password: `the-password-of-${username}` };
  await server.succeed("POST", "/v1/users", { email: `${username}@example.test`, password: "a-good-password", roles: ["user"], phone });
  return { ...phone, port: tlsPort, tls: { caFile: tlsFixture("ca.crt") } };
}

async function metric(name: string): Promise<number> {
  const { text } = await server.request("GET", "/metrics");
  return Number(new RegExp(`^callwright_${name} (\\S+)$`, "m").exec(text)?.[1]);
}

test("baresip signs in over TLS, calls the demo phone and hangs up", async (context) => {
  requireTools(context, "baresip");
  await using phone = await Baresip.start({ account: await addPhone("secure-caller"), says: await speak(sentence) });
  await phone.registered();
  expect(await metric("sip_connections")).toBe(1);
  await phone.call(`sip:${demoNumber}@127.0.0.1:${tlsPort};transport=tls`);
  await phone.hangUp();
  // One connection for everything, and nothing of it came by UDP.
  expect(await metric("sip_connections")).toBe(1);
  expect(await metric("sip_send_failures_total")).toBe(0);
});

test("a flow dials baresip over the connection that it opened, both hear, and our BYE reaches it", async (context) => {
  requireTools(context, "sipp", "baresip");
  const says = await speak(sentence);
  const account = await addPhone("secure-callee");
  await using phone = await Baresip.start({ account, says });
  await phone.registered();
  const number = nextNumber();
  await using endpoint = await RtpEndpoint.open();
  await using sipp = await Sipp.start({ scenario: "uas-answer", rtpPort: endpoint.port });
  await createTrunk(server, number, { port: sipp.port });
  const flow: FlowDocument = { start: "dial", nodes: { dial: { verb: "dial", to: account.username } } };
  const id = await placeCall(server, number, flow);
  await phone.answered(20_000);
  await eventually("the phone's sentence", () => envelopeCorrelation(endpoint.heard(), says) >= heardFrom, 20_000);
  await changeCall(server, id, "Disconnected");
  await phone.ended();
  await sipp.succeeded();
  expect(await callEnded(server, id)).toMatchObject({ ended: true });
});
