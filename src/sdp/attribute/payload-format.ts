/** What payload types mean: rtpmap and fmtp (RFC 8866 §6.6, §6.15), and the static ones of RFC 3551 §6. */
import type { MediaDescription } from "../description/session-description.ts";

/** One payload type of a media description. */
export type PayloadFormat = {
  readonly payloadType: number;
  /** As in rtpmap; compared without regard to case. */
  readonly name: string;
  /** Of RTP timestamps, which for G.722 is not the sampling rate. */
  readonly clockRateHz: number;
  readonly channels: number;
  /** Parameters of the format, as they came. */
  readonly fmtp?: string | undefined;
};

type Encoding = Pick<PayloadFormat, "name" | "clockRateHz" | "channels">;

const firstDynamic = 96;
const lastPayloadType = 127;

const staticEncodings: Readonly<Record<number, readonly [name: string, clockRateHz: number, channels?: number]>> = {
  0: ["PCMU", 8000],
  3: ["GSM", 8000],
  4: ["G723", 8000],
  5: ["DVI4", 8000],
  6: ["DVI4", 16_000],
  7: ["LPC", 8000],
  8: ["PCMA", 8000],
  9: ["G722", 8000],
  10: ["L16", 44_100, 2],
  11: ["L16", 44_100],
  12: ["QCELP", 8000],
  13: ["CN", 8000],
  14: ["MPA", 90_000],
  15: ["G728", 8000],
  16: ["DVI4", 11_025],
  17: ["DVI4", 22_050],
  18: ["G729", 8000],
};

export function isDynamic(payloadType: number): boolean {
  return payloadType >= firstDynamic;
}

/** Of the value of an rtpmap attribute. */
export function parseRtpmap(value: string): PayloadFormat | undefined {
  const [, payloadType, name, clockRateHz, channels = "1"] = /^(\d{1,3})\s+([^/\s]+)\/(\d{1,7})(?:\/(\d{1,2}))?\s*$/.exec(value) ?? [];
  if (payloadType === undefined || name === undefined || Number(payloadType) > lastPayloadType) return undefined;
  if (Number(clockRateHz) === 0 || Number(channels) === 0) return undefined;
  return { payloadType: Number(payloadType), name, clockRateHz: Number(clockRateHz), channels: Number(channels) };
}

export function formatRtpmap({ payloadType, name, clockRateHz, channels }: PayloadFormat): string {
  return `${payloadType} ${name}/${clockRateHz}${channels > 1 ? `/${channels}` : ""}`;
}

/**
 * The payload types of a media description in its order, each once. A static one may come without rtpmap; so may, in a careless answer, one that means what it
 * meant in the offer (`known`). Another dynamic one without is left out.
 */
export function payloadFormats(media: MediaDescription, known: readonly PayloadFormat[] = []): PayloadFormat[] {
  const mapped: PayloadFormat[] = [];
  const parameters: (readonly [payloadType: string, text: string])[] = [];
  for (const { name, value } of media.attributes) {
    if (name === "rtpmap") {
      const format = parseRtpmap(value.trim());
      if (format !== undefined) mapped.push(format);
    } else if (name === "fmtp") {
      const text = value.trim();
      const at = text.search(/\s/);
      if (at > 0) parameters.push([text.slice(0, at), text.slice(at).trimStart()]);
    }
  }
  const formats: PayloadFormat[] = [];
  // There are no more numbers than these; a longer list only costs time.
  for (const text of media.formats.slice(0, lastPayloadType + 1)) {
    const payloadType = /^\d{1,3}$/.test(text) ? Number(text) : lastPayloadType + 1;
    const isThis = (format: PayloadFormat) => format.payloadType === payloadType;
    const encoding = mapped.findLast(isThis) ?? known.find(isThis) ?? staticEncoding(payloadType);
    if (encoding === undefined || formats.some(isThis)) continue;
    const { name, clockRateHz, channels } = encoding;
    const fmtp = parameters.findLast(([number]) => number === text)?.[1];
    formats.push({ payloadType, name, clockRateHz, channels, ...(fmtp !== undefined && { fmtp }) });
  }
  return formats;
}

function staticEncoding(payloadType: number): Encoding | undefined {
  const [name, clockRateHz, channels = 1] = staticEncodings[payloadType] ?? [];
  return name === undefined || clockRateHz === undefined ? undefined : { name, clockRateHz, channels };
}

/** The same sound on the wire as far as rtpmap tells. */
export function isSameEncoding(one: Encoding, other: Encoding): boolean {
  return one.clockRateHz === other.clockRateHz && one.channels === other.channels && one.name.toLowerCase() === other.name.toLowerCase();
}

/** The parameters of an fmtp attribute by their names in lower case; one without a value has "". */
export function fmtpParameters(fmtp: string): ReadonlyMap<string, string> {
  const pairs = fmtp.split(";").map((part) => part.trim());
  return new Map(
    pairs.flatMap((part) => {
      const at = part.indexOf("=");
      const name = at < 0 ? part : part.slice(0, at).trimEnd();
      return name === "" ? [] : [[name.toLowerCase(), at < 0 ? "" : part.slice(at + 1).trimStart()] as const];
    }),
  );
}
