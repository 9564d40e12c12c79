/** The audio codecs we can negotiate, and payload types: RFC 3551 §6, RFC 8866 §6.6. */
import type { MediaDescription } from "./session-description.ts";

export type CodecSpec = {
  /** As in rtpmap; compared without regard to case. */
  readonly name: string;
  /** Of RTP timestamps, which for G.722 is not the sampling rate. */
  readonly clockRateHz: number;
  readonly channels: number;
  /** What we offer it as: static where RFC 3551 has one. */
  readonly payloadType: number;
};

/** A new codec is a word here and a line below. */
export const codecNames = ["PCMU", "PCMA"] as const;
export type CodecName = (typeof codecNames)[number];

export const codecs: Readonly<Record<CodecName, CodecSpec>> = {
  PCMU: { name: "PCMU", clockRateHz: 8000, channels: 1, payloadType: 0 },
  PCMA: { name: "PCMA", clockRateHz: 8000, channels: 1, payloadType: 8 },
};

/** RFC 4733; we offer events 0 to 15, the keys of a telephone. */
export const telephoneEventPayloadType = 101;
export const telephoneEventName = "telephone-event";
export const telephoneEventRange = "0-15";

/** One payload type of a media description. */
export type PayloadFormat = {
  readonly payloadType: number;
  readonly name: string;
  readonly clockRateHz: number;
  readonly channels: number;
};

/** The payload types of a media description in its order. Static ones may come without rtpmap; a dynamic one without is left out. */
export function payloadFormats(media: MediaDescription): PayloadFormat[] {
  const mapped = new Map<number, PayloadFormat>();
  for (const { name, value } of media.attributes) {
    const match = name === "rtpmap" ? /^(\d{1,3})\s+([^/\s]+)\/(\d{1,7})(?:\/(\d{1,2}))?/.exec(value) : null;
    if (match === null) continue;
    const payloadType = Number(match[1]);
    mapped.set(payloadType, { payloadType, name: match[2] ?? "", clockRateHz: Number(match[3]), channels: Number(match[4] ?? 1) });
  }
  const formats: PayloadFormat[] = [];
  for (const text of media.formats) {
    if (!/^\d{1,3}$/.test(text) || Number(text) > 127) continue;
    const format =
      mapped.get(Number(text)) ?? Object.values(codecs).find((codec) => codec.payloadType === Number(text) && Number(text) < 96);
    if (format !== undefined) formats.push({ ...format, payloadType: Number(text) });
  }
  return formats;
}

export function isFormatOf(format: PayloadFormat, codec: CodecSpec): boolean {
  return (
    format.name.toLowerCase() === codec.name.toLowerCase() && format.clockRateHz === codec.clockRateHz && format.channels === codec.channels
  );
}
