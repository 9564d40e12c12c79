import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { requireTools } from "../support/peers/interop-tools.ts";
import { RtpEndpoint } from "../support/peers/rtp-endpoint.ts";
import { headerOf } from "../support/peers/sip-trace.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { callEnded, changeCall, createTrunk, nextNumber, placeCall, quiet, requestsReceived } from "./outgoing-calls.ts";

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

test.for(["uas-busy", "uas-reject"] as const)(
  "%s: the call ends with an outcome, and the refusal is acknowledged",
  async (scenario, context) => {
    requireTools(context, "sipp");
    const number = nextNumber();
    await using sipp = await Sipp.start({ scenario });
    await createTrunk(server, number, { port: sipp.port });
    const id = await placeCall(server, number, quiet);
    await sipp.succeeded();
    const call = await callEnded(server, id);
    expect(call.outcome).not.toBe("");
  },
);

test("a call that is hung up while it rings is cancelled", async (context) => {
  requireTools(context, "sipp");
  const number = nextNumber();
  await using sipp = await Sipp.start({ scenario: "uas-silent" });
  await createTrunk(server, number, { port: sipp.port });
  const id = await placeCall(server, number, quiet);
  await sipp.waitForMessage("180", (message) => message.status === 180);
  await changeCall(server, id, "Disconnected");
  const messages = await sipp.succeeded();
  expect(requestsReceived(messages)).toBe("INVITE CANCEL ACK");
  await callEnded(server, id);
});

test("a number that no trunk takes ends without a route", async () => {
  const id = await placeCall(server, nextNumber(), quiet);
  const call = await callEnded(server, id);
  expect(call.outcome).not.toBe("");
});

const digests = [
  ["MD5", "md5"],
  ["SHA-256", "sha256"],
] as const;

test.for(digests)("a trunk's challenge is answered by %s", async ([algorithm, hash], context) => {
  requireTools(context, "sipp");
  const number = nextNumber();
  const [username, password] = ["trunk-user", "trunk password"];
  await using endpoint = await RtpEndpoint.open();
  await using sipp = await Sipp.start({ scenario: "uas-auth", rtpPort: endpoint.port, keys: { algorithm } });
  await createTrunk(server, number, { port: sipp.port, username, password });
  const id = await placeCall(server, number, quiet);
  await sipp.waitForMessage("the answer's ACK", (message) => message.method === "ACK" && !headerOf(message, "cseq").startsWith("1 "));
  await changeCall(server, id, "Disconnected");
  const messages = await sipp.succeeded();

  // RFC 7616 §3.4.1, worked out here from what was on the wire.
  const answered = messages.filter((message) => message.method === "INVITE").at(-1);
  const authorization = answered === undefined ? "" : headerOf(answered, "authorization");
  const value = (name: string) => new RegExp(`[ ,]${name}="?([^",]*)"?`).exec(authorization)?.[1] ?? "";
  const digest = (...parts: readonly string[]) => createHash(hash).update(parts.join(":")).digest("hex");
  const expected = digest(
    digest(username, "sipp.test", password),
    value("nonce"),
    value("nc"),
    value("cnonce"),
    value("qop"),
    digest("INVITE", value("uri")),
  );
  expect(value("username")).toBe(username);
  expect(value("response")).toBe(expected);
});
