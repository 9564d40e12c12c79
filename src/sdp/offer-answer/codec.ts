/** The audio codecs that we decode, and those that we could only pass on. */
import type { CodecName } from "../../kernel/index.ts";
import { ptimeOf, usualPtimeMs } from "../attribute/packet-time.ts";
import { fmtpParameters, isSameEncoding, type PayloadFormat } from "../attribute/payload-format.ts";
import type { MediaDescription } from "../description/session-description.ts";
import { isCompanion } from "./companion.ts";

type Codec = PayloadFormat & {
  /** A packet of it fits into one datagram of Ethernet (1,472 bytes) up to here; 60 when left out. */
  readonly longestPtimeMs?: number;
};

/**
 * What we offer a codec as: the static payload type where RFC 3551 has one. A dynamic one stays what it is for ever, because calls go on after an
 * upgrade and a number never changes its meaning (RFC 3264 §8.3.2).
 */
const codecs: Readonly<Record<CodecName, Codec>> = {
  PCMU: { name: "PCMU", clockRateHz: 8000, channels: 1, payloadType: 0 },
  PCMA: { name: "PCMA", clockRateHz: 8000, channels: 1, payloadType: 8 },
  // Sampled at 16 kHz all the same (RFC 3551 §4.5.2).
  G722: { name: "G722", clockRateHz: 8000, channels: 1, payloadType: 9 },
  // Always written so, whatever it carries (RFC 7587 §7).
  opus: { name: "opus", clockRateHz: 48_000, channels: 2, payloadType: 111, fmtp: "minptime=10;useinbandfec=1" },
  "L16/8000": { name: "L16", clockRateHz: 8000, channels: 1, payloadType: 112 },
  "L16/16000": { name: "L16", clockRateHz: 16_000, channels: 1, payloadType: 113, longestPtimeMs: 40 },
  "L16/48000": { name: "L16", clockRateHz: 48_000, channels: 1, payloadType: 114, longestPtimeMs: 10 },
};

/** As it stands in descriptions of ours. */
export function formatOf(codec: CodecName): PayloadFormat {
  const { payloadType, name, clockRateHz, channels, fmtp } = codecs[codec];
  return { payloadType, name, clockRateHz, channels, ...(fmtp !== undefined && { fmtp }) };
}

/** Of RTP timestamps. */
export function clockRateOf(codec: CodecName): number {
  return codecs[codec].clockRateHz;
}

export function codecOf(format: PayloadFormat, among: readonly CodecName[]): CodecName | undefined {
  return among.find((name) => isSameEncoding(format, codecs[name]));
}

/** How long the packets are that we send to the writer of `media`, and would like from it too. */
export function packetMs(codec: CodecName, media: MediaDescription, unsaid: number): number {
  const wantedMs = ptimeOf(media) ?? unsaid;
  // Frames of 20 ms are put together, and not taken apart.
  if (codec === "opus") return Math.max(usualPtimeMs, wantedMs - (wantedMs % usualPtimeMs));
  return withinDatagram(codec, wantedMs);
}

export function withinDatagram(codec: CodecName | undefined, ptimeMs: number): number {
  return Math.min(ptimeMs, (codec && codecs[codec].longestPtimeMs) ?? ptimeMs);
}

/** A codec that we do not decode (`own` are those that we do), but could pass on to somebody who can. */
export function isRelayable(format: PayloadFormat, own: readonly CodecName[]): boolean {
  return codecOf(format, own) === undefined && !isCompanion(format);
}

/** Parameters without which the same packet means something else; left out means the same as 0, and false as in the word's own registration. */
const shaping: Readonly<Record<string, readonly string[]>> = {
  amr: ["octet-align", "crc", "robust-sorting", "interleaving"],
  "amr-wb": ["octet-align", "crc", "robust-sorting", "interleaving"],
};

/** Packets of the one can be played by who agreed to the other: RFC 4867 §8.3.1 for AMR, whose framing hangs on parameters. */
export function isSameFormat(one: PayloadFormat, other: PayloadFormat): boolean {
  if (!isSameEncoding(one, other)) return false;
  const names = shaping[one.name.toLowerCase()];
  if (names === undefined) return true;
  const [ours, theirs] = [fmtpParameters(one.fmtp ?? ""), fmtpParameters(other.fmtp ?? "")];
  return names.every((name) => (ours.get(name) ?? "0") === (theirs.get(name) ?? "0"));
}
