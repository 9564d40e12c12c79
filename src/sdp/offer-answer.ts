/**
 * Offers and answers for one audio stream, RFC 3264. Pure: who keeps the descriptions and when they are exchanged is decided above.
 *
 *   createOffer ─ offer ─▶ peer ─ answer ─▶ acceptAnswer ─▶ Negotiated
 *   peer ─ offer ─▶ createAnswer ─▶ answer and Negotiated
 */
import {
  type CodecName,
  type CodecSpec,
  codecNames,
  codecs,
  isFormatOf,
  type PayloadFormat,
  payloadFormats,
  telephoneEventName,
  telephoneEventPayloadType,
  telephoneEventRange,
} from "./codec.ts";
import { agreedDirection, type Direction, mediaDirection } from "./direction.ts";
import { type Attribute, attributeOf, connectionOf, type MediaDescription, type SessionDescription } from "./session-description.ts";

/** Our side of a stream. */
export type LocalMedia = {
  /** Where we receive, numeric. */
  readonly address: string;
  readonly port: number;
  /** Decimal digits; the same for all descriptions of one dialog (RFC 3264 §8). */
  readonly sessionId: string;
  /** Raised by one whenever the description changes: see `revised`. */
  readonly version: number;
  /** Preferred first. */
  readonly codecs: readonly CodecName[];
  readonly telephoneEvent: boolean;
  readonly direction: Direction;
  /** What we would like to receive. */
  readonly ptimeMs: number;
  /** RTCP on the RTP port (RFC 5761), if the peer does it too. */
  readonly rtcpMux?: boolean | undefined;
};

export type Endpoint = { readonly address: string; readonly port: number };

/** What both sides agreed on, seen from ours. */
export type Negotiated = {
  readonly codec: CodecName;
  /** To send with. */
  readonly payloadType: number;
  readonly receivePayloadType: number;
  /** RFC 4733, when both can. */
  readonly telephoneEvent?: { readonly payloadType: number; readonly receivePayloadType: number } | undefined;
  /** Where we send. The address may be a name, and is zero when the peer holds in the old way; `direction` then says not to send. */
  readonly remote: Endpoint;
  readonly remoteRtcp: Endpoint;
  readonly rtcpMux: boolean;
  readonly direction: Direction;
  /** Of the packets we send: what the peer asked for, otherwise what we like. */
  readonly ptimeMs: number;
};

export type OfferRefusal = { readonly ok: false; readonly status: 488; readonly reason: string };
export type Answered = { readonly ok: true; readonly answer: SessionDescription; readonly negotiated: Negotiated } | OfferRefusal;
export type Accepted = { readonly ok: true; readonly negotiated: Negotiated } | OfferRefusal;

/** `previous` is our last offer or answer of the same dialog: a stream keeps its place for ever, and refused ones stay refused (§8). */
export function createOffer(local: LocalMedia, previous?: SessionDescription): SessionDescription {
  const current = previous?.media.find(isUsable);
  const known = current === undefined ? [] : payloadFormats(current);
  const formats: PayloadFormat[] = local.codecs.map((name) => codecs[name]);
  if (local.telephoneEvent) formats.push(...eventFormats(formats, known));
  const offered = audio(local, current?.protocol ?? "RTP/AVP", formats, local.direction, local.rtcpMux === true);
  if (previous === undefined || current === undefined) return description(local, [offered]);
  return description(
    local,
    previous.media.map((media) => (media === current ? offered : refused(media))),
  );
}

/** Takes the first audio stream of the offer that we can do, with the first of its codecs that we have, and refuses all other streams by port 0 (§6). */
export function createAnswer(offer: SessionDescription, local: LocalMedia): Answered {
  const candidates = offer.media.map((media) => matched(offer, media, local.codecs));
  const chosen = candidates.findIndex((match) => match !== undefined);
  const match = candidates[chosen];
  const remote = offer.media[chosen];
  if (match === undefined || remote === undefined)
    return refusal(offer.media.some(isUsable) ? "no common codec" : "no audio stream that we can do");

  const direction = agreedDirection(local.direction, mediaDirection(offer, remote));
  const event = local.telephoneEvent ? match.event : undefined;
  const rtcpMux = local.rtcpMux === true && attributeOf(remote.attributes, "rtcp-mux") !== undefined;
  const formats = event === undefined ? [match.format] : [match.format, event];
  const media = offer.media.map((offered, index) =>
    index === chosen ? audio(local, offered.protocol, formats, direction, rtcpMux) : refused(offered),
  );
  return {
    ok: true,
    answer: description(local, media),
    negotiated: {
      codec: match.codec,
      payloadType: match.format.payloadType,
      receivePayloadType: match.format.payloadType,
      telephoneEvent: event && { payloadType: event.payloadType, receivePayloadType: event.payloadType },
      ...remoteSide(match.address, remote, rtcpMux, local.ptimeMs),
      direction,
    },
  };
}

/** Reads the answer to an offer that `createOffer` made. */
export function acceptAnswer(offer: SessionDescription, answer: SessionDescription): Accepted {
  const index = offer.media.findIndex(isUsable);
  const offered = offer.media[index];
  const answered = answer.media[index];
  if (offered === undefined || answered === undefined || answer.media.length !== offer.media.length)
    return refusal("answer has other streams than the offer");
  if (answered.port === 0) return refusal("stream refused");
  const ours = payloadFormats(offered);
  const names = codecNames.filter((name) => ours.some((format) => isFormatOf(format, codecs[name])));
  const match = matched(answer, answered, names);
  const own = match && ours.find((format) => isFormatOf(format, codecs[match.codec]));
  if (match === undefined || own === undefined) return refusal("no common codec");
  const ownEvent = ours.find((format) => isEventFor(format, codecs[match.codec]));
  const rtcpMux = [offered, answered].every((media) => attributeOf(media.attributes, "rtcp-mux") !== undefined);
  return {
    ok: true,
    negotiated: {
      codec: match.codec,
      payloadType: match.format.payloadType,
      receivePayloadType: own.payloadType,
      telephoneEvent: match.event && ownEvent && { payloadType: match.event.payloadType, receivePayloadType: ownEvent.payloadType },
      ...remoteSide(match.address, answered, rtcpMux, ptimeOf(offered) ?? usualPtimeMs),
      direction: agreedDirection(mediaDirection(offer, offered), mediaDirection(answer, answered)),
    },
  };
}

/** `next` with the version that RFC 3264 §8 wants after `previous`: the same when nothing else changed, one more otherwise. */
export function revised(previous: SessionDescription, next: SessionDescription): SessionDescription {
  const aligned = { ...next, origin: previous.origin };
  if (JSON.stringify(aligned) === JSON.stringify(previous)) return aligned;
  return { ...next, origin: { ...previous.origin, address: next.origin.address, version: String(BigInt(previous.origin.version) + 1n) } };
}

type Match = {
  readonly codec: CodecName;
  readonly format: PayloadFormat;
  readonly event: PayloadFormat | undefined;
  readonly address: string;
};

function matched(session: SessionDescription, media: MediaDescription, names: readonly CodecName[]): Match | undefined {
  const address = connectionOf(session, media);
  if (!isUsable(media) || address === undefined) return undefined;
  const formats = payloadFormats(media);
  for (const format of formats) {
    const codec = names.find((name) => isFormatOf(format, codecs[name]));
    if (codec !== undefined) return { codec, format, event: formats.find((other) => isEventFor(other, codecs[codec])), address };
  }
  return undefined;
}

function isUsable(media: MediaDescription): boolean {
  return media.media === "audio" && media.port !== 0 && (media.protocol === "RTP/AVP" || media.protocol === "RTP/AVPF");
}

/** Events share the timestamps of the codec, so the rate must be its own (RFC 4733 §2.1). */
function isEventFor(format: PayloadFormat, codec: CodecSpec): boolean {
  return format.name.toLowerCase() === telephoneEventName && format.clockRateHz === codec.clockRateHz;
}

/** One for each clock rate among the codecs: as the payload type that is already in use (its meaning may not change, §8.3.2), otherwise from 101 up. */
function eventFormats(formats: readonly PayloadFormat[], known: readonly PayloadFormat[]): PayloadFormat[] {
  return [...new Set(formats.map((format) => format.clockRateHz))].map((clockRateHz, index) => {
    const inUse = known.find((format) => format.name.toLowerCase() === telephoneEventName && format.clockRateHz === clockRateHz);
    return inUse ?? { payloadType: telephoneEventPayloadType + index, name: telephoneEventName, clockRateHz, channels: 1 };
  });
}

const usualPtimeMs = 20;
const longestPtimeMs = 60;

/** What the writer would like to receive, in whole frames of 10 ms; above 60 the delay is worse than the saving. */
function ptimeOf(media: MediaDescription): number | undefined {
  const wanted = positive(attributeOf(media.attributes, "ptime"));
  const most = positive(attributeOf(media.attributes, "maxptime"));
  if (wanted === undefined && most === undefined) return undefined;
  const ptimeMs = Math.min(wanted ?? usualPtimeMs, most ?? longestPtimeMs, longestPtimeMs);
  return ptimeMs < 10 ? undefined : ptimeMs - (ptimeMs % 10);
}

function positive(text: string | undefined): number | undefined {
  return Number(text) > 0 ? Number(text) : undefined;
}

function remoteSide(address: string, media: MediaDescription, rtcpMux: boolean, ptimeMs: number) {
  const remote = { address, port: media.port };
  return { remote, remoteRtcp: rtcpMux ? remote : rtcpEndpoint(remote, media), rtcpMux, ptimeMs: ptimeOf(media) ?? ptimeMs };
}

/** a=rtcp (RFC 3605), or the next port. */
function rtcpEndpoint(remote: Endpoint, media: MediaDescription): Endpoint {
  const match = /^(\d{1,5})(?:\s+IN\s+IP[46]\s+(\S+))?$/.exec(attributeOf(media.attributes, "rtcp") ?? "");
  const port = Number(match?.[1] ?? remote.port + 1);
  return port > 0 && port < 65_536 ? { address: match?.[2] ?? remote.address, port } : remote;
}

function description(local: LocalMedia, media: readonly MediaDescription[]): SessionDescription {
  const origin = { username: "-", sessionId: local.sessionId, version: String(local.version), address: local.address };
  return { origin, sessionName: "-", connection: local.address, attributes: [], media };
}

function audio(
  local: LocalMedia,
  protocol: string,
  formats: readonly PayloadFormat[],
  direction: Direction,
  rtcpMux: boolean,
): MediaDescription {
  const attributes: Attribute[] = [];
  for (const { payloadType, name, clockRateHz, channels } of formats) {
    attributes.push({ name: "rtpmap", value: `${payloadType} ${name}/${clockRateHz}${channels > 1 ? `/${channels}` : ""}` });
    if (name.toLowerCase() === telephoneEventName) attributes.push({ name: "fmtp", value: `${payloadType} ${telephoneEventRange}` });
  }
  attributes.push({ name: "ptime", value: String(local.ptimeMs) });
  if (rtcpMux) attributes.push({ name: "rtcp-mux", value: "" });
  attributes.push({ name: direction, value: "" });
  return {
    media: "audio",
    port: local.port,
    protocol,
    formats: formats.map(({ payloadType }) => String(payloadType)),
    connection: undefined,
    attributes,
  };
}

function refused(offered: MediaDescription): MediaDescription {
  return { ...offered, port: 0, connection: undefined, attributes: [] };
}

function refusal(reason: string): OfferRefusal {
  return { ok: false, status: 488, reason };
}
