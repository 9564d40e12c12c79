/** A thread of the far end that does nothing but receive, so that what it says of the spacing is not what its own sending took. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { Spread } from "../spacing.ts";
import type { FarEndQuestion, SinkReport, SpreadReport } from "./messages.ts";

export type SinkStart = { readonly host: string; readonly port: number };

const { host, port } = workerData as SinkStart;
// The sending thread has bound the same port before: the kernel gives what comes to the socket that was bound last.
const rtp = createSocket({ type: "udp4", reuseAddr: true, recvBufferSize: 4 << 20 });
rtp.bind(port, host);
await once(rtp, "listening");
const rtcp = createSocket("udp4").bind(0, host);
await once(rtcp, "listening");

const headerBytes = 12;
/** A second of silence is the end of a sound, no gap in it. */
const longestGapSamples = 8_000;

let firstSsrc = 0;
let ptimeMs = 20;
let silence = -1;
/** By stream: when its last packet came, how many did, whether there was sound, and how long it is silent now (−1 before its first sound). */
let latestMs = new Float64Array(0);
let packetsOf = new Uint32Array(0);
let sounded = new Uint8Array(0);
let silentSamples = new Int32Array(0);
let packets = 0;
let longestSilence = 0;
const spacing = new Spread();
const spacingError = new Spread();
const lateness = new Spread();

rtp.on("message", (packet) => {
  if (((packet[0] ?? 0) & 0xc0) !== 0x80) {
    lateness.add(monotonicMs() - packet.readDoubleBE(1));
    return;
  }
  const stream = packet.readUInt32BE(8) - firstSsrc;
  const beforeMs = latestMs[stream];
  if (beforeMs === undefined) return;
  const nowMs = performance.now();
  latestMs[stream] = nowMs;
  packets += 1;
  packetsOf[stream] = (packetsOf[stream] ?? 0) + 1;
  if (sounded[stream] === 0 && isSound(packet)) sounded[stream] = 1;
  if (silence >= 0) followSilence(stream, packet);
  if (beforeMs === 0) return;
  spacing.add(nowMs - beforeMs);
  spacingError.add(Math.abs(nowMs - beforeMs - ptimeMs));
});

parentPort?.on("message", (question: FarEndQuestion) => {
  if (question.kind === "begin") {
    ({ firstSsrc, ptimeMs } = question);
    silence = question.silence ?? -1;
    latestMs = new Float64Array(question.streams);
    packetsOf = new Uint32Array(question.streams);
    sounded = new Uint8Array(question.streams);
    silentSamples = new Int32Array(question.streams);
  }
  if (question.kind === "begin" || question.kind === "reset") reset();
  parentPort?.postMessage(report());
});

function reset(): void {
  latestMs.fill(0);
  packetsOf.fill(0);
  sounded.fill(0);
  silentSamples.fill(-1);
  packets = 0;
  longestSilence = 0;
  for (const spread of [spacing, spacingError, lateness]) spread.clear();
}

function report(): SinkReport {
  return {
    port: rtp.address().port,
    rtcpPort: rtcp.address().port,
    packets,
    streams: packetsOf.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0),
    sounding: sounded.reduce((sum, one) => sum + one, 0),
    spacing: spreadOf(spacing),
    spacingError: spreadOf(spacingError),
    lateness: spreadOf(lateness),
    longestSilenceMs: longestSilence / 8,
  };
}

function spreadOf(spread: Spread): SpreadReport {
  return { p50Ms: spread.atMostMs(0.5), p99Ms: spread.atMostMs(0.99), p999Ms: spread.atMostMs(0.999), maxMs: spread.atMostMs(1) };
}

/** Four bytes that differ: true of every codec here, and soon. */
function isSound(packet: Uint8Array): boolean {
  const step = Math.max(1, (packet.length - headerBytes) >> 2);
  const first = packet[headerBytes];
  for (let at = headerBytes + step; at < packet.length; at += step) if (packet[at] !== first) return true;
  return false;
}

function followSilence(stream: number, packet: Uint8Array): void {
  let run = silentSamples[stream] ?? -1;
  for (let at = headerBytes; at < packet.length; at++) {
    if (packet[at] === silence) {
      if (run >= 0) run += 1;
    } else {
      if (run > longestSilence && run < longestGapSamples) longestSilence = run;
      run = 0;
    }
  }
  silentSamples[stream] = run;
}

/** The same in all threads, unlike performance.now(). */
function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

parentPort?.postMessage(report());
