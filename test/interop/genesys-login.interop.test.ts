import { CometD, type Message } from "cometd";
import { afterAll, beforeAll, expect, test } from "vitest";
import { requireTools } from "../support/peers/interop-tools.ts";
import { RtpEndpoint } from "../support/peers/rtp-endpoint.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { eventually } from "../support/waiting.ts";
import { adaptToBrowser, AgentDesktop, type Transport } from "./agent-desktop.ts";
import { createTrunk, nextNumber, requestsReceived } from "./outgoing-calls.ts";

// How a desktop gets in, and that it stays in when the server is killed.

let server: ServerProcess;

beforeAll(async () => {
  adaptToBrowser();
  server = await ServerProcess.start();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

test("a wrong password, and none, are 403 with status code 20", async () => {
  const wrong = await server.request("GET", "/api/v2/me", undefined, { ...server.user, password: "wrong" });
  const none = await fetch(`${server.url}/api/v2/me`);
  const denied = { statusCode: 20, statusMessage: "Access denied" };
  expect([wrong.status, wrong.json(), wrong.headers.get("set-cookie")]).toEqual([403, denied, null]);
  expect([none.status, await none.json()]).toEqual([403, denied]);
});

/** As in the documentation of the client: all transports, and headers for those that can send them. */
function shakeHands(password: string): { readonly client: CometD; readonly replies: Message[] } {
  const client = new CometD();
  const Authorization = `Basic ${Buffer.from(`${server.user.email}:${password}`).toString("base64")}`;
  client.configure({
    url: `${server.url}/api/v2/notifications`,
    requestHeaders: { Authorization },
    logLevel: "warn",
    backoffIncrement: 50,
  });
  const replies: Message[] = [];
  client.addListener("/meta/handshake", (reply: Message) => replies.push(reply));
  client.handshake();
  return { client, replies };
}

test("a client that cannot send its credentials with a WebSocket gets in over long-polling", async () => {
  const { client, replies } = shakeHands(server.user.password);
  await eventually("a handshake", () => replies.some(({ successful }) => successful === true));
  expect(client.getTransport()?.type).toBe("long-polling");
  await new Promise<void>((resolve) => client.disconnect(() => resolve()));
});

test("with a wrong password it is denied, and stops", async () => {
  const { client, replies } = shakeHands("wrong");
  await eventually("the end of the client", () => client.isDisconnected());
  expect(replies.at(-1)).toMatchObject({ successful: false, error: "403::handshake_denied", advice: { reconnect: "none" } });
});

const transports: readonly Transport[] = ["long-polling", "websocket"];

test.for(transports)("killed during a call: over %s the client comes back by itself, and the call is there", async (transport, context) => {
  requireTools(context, "sipp");
  const number = nextNumber();
  await using endpoint = await RtpEndpoint.open();
  await using sipp = await Sipp.start({ scenario: "uas-answer", rtpPort: endpoint.port });
  await createTrunk(server, number, { port: sipp.port });
  await using desktop = await AgentDesktop.open(server, server.user, transport);
  await desktop.dial(number, { userData: { order: "4711" } });
  await desktop.hears("Dialing");
  await desktop.hears("Established");
  await endpoint.waitForPackets(50);

  await server.kill();
  await server.restart();
  await eventually("a new handshake", () => desktop.handshakes.length === 2, 30_000);
  expect(desktop.failures).toContain("402::session_unknown");
  expect(desktop.handshakes).toEqual([false, true]);
  expect(await desktop.calls()).toMatchObject([{ id: desktop.call.id, state: "Established", userData: { order: "4711" } }]);
  const heardBefore = endpoint.packets.length;
  await endpoint.waitForPackets(heardBefore + 50);

  await eventually("the subscription", () => desktop.subscriptions === 2);
  await desktop.onCall("Hangup");
  await desktop.hears("Released");
  expect(desktop.unheard).toEqual([]);
  expect(requestsReceived(await sipp.succeeded())).toBe("INVITE ACK BYE");
  expect(await desktop.calls()).toEqual([]);
});
