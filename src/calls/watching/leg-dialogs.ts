/** The legs of a phone as the dialogs that its watchers see (RFC 4235). Pure: the same call gives the same dialogs. */
import type { DialogEnd, WatchedDialog, WatchedDialogState } from "../../sip/index.ts";
import type { Call, Leg } from "../model.ts";
import { isObserver, membersPresent, seatOf } from "../parts.ts";
import { invitedBy } from "../signaling/leg-names.ts";

export type LegDialogContext = {
  readonly secret: Uint8Array;
  /** URI and name of who is watched. */
  readonly identity: string;
  readonly display: string | undefined;
  /** The tag that a phone which rings has given its early dialog. */
  earlyTagOf(legId: string): string | undefined;
};

/** §3.7.1. Of a leg whose INVITE we sent, the phone is the recipient. */
const states: Readonly<Record<Leg["state"], WatchedDialogState>> = {
  inviting: "trying",
  ringing: "early",
  answered: "confirmed",
  ended: "terminated",
};

export function dialogOfLeg(call: Call, leg: Leg, context: LegDialogContext): WatchedDialog {
  const { secret, identity, display } = context;
  const ours = invitedBy(secret, leg.id);
  const isCalled = leg.direction === "outbound";
  const state = states[leg.state];
  return {
    id: leg.id,
    callId: isCalled ? ours.callId : (leg.invitedAs?.callId ?? leg.dialog?.callId),
    localTag: leg.dialog?.remoteTag ?? leg.invitedAs?.tag ?? context.earlyTagOf(leg.id),
    remoteTag: ours.localTag,
    direction: isCalled ? "recipient" : "initiator",
    state,
    ...(state === "terminated" && { end: endOf(leg), code: leg.outcome?.sipStatus }),
    local: { identity, display, ...(state === "confirmed" && { target: identity, isRendering: !isHeld(call, leg) }) },
    remote: { identity: isCalled ? leg.route.fromUri : leg.route.toUri, display: otherName(call, leg) },
  };
}

/** The phone holds, or is held: by SIP, or by a command. */
function isHeld(call: Call, leg: Leg): boolean {
  if ((leg.media?.direction ?? "sendrecv") !== "sendrecv") return true;
  const place = seatOf(call, leg.partyId);
  if (place === undefined) return false;
  const others = Object.values(place.bridge.seats).filter(
    (seat) => seat.partyId !== leg.partyId && seat.state !== "left" && !isObserver(seat),
  );
  return place.seat.state === "held" || (others.length > 0 && others.every(({ state }) => state === "held"));
}

/** The side `remote` of an outcome is the phone: what it did is local to its watchers. */
function endOf({ direction, outcome }: Leg): DialogEnd {
  if (outcome === undefined) return "error";
  const { result, side, sipStatus } = outcome;
  if (result === "completed") return side === "remote" ? "local-bye" : "remote-bye";
  if (result === "cancelled") return "cancelled";
  if (side === "network") return sipStatus === 408 ? "timeout" : "error";
  // A phone that we stopped ringing was cancelled; one whose call led nowhere was rejected.
  if (side === "local" && direction === "outbound") return "cancelled";
  return result === "failed" && sipStatus === undefined ? "error" : "rejected";
}

/** Whom the phone talks with, when that is one user whose name is known. */
function otherName(call: Call, leg: Leg): string | undefined {
  const others = membersPresent(call).filter(({ id }) => id !== leg.partyId);
  const [other] = others;
  return others.length === 1 && other?.address.kind === "user" ? other.address.name : undefined;
}
