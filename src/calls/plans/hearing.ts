/**
 * Who hears whom in a bridge: the routing matrix, as a function of its seats.
 *
 *   listener \ speaker      in the talk, or barging   listening   coaching
 *   in the talk, barging     heard                     -           by the agent alone
 *   listening, coaching      heard                     -           -
 *   deaf                     -                         -           -
 *
 * Who is muted or not active is heard by nobody, and nobody hears themself. A plan has the whole matrix, so it changes at once.
 */
import type { Bridge, Call, Leg, Seat } from "../model.ts";

/** A seat whose voice goes somewhere, and the leg it comes by. */
export type Speaker = { readonly seat: Seat; readonly leg: Leg };

/** All who may be heard. Worked out once for a bridge: a conference of 100 would else look 10,000 times through its legs. */
export function speakersOf(call: Call, bridge: Bridge): readonly Speaker[] {
  const speakers: Speaker[] = [];
  for (const id in call.legs) {
    const leg = call.legs[id];
    const seat = leg?.state === "answered" ? bridge.seats[leg.partyId] : undefined;
    if (leg !== undefined && seat?.state === "active" && seat.muted !== true && seat.supervises?.mode !== "listen")
      speakers.push({ seat, leg });
  }
  return speakers;
}

/** `speaker` is one of `speakersOf`. */
export function hears(listener: Seat, { seat: { partyId, supervises } }: Speaker): boolean {
  if (listener.deaf === true || listener.partyId === partyId) return false;
  return supervises?.mode !== "coach" || supervises.partyId === listener.partyId;
}
