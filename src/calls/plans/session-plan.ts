/** What session a leg should have, as a function of its call's state (RFC 3264). */
import type { Call, Leg, MediaDirection } from "../model.ts";
import { seatOf } from "../parts.ts";

/** A held party hears music and is not listened to. */
export function wantedDirection(call: Call, leg: Leg): MediaDirection {
  return seatOf(call, leg.partyId)?.seat.state === "held" ? "sendonly" : "sendrecv";
}

/** The direction to offer now, or undefined when what was agreed on is what is wanted, or the peer would not have it. A new port must be offered too. */
export function directionToOffer(call: Call, leg: Leg): MediaDirection | undefined {
  if (leg.state !== "answered" || !leg.acknowledged || leg.media === undefined) return undefined;
  const wanted = wantedDirection(call, leg);
  const isAgreed = wanted === leg.media.stated && leg.moved === undefined;
  return isAgreed || wanted === leg.refused ? undefined : wanted;
}
