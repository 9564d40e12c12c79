import type { CodecName } from "../../kernel/index.ts";
import { agreedDirection, mediaDirection } from "../attribute/direction.ts";
import { opusWishes } from "../attribute/opus-format.ts";
import { ptimeOf, usualPtimeMs } from "../attribute/packet-time.ts";
import { type PayloadFormat, payloadFormats } from "../attribute/payload-format.ts";
import { hasRtcpMux } from "../attribute/rtcp.ts";
import { addressOf, type SessionDescription } from "../description/session-description.ts";
import { codecOf, isRelayable, isSameFormat, packetMs } from "./codec.ts";
import { eventsBeside, isComfortNoise, isEventAt, mayHaveComfortNoise } from "./companion.ts";
import { type Accepted, eventBetween, type LocalMedia, refusal } from "./session-sides.ts";
import { isUsable, meanings, remoteSide } from "./stream.ts";

/**
 * Reads the answer to an offer that `createOffer` made of `local`. Of several codecs in it the first is the one the peer likes best, and sends
 * (RFC 3264 §6.1).
 */
export function acceptAnswer(
  offer: SessionDescription,
  answer: SessionDescription,
  { codecs, history }: Pick<LocalMedia, "codecs" | "history">,
): Accepted {
  const place = offer.media.findIndex(isUsable);
  const offered = offer.media[place];
  const answered = answer.media[place];
  if (offered === undefined || answered === undefined || answer.media.length !== offer.media.length)
    return refusal("answer has other streams than the offer");
  if (answered.port === 0) return refusal("stream refused");
  const address = addressOf(answer, answered);
  if (address === undefined) return refusal("no address that we can reach");
  const ours = payloadFormats(offered);
  const theirs = payloadFormats(answered, ours);
  const match = isUsable(answered) ? matchOf(ours, theirs, codecs) : undefined;
  if (match === undefined) return refusal("no common codec");
  const { own, format, codec } = match;
  const others = theirs.flatMap((other) => {
    const name = other === format ? undefined : codecOf(other, codecs);
    const known = name === undefined || name === codec ? undefined : ours.find((candidate) => codecOf(candidate, codecs) === name);
    return name === undefined || known === undefined ? [] : [{ codec: name, payloadType: known.payloadType }];
  });
  const shared = theirs.filter((other) => ours.some((candidate) => isEventAt(other.clockRateHz, candidate)));
  const event =
    codec === undefined ? shared.find((other) => isEventAt(format.clockRateHz, other)) : eventsBeside(format.clockRateHz, shared);
  const ownEvent = event && ours.find((other) => isEventAt(event.clockRateHz, other));
  const hasNoise = mayHaveComfortNoise(codec) && ours.some(isComfortNoise);
  const noise = hasNoise ? theirs.find(isComfortNoise) : undefined;
  const opus = codec === "opus" ? opusWishes(format.fmtp) : undefined;
  const rtcpMux = hasRtcpMux(offered) && hasRtcpMux(answered);
  const unsaidMs = ptimeOf(offered) ?? usualPtimeMs;
  const payloadTypes = meanings(history, [...ours, ...theirs]);
  const next = payloadTypes === undefined ? history : { ...history, payloadTypes };
  return {
    ok: true,
    negotiated: {
      ...(codec === undefined ? { relayed: format } : { codec }),
      ...(codec !== undefined && others.length > 0 && { alsoReceives: others }),
      payloadType: format.payloadType,
      receivePayloadType: own.payloadType,
      telephoneEvent: event && ownEvent && eventBetween(event, ownEvent, format),
      ...(noise && { comfortNoise: noise.payloadType }),
      ...(opus && { opus }),
      ...remoteSide(address, answered, rtcpMux),
      direction: agreedDirection(mediaDirection(offer, offered), mediaDirection(answer, answered)),
      ptimeMs: codec === undefined ? (ptimeOf(answered) ?? unsaidMs) : packetMs(codec, answered, unsaidMs),
      ...(next && { history: next }),
    },
  };
}

type Match = { readonly own: PayloadFormat; readonly format: PayloadFormat; readonly codec: CodecName | undefined };

function matchOf(ours: readonly PayloadFormat[], theirs: readonly PayloadFormat[], codecs: readonly CodecName[]): Match | undefined {
  for (const format of theirs) {
    const isOurs = (own: PayloadFormat) => isSameFormat(own, format) && (codecOf(own, codecs) !== undefined || isRelayable(own, codecs));
    const own = ours.find((other) => other.payloadType === format.payloadType && isOurs(other)) ?? ours.find(isOurs);
    if (own !== undefined) return { own, format, codec: codecOf(own, codecs) };
  }
  return undefined;
}
