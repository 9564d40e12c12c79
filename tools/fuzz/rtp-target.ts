/** Media from the network: a stream of RTP as an endpoint takes it in and plays it out, and RTCP. */
import { deepStrictEqual as equal, ok as holds } from "node:assert";
import {
  emptyRtpHeader,
  formatRtcp,
  listeningConditions,
  meanOpinionScore,
  parseRtcp,
  parseRtp,
  PlayoutBuffer,
  rating,
  ReceiverStatistics,
  RtcpMonitor,
  TelephoneEventReceiver,
  writeRtpHeader,
} from "../../src/rtp/index.ts";
import type { Target } from "./targets.ts";

const telephoneEvent = 101;
const noise = 13;
const ssrc = 7;

/** A datagram in the input: how long after the one before (10 ms each), its length, and its bytes. */
function datagram(afterTens: number, bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(afterTens, bytes.length, ...bytes);
}

function packet(index: number, payloadType: number, payload: readonly number[], timestamp = index * 160, marker = false): Uint8Array {
  const bytes = new Uint8Array(12 + payload.length);
  writeRtpHeader(bytes, { marker, payloadType, sequenceNumber: (65_530 + index) & 0xffff, timestamp: timestamp >>> 0, ssrc });
  bytes.set(payload, 12);
  return bytes;
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const voice = (index: number) => packet(index, 0, [index, 1, 2, 3]);

function rtpSeeds(): readonly Uint8Array[] {
  const digit = (index: number, begin: number, duration: number, end: number) =>
    packet(index, telephoneEvent, [5, end | 10, duration >> 8, duration & 0xff], begin * 160, index === begin);
  return [
    numbers(30).map((index) => datagram(2, voice(index))),
    numbers(30).flatMap((index) => (index % 7 === 3 ? [] : [datagram(index % 5 === 0 ? 6 : 1, voice(index))])),
    [0, 2, 1, 1, 5, 3, 4, 6, 9, 8, 7].map((index) => datagram(2, voice(index))),
    [
      ...numbers(5).map((index) => datagram(2, voice(index))),
      datagram(90, packet(5, 0, [1], 90_000)),
      datagram(2, packet(6, noise, [60], 90_160)),
    ],
    [
      datagram(0, digit(1, 1, 160, 0)),
      datagram(2, digit(2, 1, 320, 0)),
      datagram(2, digit(3, 1, 480, 0x80)),
      datagram(2, digit(4, 4, 160, 0x80)),
    ],
    [datagram(2, Uint8Array.of(0xb1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, ssrc, 0, 0, 0, 1, 0xbe, 0xde, 0, 1, 0, 0, 0, 0, 9, 9, 1))],
  ].map((parts) => Buffer.concat(parts));
}

/** Reads as an endpoint does: 20 ms at each tick, until the time of the next datagram. */
class Reader {
  readonly buffer = new PlayoutBuffer(8000);
  nowMs = 0;
  #inHandUnits = 0;

  until(untilMs: number): void {
    for (; this.nowMs < untilMs; this.nowMs += 20) {
      for (let asked = 0; this.#inHandUnits < 160; asked++) {
        holds(asked < 200, "the reader asks for ever");
        this.#inHandUnits += this.#take(this.nowMs % 3 === 0);
      }
      this.#inHandUnits -= 160;
      holds(this.buffer.targetMs >= 20 && this.buffer.targetMs <= 400, `a target of ${this.buffer.targetMs} ms`);
      holds(this.buffer.delayMs >= 0, `a delay of ${this.buffer.delayMs} ms`);
    }
  }

  #take(isQuiet: boolean): number {
    const due = this.buffer.next(this.nowMs, isQuiet);
    let units = 160;
    if (due.kind === "packet") {
      holds(due.start < due.end && due.end <= due.bytes.length, "a payload outside of its bytes");
      // Comfort noise has no time of its own.
      units = due.payloadType === noise ? 0 : 80 * ((due.bytes[due.start] ?? 0) % 6) + 80;
    } else if (due.kind === "lost") {
      holds(due.units > 0 && due.units <= 160 && due.units <= due.missingUnits, `${due.units} units lost`);
      units = due.following === undefined || isQuiet ? due.units : due.missingUnits;
    }
    this.buffer.played(units);
    return units;
  }
}

function runRtp(bytes: Uint8Array): void {
  const header = emptyRtpHeader();
  const reader = new Reader();
  const statistics = new ReceiverStatistics();
  let keys = 0;
  const digits = new TelephoneEventReceiver({
    began: () => (keys += 1),
    digit: (digit, durationMs) => {
      keys -= 1;
      holds(digit !== "" && durationMs >= 0, `digit ${digit} of ${durationMs} ms`);
    },
  });
  for (let at = 0, number = 0; at + 2 < bytes.length && number < 200; number++) {
    const start = at + 2;
    const end = start + (bytes[at + 1] ?? 0);
    const each = bytes.subarray(start, end);
    reader.until(reader.nowMs + (bytes[at] ?? 0) * 10);
    at = end;
    if (!parseRtp(each, header)) continue;
    holds(header.payloadStart <= header.payloadEnd && header.payloadEnd <= each.length, "a payload outside of its packet");
    if (!statistics.receive(header.sequenceNumber, header.timestamp, reader.nowMs * 8)) continue;
    if (header.payloadType !== telephoneEvent) reader.buffer.put(header, each, reader.nowMs);
    else {
      reader.buffer.pass(header.sequenceNumber);
      digits.receive(header.timestamp, each, header.payloadStart, header.payloadEnd, reader.nowMs);
      digits.expire(reader.nowMs);
    }
  }
  digits.reset();
  equal(keys, 0, "a key that went down did not come up once");
  const { packetsReceived, packetsLost, lossRuns } = statistics;
  const figures = {
    packetsReceived,
    packetsLost,
    lossRuns,
    packetsLate: reader.buffer.late,
    roundTripMs: 0,
    bufferDelayMs: reader.buffer.delayMs,
  };
  const score = meanOpinionScore(rating({ equipment: 0, robustness: 25.1 }, listeningConditions(figures)));
  holds(score >= 1 && score <= 4.5, `a score of ${score}`);
  // Whatever is left is given, and then nothing.
  reader.until(reader.nowMs + 5000);
  equal(reader.buffer.next(reader.nowMs, false).kind, "empty", "the buffer never runs empty");
}

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

function rtcpSeeds(): readonly Uint8Array[] {
  const sender = { at: 1_700_000_000_000, rtpTimestamp: 1, packets: 2, octets: 320 };
  const block = { ssrc, fractionLost: 3, packetsLost: 4, extendedHighest: 5, jitter: 6, lastReport: 7, sinceLastReport: 8 };
  return [
    formatRtcp({ ssrc: 1, cname: "someone", goodbye: true, sender, block }),
    formatRtcp({ ssrc: 1, cname: "", goodbye: false }),
    hex("81cb0004 00000001 0a676f6f 64206279 65000000"),
    hex("a1cb0002 00000001 00000004"),
    hex("80cf000a 00000001 07000008 00000007 0d020000 00000000 0064003c 7f7f7f10 507f2826 00000028 00500078"),
  ];
}

function runRtcp(bytes: Uint8Array): void {
  const packets = parseRtcp(bytes);
  if (!packets.ok) return;
  const monitor = new RtcpMonitor();
  monitor.receive(packets.value, ssrc, 1, 1_700_000_000_000);
  for (const figure of [monitor.roundTripMs, monitor.remoteLossFraction, monitor.remoteJitterMs, monitor.remoteMos]) {
    holds(figure === undefined || (figure >= 0 && Number.isFinite(figure)), `a figure of ${figure}`);
  }
  for (const each of packets.value) {
    if (each.kind !== "sender-report") continue;
    const [block] = each.blocks;
    const again = parseRtcp(
      formatRtcp({ ssrc: each.ssrc, cname: "a", goodbye: false, sender: each.sender, ...(block !== undefined && { block }) }),
    );
    const { ntpMiddle: _written, ...report } = { ...each, blocks: each.blocks.slice(0, 1) };
    const [read] = again.ok ? again.value : [];
    holds(read?.kind === "sender-report", "a report cannot be read again");
    const { ntpMiddle: _read, ...rest } = read;
    equal(rest, report, "written and read again it is another report");
  }
}

export const rtpTarget: Target = { seeds: rtpSeeds, run: runRtp };
export const rtcpTarget: Target = { seeds: rtcpSeeds, run: runRtcp };
