import { agreedDirection, mediaDirection } from "../attribute/direction.ts";
import { type PayloadFormat, payloadFormats } from "../attribute/payload-format.ts";
import { hasRtcpMux } from "../attribute/rtcp.ts";
import { addressOf, type MediaDescription, type SessionDescription } from "../description/session-description.ts";
import { type CodecName, codecOf, isEventAt, isRelayable, isSameFormat } from "./codec.ts";
import { type Answered, type LocalMedia, type OfferRefusal, refusal, type RelayedFormat, type SessionHistory } from "./session-sides.ts";
import { description, isUsable, meanings, placeOf, plainProtocol, remoteSide, streamLine } from "./stream.ts";

type Match = {
  readonly at: number;
  readonly media: MediaDescription;
  readonly address: string;
  readonly formats: readonly PayloadFormat[];
  /** Of the offer. */
  readonly format: PayloadFormat;
  readonly codec: CodecName | undefined;
  /** Our parameters for it. */
  readonly fmtp: string | undefined;
};

/**
 * Takes one audio stream of the offer (the one that is ours already, else the first that we can do) with the first of its codecs that we have, and refuses
 * all other streams by port 0 (RFC 3264 §6). What was refused before may come back as something else (§8.1): only what the offer says now counts.
 */
export function createAnswer(offer: SessionDescription, local: LocalMedia): Answered {
  const match = matchOf(offer, local);
  if (match === undefined) return refusalOf(offer);
  const { at, media, format, formats, codec } = match;
  const direction = agreedDirection(local.direction, mediaDirection(offer, media));
  const event = local.telephoneEvent ? formats.find((other) => isEventAt(format.clockRateHz, other)) : undefined;
  const rtcpMux = local.rtcpMux === true && hasRtcpMux(media);
  const { payloadType, name, clockRateHz, channels } = format;
  const taken = { payloadType, name, clockRateHz, channels, ...(match.fmtp !== undefined && { fmtp: match.fmtp }) };
  const history = historyAfter(offer, at, local.history, formats);
  const stream = streamLine(local, { protocol: media.protocol, formats: event ? [taken, event] : [taken], direction, rtcpMux });
  return {
    ok: true,
    answer: description(local, stream, history?.others),
    negotiated: {
      ...(codec === undefined ? { relayed: taken } : { codec }),
      payloadType,
      receivePayloadType: payloadType,
      telephoneEvent: event && { payloadType: event.payloadType, receivePayloadType: event.payloadType },
      ...remoteSide(match.address, media, rtcpMux, local.ptimeMs),
      direction,
      ...(history && { history }),
    },
    relayable: local.relayed === "any" ? formats.filter(isRelayable).map((relayable) => withEvent(relayable, formats)) : [],
  };
}

function matchOf(offer: SessionDescription, local: LocalMedia): Match | undefined {
  const streams: Pick<Match, "at" | "media" | "address" | "formats">[] = [];
  const first = placeOf(local.history);
  for (const [at, media] of offer.media.entries()) {
    const address = isUsable(media) ? addressOf(offer, media) : undefined;
    if (address === undefined) continue;
    const stream = { at, media, address, formats: payloadFormats(media) };
    if (at === first) streams.unshift(stream);
    else streams.push(stream);
  }
  for (const stream of streams) {
    for (const format of stream.formats) {
      const codec = codecOf(format, local.codecs);
      if (codec !== undefined) return { ...stream, format, codec, fmtp: undefined };
    }
  }
  for (const stream of streams) {
    for (const format of stream.formats) {
      const relayed = relayedAs(format, local.relayed ?? []);
      if (relayed !== undefined) return { ...stream, format, codec: undefined, fmtp: relayed.fmtp };
    }
  }
  return undefined;
}

function relayedAs(format: PayloadFormat, relayed: readonly RelayedFormat[] | "any"): PayloadFormat | undefined {
  if (relayed === "any") return isRelayable(format) ? format : undefined;
  return relayed.find((known) => isSameFormat(known, format));
}

function withEvent(format: PayloadFormat, formats: readonly PayloadFormat[]): RelayedFormat {
  const event = formats.find((other) => isEventAt(format.clockRateHz, other));
  return event === undefined ? format : { ...format, telephoneEvent: event.payloadType };
}

function refusalOf(offer: SessionDescription): OfferRefusal {
  const offered = offer.media.filter((line) => line.media === "audio" && line.port !== 0);
  if (offered.length === 0) return refusal("no audio stream");
  const usable = offered.filter(isUsable);
  if (usable.length === 0) return refusal("no audio stream without encryption");
  return refusal(usable.every((line) => addressOf(offer, line) === undefined) ? "no address that we can reach" : "no common codec");
}

/** Of a refused line; what they are does not matter (RFC 3264 §6). */
const mostFormatsKept = 8;

function historyAfter(
  offer: SessionDescription,
  at: number,
  before: SessionHistory | undefined,
  formats: readonly PayloadFormat[],
): SessionHistory | undefined {
  const others = offer.media.flatMap((line, index) =>
    index === at
      ? []
      : [{ at: index, media: line.media, protocol: line.protocol, format: line.formats.slice(0, mostFormatsKept).join(" ") }],
  );
  const protocol = offer.media[at]?.protocol ?? plainProtocol;
  const payloadTypes = meanings(before, formats);
  if (others.length === 0 && protocol === plainProtocol && payloadTypes === undefined) return undefined;
  return {
    ...(others.length > 0 && { others }),
    ...(protocol !== plainProtocol && { protocol }),
    ...(payloadTypes && { payloadTypes }),
  };
}
