import { agreedDirection, mediaDirection } from "../attribute/direction.ts";
import { ptimeOf, usualPtimeMs } from "../attribute/packet-time.ts";
import { type PayloadFormat, payloadFormats } from "../attribute/payload-format.ts";
import { hasRtcpMux } from "../attribute/rtcp.ts";
import { addressOf, type SessionDescription } from "../description/session-description.ts";
import { codecOf, isEventAt, isRelayable, isSameFormat } from "./codec.ts";
import { type Accepted, refusal, type SessionHistory } from "./session-sides.ts";
import { isUsable, meanings, remoteSide } from "./stream.ts";

/**
 * Reads the answer to an offer that `createOffer` made with `history`. Of several codecs in it the first is the one the peer likes best, and sends
 * (RFC 3264 §6.1).
 */
export function acceptAnswer(offer: SessionDescription, answer: SessionDescription, history?: SessionHistory): Accepted {
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
  const match = isUsable(answered) ? matchOf(ours, theirs) : undefined;
  if (match === undefined) return refusal("no common codec");
  const { own, format } = match;
  const codec = codecOf(own);
  const others = theirs.flatMap((other) => {
    const name = other === format ? undefined : codecOf(other);
    const known = name === undefined || name === codec ? undefined : ours.find((candidate) => codecOf(candidate) === name);
    return name === undefined || known === undefined ? [] : [{ codec: name, payloadType: known.payloadType }];
  });
  const event = theirs.find((other) => isEventAt(format.clockRateHz, other));
  const ownEvent = ours.find((other) => isEventAt(format.clockRateHz, other));
  const rtcpMux = hasRtcpMux(offered) && hasRtcpMux(answered);
  const payloadTypes = meanings(history, [...ours, ...theirs]);
  const next = payloadTypes === undefined ? history : { ...history, payloadTypes };
  return {
    ok: true,
    negotiated: {
      ...(codec === undefined ? { relayed: format } : { codec }),
      ...(codec !== undefined && others.length > 0 && { alsoReceives: others }),
      payloadType: format.payloadType,
      receivePayloadType: own.payloadType,
      telephoneEvent: event && ownEvent && { payloadType: event.payloadType, receivePayloadType: ownEvent.payloadType },
      ...remoteSide(address, answered, rtcpMux, ptimeOf(offered) ?? usualPtimeMs),
      direction: agreedDirection(mediaDirection(offer, offered), mediaDirection(answer, answered)),
      ...(next && { history: next }),
    },
  };
}

function matchOf(ours: readonly PayloadFormat[], theirs: readonly PayloadFormat[]) {
  for (const format of theirs) {
    const isOurs = (own: PayloadFormat) => isSameFormat(own, format) && (codecOf(own) !== undefined || isRelayable(own));
    const own = ours.find((other) => other.payloadType === format.payloadType && isOurs(other)) ?? ours.find(isOurs);
    if (own !== undefined) return { own, format };
  }
  return undefined;
}
