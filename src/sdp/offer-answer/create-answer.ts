import type { CodecName } from "../../kernel/index.ts";
import { agreedDirection, mediaDirection } from "../attribute/direction.ts";
import { type PayloadFormat, payloadFormats } from "../attribute/payload-format.ts";
import { opusWishes } from "../attribute/opus-format.ts";
import { ptimeOf } from "../attribute/packet-time.ts";
import { hasRtcpMux } from "../attribute/rtcp.ts";
import { addressOf, type MediaDescription, type SessionDescription } from "../description/session-description.ts";
import { codecOf, formatOf, isRelayable, isSameFormat, packetMs } from "./codec.ts";
import { eventsBeside, isComfortNoise, isEventAt, mayHaveComfortNoise } from "./companion.ts";
import {
  type Answered,
  eventBetween,
  type LocalMedia,
  type OfferRefusal,
  refusal,
  type RelayedFormat,
  type SessionHistory,
} from "./session-sides.ts";
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
  const among = local.telephoneEvent ? formats : [];
  const event = codec === undefined ? eventOf(format, among) : eventsBeside(format.clockRateHz, among);
  const noise = mayHaveComfortNoise(codec) ? formats.find(isComfortNoise) : undefined;
  const rtcpMux = local.rtcpMux === true && hasRtcpMux(media);
  const { payloadType, name, clockRateHz, channels } = format;
  const taken = { payloadType, name, clockRateHz, channels, ...(match.fmtp !== undefined && { fmtp: match.fmtp }) };
  const history = historyAfter(offer, at, local.history, formats);
  const ptimeMs = codec === undefined ? local.ptimeMs : packetMs(codec, media, local.ptimeMs);
  const taking = [taken, ...(noise ? [noise] : []), ...(event ? [event] : [])];
  const stream = streamLine(local, { protocol: media.protocol, formats: taking, direction, ptimeMs, rtcpMux });
  const opus = codec === "opus" ? opusWishes(format.fmtp) : undefined;
  return {
    ok: true,
    answer: description(local, stream, history?.others),
    negotiated: {
      ...(codec === undefined ? { relayed: taken } : { codec }),
      payloadType,
      receivePayloadType: payloadType,
      telephoneEvent: event && eventBetween(event, event, format),
      ...(noise && { comfortNoise: noise.payloadType }),
      ...(opus && { opus }),
      ...remoteSide(match.address, media, rtcpMux),
      direction,
      ptimeMs: codec === undefined ? (ptimeOf(media) ?? ptimeMs) : ptimeMs,
      ...(history && { history }),
    },
    relayable: local.relayed === "any" ? relayable(formats, local.codecs) : [],
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
      if (codec !== undefined) return { ...stream, format, codec, fmtp: formatOf(codec).fmtp };
    }
  }
  for (const stream of streams) {
    for (const format of stream.formats) {
      const relayed = relayedAs(format, local);
      if (relayed !== undefined) return { ...stream, format, codec: undefined, fmtp: relayed.fmtp };
    }
  }
  return undefined;
}

function relayedAs(format: PayloadFormat, { relayed = [], codecs }: LocalMedia): PayloadFormat | undefined {
  if (relayed === "any") return isRelayable(format, codecs) ? format : undefined;
  return relayed.find((known) => isSameFormat(known, format));
}

function relayable(formats: readonly PayloadFormat[], codecs: readonly CodecName[]): RelayedFormat[] {
  return formats
    .filter((format) => isRelayable(format, codecs))
    .map((format) => {
      const event = eventOf(format, formats);
      return event === undefined ? format : { ...format, telephoneEvent: event.payloadType };
    });
}

/** Of what is not decoded here: packets of events pass with the others, so their clock must be the same. */
function eventOf(format: PayloadFormat, formats: readonly PayloadFormat[]): PayloadFormat | undefined {
  return formats.find((other) => isEventAt(format.clockRateHz, other));
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
