import { type Parsed, parsed, unparsed } from "../kernel/index.ts";
import { byteAt, readUint16, readUint32, writeUint16, writeUint32 } from "./packet.ts";
import { readVoipMetrics, type VoipMetrics } from "./rtcp-extended-report.ts";

/**
 * RTCP, RFC 3550 §6: a compound packet is a chain of packets, each beginning with
 *
 *    0                   1                   2                   3
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |V=2|P| count   |      type     | length in 32-bit words, less 1|
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * SR 200 (§6.4.1): SSRC, NTP seconds, NTP fraction, RTP timestamp, packets, octets, then `count` report blocks.
 * RR 201 (§6.4.2): SSRC, then `count` report blocks. SDES 202 (§6.5): chunks of items. BYE 203 (§6.6): `count` SSRCs and perhaps a reason.
 * XR 207 (RFC 3611): rtcp-extended-report.ts.
 *
 *   report block:  SSRC | fraction lost (8) packets lost (24) | extended highest number | jitter | last SR | delay since it
 */
const senderReportType = 200;
const receiverReportType = 201;
const sourceDescriptionType = 202;
const goodbyeType = 203;
const extendedReportType = 207;
/** RFC 5761 §4 gives RTCP these types. */
const firstType = 192;
const lastType = 223;
const cnameItem = 1;
const reportBlockBytes = 24;
/** Seconds from 1900, the epoch of NTP, to 1970. */
const ntpEpochSeconds = 2_208_988_800;

export type ReportBlock = {
  readonly ssrc: number;
  /** Of 256. */
  readonly fractionLost: number;
  readonly packetsLost: number;
  readonly extendedHighest: number;
  /** In timestamp units. */
  readonly jitter: number;
  /** The middle 32 bits of the NTP time of the last SR from there, 0 for none. */
  readonly lastReport: number;
  /** Since it came, in 1/65536 s. */
  readonly sinceLastReport: number;
};

export type SenderInfo = {
  /** Epoch milliseconds. Written as NTP time, read back to 1 ms. */
  readonly at: number;
  readonly rtpTimestamp: number;
  readonly packets: number;
  readonly octets: number;
};

export type RtcpPacket =
  | {
      readonly kind: "sender-report";
      readonly ssrc: number;
      readonly sender: SenderInfo;
      readonly ntpMiddle: number;
      readonly blocks: readonly ReportBlock[];
    }
  | { readonly kind: "receiver-report"; readonly ssrc: number; readonly blocks: readonly ReportBlock[] }
  | { readonly kind: "source-description"; readonly ssrc: number; readonly cname: string }
  | { readonly kind: "goodbye"; readonly ssrcs: readonly number[]; readonly reason?: string }
  | { readonly kind: "extended-report"; readonly ssrc: number; readonly metrics: readonly VoipMetrics[] };

export type RtcpReport = {
  readonly ssrc: number;
  readonly cname: string;
  /** Present when we sent RTP since the last report: an SR then, else an RR. */
  readonly sender?: SenderInfo;
  readonly block?: ReportBlock;
  readonly goodbye: boolean;
};

/** The middle 32 bits of the NTP time: seconds modulo 65,536, in 1/65536 s. */
export function ntpMiddleOf(epochMs: number): number {
  return Math.floor((epochMs / 1000 + ntpEpochSeconds) * 65_536) >>> 0;
}

/** One compound packet: SR or RR, SDES with the CNAME (at most 255 bytes), and BYE when asked (§6.1). */
export function formatRtcp(report: RtcpReport): Uint8Array {
  const cname = new TextEncoder().encode(report.cname).subarray(0, 255);
  const blocksBytes = report.block === undefined ? 0 : reportBlockBytes;
  const reportBytes = 8 + (report.sender === undefined ? 0 : 20) + blocksBytes;
  // Items end with at least one zero byte, and fill a 32-bit word.
  const descriptionBytes = 8 + (Math.floor((2 + cname.length) / 4) + 1) * 4;
  const bytes = new Uint8Array(reportBytes + descriptionBytes + (report.goodbye ? 8 : 0));
  writeHead(bytes, 0, report.block === undefined ? 0 : 1, report.sender === undefined ? receiverReportType : senderReportType, reportBytes);
  writeUint32(bytes, 4, report.ssrc);
  let at = 8;
  if (report.sender !== undefined) {
    writeUint32(bytes, at, Math.floor(report.sender.at / 1000) + ntpEpochSeconds);
    writeUint32(bytes, at + 4, Math.floor(((report.sender.at % 1000) / 1000) * 2 ** 32));
    writeUint32(bytes, at + 8, report.sender.rtpTimestamp);
    writeUint32(bytes, at + 12, report.sender.packets);
    writeUint32(bytes, at + 16, report.sender.octets);
    at += 20;
  }
  if (report.block !== undefined) {
    writeBlock(bytes, at, report.block);
    at += reportBlockBytes;
  }
  writeHead(bytes, at, 1, sourceDescriptionType, descriptionBytes);
  writeUint32(bytes, at + 4, report.ssrc);
  bytes[at + 8] = cnameItem;
  bytes[at + 9] = cname.length;
  bytes.set(cname, at + 10);
  at += descriptionBytes;
  if (report.goodbye) {
    writeHead(bytes, at, 1, goodbyeType, 8);
    writeUint32(bytes, at + 4, report.ssrc);
  }
  return bytes;
}

/**
 * All packets of a compound packet that are known here; other types are passed over (§6.1). The lengths have to add up and only the last may be padded
 * (§A.2). It need not begin with a report: RFC 5506 §3.4.
 */
export function parseRtcp(bytes: Uint8Array): Parsed<readonly RtcpPacket[]> {
  const packets: RtcpPacket[] = [];
  for (let at = 0; at < bytes.length; ) {
    const first = byteAt(bytes, at);
    const type = byteAt(bytes, at + 1);
    const next = at + (readUint16(bytes, at + 2) + 1) * 4;
    if (first >>> 6 !== 2 || type < firstType || type > lastType) return unparsed("not RTCP version 2", at);
    if (next > bytes.length) return unparsed("an RTCP packet is cut off", at);
    const padding = (first & 0x20) === 0 ? 0 : byteAt(bytes, next - 1);
    if ((first & 0x20) !== 0 && (next < bytes.length || padding === 0 || padding % 4 !== 0)) return unparsed("wrong padding", at);
    if (next - at < 4 + padding) return unparsed("an RTCP packet is all padding", at);
    const packet = parsePacket(bytes.subarray(at, next - padding));
    if (packet === "short") return unparsed("an RTCP packet is shorter than its count says", at);
    if (packet !== undefined) packets.push(packet);
    at = next;
  }
  return packets.length === 0 ? unparsed("no known RTCP packet") : parsed(packets);
}

function parsePacket(bytes: Uint8Array): RtcpPacket | "short" | undefined {
  const count = byteAt(bytes, 0) & 0x1f;
  const ssrc = readUint32(bytes, 4);
  switch (byteAt(bytes, 1)) {
    case senderReportType: {
      if (bytes.length < 28 + count * reportBlockBytes) return "short";
      const seconds = readUint32(bytes, 8);
      const fraction = readUint32(bytes, 12);
      const sender: SenderInfo = {
        at: (seconds - ntpEpochSeconds) * 1000 + Math.round((fraction / 2 ** 32) * 1000),
        rtpTimestamp: readUint32(bytes, 16),
        packets: readUint32(bytes, 20),
        octets: readUint32(bytes, 24),
      };
      const ntpMiddle = (((seconds & 0xffff) << 16) | (fraction >>> 16)) >>> 0;
      return { kind: "sender-report", ssrc, sender, ntpMiddle, blocks: readBlocks(bytes, 28, count) };
    }
    case receiverReportType:
      if (bytes.length < 8 + count * reportBlockBytes) return "short";
      return { kind: "receiver-report", ssrc, blocks: readBlocks(bytes, 8, count) };
    case sourceDescriptionType: {
      const cname = count === 0 ? undefined : readCname(bytes);
      return cname === undefined ? undefined : { kind: "source-description", ssrc, cname };
    }
    case goodbyeType: {
      if (bytes.length < 4 + count * 4) return "short";
      const ssrcs = Array.from({ length: count }, (_, index) => readUint32(bytes, 4 + index * 4));
      const reason = readText(bytes, 4 + count * 4);
      return { kind: "goodbye", ssrcs, ...(reason !== "" && { reason }) };
    }
    case extendedReportType:
      return bytes.length < 8 ? "short" : { kind: "extended-report", ssrc, metrics: readVoipMetrics(bytes) };
    default:
      return undefined;
  }
}

/** The CNAME of the first chunk. */
function readCname(bytes: Uint8Array): string | undefined {
  for (let at = 8; byteAt(bytes, at) !== 0; at += 2 + byteAt(bytes, at + 1)) {
    if (byteAt(bytes, at) === cnameItem) return readText(bytes, at + 1);
  }
  return undefined;
}

/** A byte of length and so much text; "" where it does not fit. */
function readText(bytes: Uint8Array, at: number): string {
  const end = at + 1 + byteAt(bytes, at);
  return end > bytes.length ? "" : new TextDecoder().decode(bytes.subarray(at + 1, end));
}

function readBlocks(bytes: Uint8Array, start: number, count: number): readonly ReportBlock[] {
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * reportBlockBytes;
    return {
      ssrc: readUint32(bytes, at),
      fractionLost: byteAt(bytes, at + 4),
      packetsLost: (readUint32(bytes, at + 4) << 8) >> 8,
      extendedHighest: readUint32(bytes, at + 8),
      jitter: readUint32(bytes, at + 12),
      lastReport: readUint32(bytes, at + 16),
      sinceLastReport: readUint32(bytes, at + 20),
    };
  });
}

function writeBlock(bytes: Uint8Array, at: number, block: ReportBlock): void {
  writeUint32(bytes, at, block.ssrc);
  writeUint32(bytes, at + 4, (block.fractionLost << 24) | (block.packetsLost & 0xff_ffff));
  writeUint32(bytes, at + 8, block.extendedHighest);
  writeUint32(bytes, at + 12, block.jitter);
  writeUint32(bytes, at + 16, block.lastReport);
  writeUint32(bytes, at + 20, block.sinceLastReport);
}

function writeHead(bytes: Uint8Array, at: number, count: number, type: number, length: number): void {
  bytes[at] = 0x80 | count;
  bytes[at + 1] = type;
  writeUint16(bytes, at + 2, length / 4 - 1);
}
