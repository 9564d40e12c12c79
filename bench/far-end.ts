/**
 * The far end of the benches, a process of its own: answers every INVITE at once, takes BYE, and measures the RTP it gets on one port. As little SIP as that
 * needs, written apart from the server. Its parent asks over the IPC channel; see far-end-process.ts.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { FarEndQuestion, FarEndReport } from "./far-end-process.ts";
import { Spread } from "./spacing.ts";

const host = "127.0.0.1";
const t1Ms = 500;

const sip = createSocket({ type: "udp4", recvBufferSize: 4 << 20 });
const rtp = createSocket({ type: "udp4", recvBufferSize: 8 << 20 });
sip.bind(0, host);
await once(sip, "listening");
rtp.bind(0, host);
await once(rtp, "listening");

type Answered = { readonly response: string; readonly port: number; readonly address: string; readonly atMs: number; lastMs: number };

/** Call-ID → the 200 that waits for its ACK. */
const unacknowledged = new Map<string, Answered>();
const begun = new Set<string>();
const counts = { answered: 0, ended: 0, packets: 0 };

/** Distances between two packets of one stream. */
const spacing = new Spread();
const latest = new Map<number, number>();

rtp.on("message", (packet) => {
  if (packet.length < 12 || (packet.readUInt8(0) & 0xc0) !== 0x80) return;
  const ssrc = packet.readUInt32BE(8);
  const nowMs = performance.now();
  const beforeMs = latest.get(ssrc);
  latest.set(ssrc, nowMs);
  counts.packets += 1;
  if (beforeMs !== undefined) spacing.add(nowMs - beforeMs);
});

sip.on("message", (bytes, { address, port }) => {
  const text = bytes.toString("latin1");
  const method = text.slice(0, text.indexOf(" "));
  if (method.startsWith("SIP/")) return;
  const callId = headerOf(text, "Call-ID");
  const send = (response: string) => sip.send(response, port, address);
  switch (method) {
    case "INVITE": {
      const repeated = unacknowledged.get(callId);
      if (repeated !== undefined) return send(repeated.response);
      send(respond(text, "180 Ringing"));
      const response = respond(text, "200 OK", sessionDescription());
      send(response);
      const nowMs = performance.now();
      unacknowledged.set(callId, { response, port, address, atMs: nowMs, lastMs: nowMs });
      if (!begun.has(callId)) counts.answered += 1;
      begun.add(callId);
      return;
    }
    case "ACK":
      unacknowledged.delete(callId);
      return;
    case "BYE":
      if (begun.delete(callId)) counts.ended += 1;
      return send(respond(text, "200 OK"));
    default:
      return send(respond(text, "200 OK"));
  }
});

// RFC 3261 §13.3.1.4: a 2xx is repeated until its ACK comes; at a fixed pace here, for a loopback that hardly ever loses one.
const repeating = setInterval(() => {
  const nowMs = performance.now();
  for (const [callId, answer] of unacknowledged) {
    if (nowMs - answer.atMs > 64 * t1Ms) unacknowledged.delete(callId);
    else if (nowMs - answer.lastMs >= t1Ms) {
      answer.lastMs = nowMs;
      sip.send(answer.response, answer.port, answer.address);
    }
  }
}, t1Ms / 2);

process.on("message", (question: FarEndQuestion) => {
  if (question === "reset") {
    spacing.clear();
    latest.clear();
    counts.packets = 0;
  }
  const report: FarEndReport = {
    sipPort: sip.address().port,
    ...counts,
    streams: latest.size,
    medianSpacingMs: spacing.atMostMs(0.5),
    p99SpacingMs: spacing.atMostMs(0.99),
    maxSpacingMs: spacing.atMostMs(1),
  };
  process.send?.(report);
});

process.on("disconnect", () => {
  clearInterval(repeating);
  sip.close();
  rtp.close();
});

function headerOf(text: string, name: string): string {
  const at = text.indexOf(`\r\n${name}:`);
  return at < 0 ? "" : text.slice(at + name.length + 3, text.indexOf("\r\n", at + 2)).trim();
}

function respond(request: string, status: string, body = ""): string {
  const lines = request.slice(0, request.indexOf("\r\n\r\n")).split("\r\n");
  const copied = lines.filter((line) => /^(via|from|call-id|cseq|record-route):/i.test(line));
  const to = headerOf(request, "To");
  return [
    `SIP/2.0 ${status}`,
    ...copied,
    `To: ${to.includes(";tag=") ? to : `${to};tag=far-end`}`,
    `Contact: <sip:${host}:${sip.address().port}>`,
    ...(body === "" ? [] : ["Content-Type: application/sdp"]),
    `Content-Length: ${body.length}`,
    "",
    body,
  ].join("\r\n");
}

function sessionDescription(): string {
  return [
    "v=0",
    `o=- 1 1 IN IP4 ${host}`,
    "s=-",
    `c=IN IP4 ${host}`,
    "t=0 0",
    `m=audio ${rtp.address().port} RTP/AVP 0 101`,
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:101 telephone-event/8000",
    "",
  ].join("\r\n");
}
