import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { connect, type Socket as TcpSocket } from "node:net";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RecordingView } from "../../src/api/contract/recordings.ts";
import type { FlowDocument } from "../../src/flows/index.ts";
import { envelopeCorrelation, heardFrom } from "../support/audio/energy-envelope.ts";
import { speak } from "../support/audio/flite.ts";
import { parseWav, samplesAt8Khz } from "../support/audio/wav.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import { RtpEndpoint } from "../support/peers/rtp-endpoint.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { eventually } from "../support/waiting.ts";
import { callEnded, changeCall, chapter, createTrunk, nextNumber, placeCall, requestsReceived, showCall } from "./outgoing-calls.ts";

// Strangers send all they can, and the calls of others do not notice.

const sentence = "This sentence travels from one telephone to the other one.";
const otherSentence = "Nobody has said a word about the weather in the north today.";
const mebibyte = 1024 * 1024;

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

async function metric(name: string): Promise<number> {
  const { text } = await server.request("GET", "/metrics");
  const value = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(text)?.[1];
  if (value === undefined) throw new Error(`no metric ${name}`);
  return Number(value);
}

async function openSocket(): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

/** Sends `count` datagrams in bursts, waiting for each burst to have left. */
async function flood(socket: Socket, port: number, count: number, datagram: (index: number) => Uint8Array | string): Promise<void> {
  const burst = 50;
  for (let index = 0; index < count; index += burst) {
    const left = Array.from({ length: Math.min(burst, count - index) }, (_, offset) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.send(datagram(index + offset), port, "127.0.0.1", () => resolve());
      return promise;
    });
    await Promise.all(left);
    await nextTurn();
  }
}

function noise(index: number): Uint8Array {
  const bytes = Buffer.alloc(40 + (index % 400));
  for (let at = 0; at < bytes.length; at++) bytes[at] = (index * 31 + at * 17 + ((index >> 3) ^ at)) & 0xff;
  return bytes;
}

function strangersInvite(index: number, port: number): string {
  return [
    `INVITE sip:+1212555${String(index % 10_000).padStart(4, "0")}@127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK-flood-${index}`,
    "Max-Forwards: 70",
    `From: <sip:stranger-${index}@127.0.0.1>;tag=${index}`,
    "To: <sip:somebody@127.0.0.1>",
    `Call-ID: flood-${index}`,
    "CSeq: 1 INVITE",
    `Contact: <sip:stranger@127.0.0.1:${port}>`,
    ...(index % 3 === 0 ? ['Authorization: Digest username="nobody", realm="callwright", nonce="1", uri="sip:x", response="0"'] : []),
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
}

const story: FlowDocument = {
  start: "chapter",
  nodes: { chapter: { verb: "say", text: chapter, exits: { done: "end" } }, end: { verb: "hang-up" } },
};

test("20,000 datagrams of noise and of strangers' INVITEs during a call: it is heard to its end, and memory stays bounded", async (context) => {
  requireTools(context, "sipp");
  const [number, said] = [nextNumber(), await speak(chapter)];
  await using endpoint = await RtpEndpoint.open();
  await using sipp = await Sipp.start({ scenario: "uas-answer", rtpPort: endpoint.port });
  await createTrunk(server, number, { port: sipp.port });
  const socket = await openSocket();
  const statuses = new Map<string, number>();
  socket.on("message", (bytes) => {
    const status = bytes.toString("latin1", 8, 11);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  });

  const id = await placeCall(server, number, story);
  await endpoint.waitForPackets(50);
  const before = await metric("process_resident_memory_bytes");
  const { port } = socket.address();
  const flooding = flood(socket, server.sipPort, 20_000, (index) => (index % 2 === 0 ? noise(index) : strangersInvite(index, port)));
  await using asker = await Sipp.start({ scenario: "uac-options", target: { port: server.sipPort, user: "server" } });
  await asker.succeeded();
  expect((await showCall(server, id)).callState).toBe("Connected");
  await flooding;
  // Nothing of them is kept: the call and the OPTIONS are all there is.
  expect(await metric("callwright_sip_transactions")).toBeLessThan(10);
  const messages = await sipp.succeeded();
  expect(requestsReceived(messages)).toBe("INVITE ACK BYE");
  expect(envelopeCorrelation(endpoint.heard(), said)).toBeGreaterThanOrEqual(heardFrom);
  expect(await callEnded(server, id)).toMatchObject({ callState: "Disconnected", ended: true });
  expect([...statuses.keys()]).toEqual(["401"]);
  const grown = (await metric("process_resident_memory_bytes")) - before;
  expect(grown).toBeLessThan(64 * mebibyte);
  expect(await metric("callwright_sip_dialogs")).toBe(0);
  expect(await metric("callwright_calls_live")).toBe(0);
  socket.close();
});

const sayThenRecord: FlowDocument = {
  start: "say",
  nodes: {
    say: { verb: "say", text: otherSentence, exits: { done: "record" } },
    record: { verb: "record", beep: false, maxMs: 6_000, exits: { done: "end", silence: "end" } },
    end: { verb: "hang-up" },
  },
};

test("RTP of a stranger to the port of a call changes neither what the far end hears nor what is recorded", async (context) => {
  requireTools(context, "sipp");
  const [number, said, answered] = [nextNumber(), await speak(otherSentence), await speak(sentence)];
  await using endpoint = await RtpEndpoint.open();
  await using sipp = await Sipp.start({ scenario: "uas-answer", rtpPort: endpoint.port });
  await createTrunk(server, number, { port: sipp.port });
  const socket = await openSocket();
  let returned = 0;
  socket.on("message", () => returned++);

  const id = await placeCall(server, number, sayThenRecord);
  const invite = await sipp.waitForMessage("INVITE", ({ method }) => method === "INVITE");
  const rtpPort = Number(/^m=audio (\d+)/m.exec(invite.body)?.[1]);
  // The far end has been heard, so its source is known: whatever comes from elsewhere is a stranger's.
  await endpoint.waitForPackets(10);
  const over = new AbortController();
  const flooding = (async () => {
    // 5,000 packets a second: a hundred times what a call has.
    for (let batch = 0; !over.signal.aborted; batch++) {
      await flood(socket, rtpPort, 50, (index) => strangersRtp(batch * 50 + index));
      await delay(10);
    }
  })();
  await eventually("our sentence", () => envelopeCorrelation(endpoint.heard(), said) >= heardFrom, 20_000);
  // What remains of the prompt is silence; the recording begins after it.
  await endpoint.waitForPackets(endpoint.packets.length + 25);
  endpoint.play(answered);
  await callEnded(server, id);
  over.abort();
  await flooding;
  await sipp.succeeded();
  expect(returned).toBe(0);
  const recordingId = await eventually("the recording", async () => {
    const { items } = (await server.succeed("GET", `/v1/recordings?callId=${id}`)).json() as { readonly items: readonly RecordingView[] };
    return items.find(({ state }) => state === "ready")?.id;
  });
  const recorded = samplesAt8Khz(parseWav((await server.succeed("GET", `/v1/recordings/${recordingId}/audio`)).bytes));
  expect(envelopeCorrelation(recorded, answered)).toBeGreaterThanOrEqual(heardFrom);
  socket.close();
});

/** Loud mu-law in sequence, as a real sender's. */
function strangersRtp(index: number): Uint8Array {
  const bytes = Buffer.alloc(12 + 160, index % 2 === 0 ? 0x00 : 0x80);
  bytes[0] = 0x80;
  bytes[1] = 0;
  bytes.writeUInt16BE(index & 0xffff, 2);
  bytes.writeUInt32BE((index * 160) >>> 0, 4);
  bytes.writeUInt32BE(0xbad_50_0ce, 8);
  return bytes;
}

async function openConnection(): Promise<TcpSocket> {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.on("error", () => socket.destroy());
  await once(socket, "connect");
  return socket;
}

test("200 clients that send slowly or too much hold up nobody", async (context) => {
  requireTools(context, "sipp");
  const slow = await Promise.all(Array.from({ length: 200 }, openConnection));
  slow.forEach((socket, index) => {
    if (index % 2 === 0)
      socket.write("POST /sessions/outgoing HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\ncontent-type: application/json\r\n\r\n{");
    else socket.write("GET /healthz HTTP/1.1\r\nhost:");
  });
  const dripping = setInterval(() => slow.forEach((socket) => socket.write("x")), 100);
  const huge = await fetch(`${server.url}/healthz`, { headers: { "x-long": "x".repeat(100_000) } });
  expect(huge.status).toBe(431);
  const number = nextNumber();
  await using sipp = await Sipp.start({ scenario: "uas-answer", calls: 3 });
  await createTrunk(server, number, { port: sipp.port });
  for (let count = 0; count < 3; count++) {
    const id = await placeCall(server, number, sayThenRecord);
    await eventually("the answer", async () => (await showCall(server, id)).callState === "Connected");
    await changeCall(server, id, "Disconnected");
  }
  await sipp.succeeded();
  expect((await server.request("GET", "/healthz")).status).toBe(200);
  // Whoever does not bring a request to its end is sent away: headers within 10 s, the whole within 30 s.
  await eventually("the end of half of them", () => slow.filter(({ readyState }) => readyState !== "open").length >= 100, 20_000);
  clearInterval(dripping);
  for (const socket of slow) socket.destroy();
});
