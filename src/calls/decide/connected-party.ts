/** The parties that commands are about. */
import { callRefusal } from "../errors.ts";
import type { Address, Bridge, Call, Party, Seat } from "../model.ts";
import { answeredLegOf, partiesPresent, seatOf } from "../parts.ts";

export type ConnectedParty = { readonly party: Party; readonly bridge: Bridge; readonly seat: Seat };

/** Throws CALL_ENDED, CALL_PARTY_UNKNOWN, or CALL_STATE_FORBIDS when the party has not answered. */
export function connectedParty(call: Call, partyId: string): ConnectedParty {
  if (call.endedAt !== undefined) throw callRefusal("CALL_ENDED", { callId: call.id });
  const party = call.parties[partyId];
  const place = party?.leftAt === undefined ? seatOf(call, partyId) : undefined;
  if (party === undefined || place === undefined) throw callRefusal("CALL_PARTY_UNKNOWN", { partyId });
  if (place.seat.state !== "active" && place.seat.state !== "held")
    throw callRefusal("CALL_STATE_FORBIDS", { reason: "This party has not answered." });
  return { party, ...place };
}

/** Whom a command brings in. Throws CALL_DESTINATION_UNKNOWN, or CALL_STATE_FORBIDS for somebody who is there already or a talk that is not decoded here. */
export function newcomer(call: Call, address: Address | undefined, to: string): Address {
  if (address === undefined) throw callRefusal("CALL_DESTINATION_UNKNOWN", { to });
  if (partiesPresent(call).some((party) => isSameUser(party.address, address)))
    throw callRefusal("CALL_STATE_FORBIDS", { reason: "They are in this call already." });
  if (partiesPresent(call).some(({ id }) => answeredLegOf(call, id)?.media?.relayed !== undefined))
    throw callRefusal("CALL_STATE_FORBIDS", { reason: "The two speak a codec that only they know; nobody else can be in the talk." });
  return address;
}

export function isSameUser(one: Address, other: Address): boolean {
  return one.kind === "user" && other.kind === "user" && one.userId === other.userId;
}
