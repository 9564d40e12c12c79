/** The audio codecs that we decode, and those that we could only pass on. */
import { fmtpParameters, isSameEncoding, type PayloadFormat } from "../attribute/payload-format.ts";

/** A new codec is a word here and a line below. */
export const codecNames = ["PCMU", "PCMA"] as const;
export type CodecName = (typeof codecNames)[number];

/** What we offer a codec as: the static payload type where RFC 3551 has one. */
export const codecs: Readonly<Record<CodecName, PayloadFormat>> = {
  PCMU: { name: "PCMU", clockRateHz: 8000, channels: 1, payloadType: 0 },
  PCMA: { name: "PCMA", clockRateHz: 8000, channels: 1, payloadType: 8 },
};

export function codecOf(format: PayloadFormat, among: readonly CodecName[] = codecNames): CodecName | undefined {
  return among.find((name) => isSameEncoding(format, codecs[name]));
}

/** RFC 4733; we offer events 0 to 15, the keys of a telephone. */
export const telephoneEventPayloadType = 101;
export const telephoneEventName = "telephone-event";
export const telephoneEventRange = "0-15";

/** Events share the timestamps of the codec, so the rate must be its own (RFC 4733 §2.1). */
export function isEventAt(clockRateHz: number, format: PayloadFormat): boolean {
  return format.clockRateHz === clockRateHz && (format.name === telephoneEventName || format.name.toLowerCase() === telephoneEventName);
}

/** Formats that say something beside a codec and are none themselves: RFC 3389, 4733, 2198, 5109, 8627, 4588. */
const companions: ReadonlySet<string> = new Set(["cn", telephoneEventName, "tone", "red", "ulpfec", "parityfec", "flexfec", "rtx"]);

/** A codec that we cannot decode, but could pass on to somebody who can. */
export function isRelayable(format: PayloadFormat): boolean {
  return codecOf(format) === undefined && !companions.has(format.name.toLowerCase());
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
