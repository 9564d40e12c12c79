/** Our audio stream in a description: which line it is, what its formats are, and how it is written. */
import { type Direction, isNowhere } from "../attribute/direction.ts";
import { formatRtpmap, isDynamic, type PayloadFormat } from "../attribute/payload-format.ts";
import { parseRtcpPort } from "../attribute/rtcp.ts";
import {
  type Attribute,
  attributeOf,
  internetAddress,
  type MediaDescription,
  type SessionDescription,
} from "../description/session-description.ts";
import { formatOf } from "./codec.ts";
import { eventsAt, telephoneEventName, telephoneEventRange } from "./companion.ts";
import type { Endpoint, LocalMedia, SessionHistory } from "./session-sides.ts";

export const plainProtocol = "RTP/AVP";
const protocols: ReadonlySet<string> = new Set([plainProtocol, "RTP/AVPF"]);

/** Audio that is neither refused nor encrypted: SRTP has protocols of its own (RFC 3711, RFC 5124, RFC 5764). */
export function isUsable(media: MediaDescription): boolean {
  return media.media === "audio" && media.port !== 0 && protocols.has(media.protocol);
}

/** The place of our stream in descriptions of this dialog. */
export function placeOf(history: SessionHistory | undefined): number {
  let place = 0;
  // In the order of their places.
  for (const { at } of history?.others ?? []) if (at === place) place += 1;
  return place;
}

/** A whole description of ours: our stream in its place, all other lines refused. */
export function description(local: LocalMedia, stream: MediaDescription, others: SessionHistory["others"] = []): SessionDescription {
  const origin = { username: "-", sessionId: local.sessionId, version: String(local.version), ...internetAddress(local.address) };
  const media = [stream];
  for (const { at, ...line } of others) media.splice(at, 0, { ...line, port: 0, formats: line.format.split(" "), attributes: [] });
  return {
    origin,
    sessionName: "-",
    connection: internetAddress(local.address),
    times: [{ start: "0", stop: "0" }],
    attributes: [],
    media,
  };
}

type StreamParts = {
  readonly protocol: string;
  readonly formats: readonly PayloadFormat[];
  readonly direction: Direction;
  readonly ptimeMs: number;
  readonly rtcpMux: boolean;
};

export function streamLine(local: LocalMedia, { protocol, formats, direction, ptimeMs, rtcpMux }: StreamParts): MediaDescription {
  const attributes: Attribute[] = [];
  for (const format of formats) {
    attributes.push({ name: "rtpmap", value: formatRtpmap(format) });
    const fmtp = format.name.toLowerCase() === telephoneEventName ? telephoneEventRange : format.fmtp;
    if (fmtp !== undefined) attributes.push({ name: "fmtp", value: `${format.payloadType} ${fmtp}` });
  }
  attributes.push({ name: "ptime", value: String(ptimeMs) });
  if (rtcpMux) attributes.push({ name: "rtcp-mux", value: "" });
  attributes.push({ name: direction, value: "" });
  return { media: "audio", port: local.port, protocol, formats: formats.map(({ payloadType }) => String(payloadType)), attributes };
}

/** The peer's side of a stream that it described. */
export function remoteSide(address: string, media: MediaDescription, rtcpMux: boolean) {
  const remote = { address, port: media.port };
  return { remote, remoteRtcp: rtcpMux ? remote : rtcpEndpoint(remote, media), rtcpMux };
}

/** a=rtcp (RFC 3605), or the next port. One that names no address has that of RTP, even when the other is nowhere. */
function rtcpEndpoint(remote: Endpoint, media: MediaDescription): Endpoint {
  const said = parseRtcpPort(attributeOf(media.attributes, "rtcp") ?? "");
  const address = said?.address === undefined || isNowhere(said.address) ? remote.address : said.address;
  return { address, port: said?.port ?? Math.min(65_535, remote.port + 1) };
}

/** What is not remembered, since it is always so unless something else is. */
const usualMeanings: Readonly<Record<string, string>> = Object.fromEntries(
  [formatOf("opus"), eventsAt(8000), eventsAt(48_000)].map((format) => [format.payloadType, encodingText(format)]),
);

/** What payload types mean from now on, `formats` added to what was known; undefined when all is usual. */
export function meanings(history: SessionHistory | undefined, formats: readonly PayloadFormat[]): SessionHistory["payloadTypes"] {
  const added = formats.flatMap((format) =>
    isDynamic(format.payloadType) && usualMeanings[format.payloadType] !== encodingText(format)
      ? [[String(format.payloadType), encodingText(format)] as const]
      : [],
  );
  if (added.length === 0) return history?.payloadTypes;
  // The first meaning stays.
  return { ...Object.fromEntries(added), ...history?.payloadTypes };
}

/**
 * `format` with a payload type that never meant anything else in this dialog (RFC 3264 §8.3.2), nor does so in the description being written (`used`): its own,
 * one that means it already, or the next free one. Undefined when none is left.
 */
export function numbered(format: PayloadFormat, history: SessionHistory | undefined, used: Set<number>): PayloadFormat | undefined {
  const payloadType = isDynamic(format.payloadType) ? numberOf(format, history?.payloadTypes ?? {}, used) : format.payloadType;
  if (payloadType === undefined || used.has(payloadType)) return undefined;
  used.add(payloadType);
  return payloadType === format.payloadType ? format : { ...format, payloadType };
}

function numberOf(format: PayloadFormat, remembered: Readonly<Record<string, string>>, used: ReadonlySet<number>): number | undefined {
  const { payloadType } = format;
  const encoding = encodingText(format);
  const numbers = [payloadType, ...Object.keys(remembered).map(Number)];
  const meant = numbers.find((number) => !used.has(number) && remembered[number] === encoding);
  if (meant !== undefined) return meant;
  const meaningOf = (number: number) => remembered[number] ?? usualMeanings[number] ?? encoding;
  const isFree = (number: number) => !used.has(number) && meaningOf(number) === encoding;
  return isFree(payloadType) ? payloadType : dynamicNumbers.find(isFree);
}

/** From the usual one for events up, then those below it. */
const dynamicNumbers = Array.from({ length: 32 }, (_, index) => ((index + 5) % 32) + 96);

/** As in rtpmap, in lower case. */
function encodingText({ name, clockRateHz, channels }: PayloadFormat): string {
  return `${name.toLowerCase()}/${clockRateHz}${channels > 1 ? `/${channels}` : ""}`;
}
