/**
 * Which messages are a call's. A Call-ID alone does not tell: a peer may use one twice, for calls of different accounts. In the messages
 * of a leg that we invited our tag is always the same, in those of a leg that invited us the peer's is (RFC 3261 §12.2, §8.1.1.3).
 */
import { readTraced, sidesOf, type TracedMessage } from "../../sip/index.ts";
import type { Call, Leg } from "../model.ts";
import { invitedBy } from "../signaling/leg-names.ts";

export type LegMessage = TracedMessage & { readonly legId: string };

/** Of all legs the call has or had, in order of time. `find` gives what is remembered of a Call-ID. */
export function messagesOf(call: Call, secret: Uint8Array, find: (callId: string) => readonly TracedMessage[]): readonly LegMessage[] {
  return Object.values(call.legs)
    .flatMap((leg) => ofLeg(leg, secret, find))
    .toSorted((a, b) => a.order - b.order);
}

function ofLeg(leg: Leg, secret: Uint8Array, find: (callId: string) => readonly TracedMessage[]): readonly LegMessage[] {
  const ours = leg.direction === "outbound" ? invitedBy(secret, leg.id) : undefined;
  const callId = ours?.callId ?? leg.invitedAs?.callId;
  if (callId === undefined) return [];
  return find(callId).flatMap((traced) => {
    const message = readTraced(traced);
    if (message === undefined) return [];
    const { local, remote } = sidesOf(message, traced.direction);
    const isOfLeg = ours === undefined ? (remote ?? "") === leg.invitedAs?.tag : local === ours.localTag;
    return isOfLeg ? [{ ...traced, legId: leg.id }] : [];
  });
}
