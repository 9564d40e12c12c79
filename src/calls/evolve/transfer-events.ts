import type { Call, Leg, Seat } from "../model.ts";
import type { TransferEvent } from "../transfer-events.ts";
import type { EventOf } from "../events.ts";
import type { Evolutions } from "./evolutions.ts";
import { changeValue, mapValues, putValue, without } from "./records.ts";
import { changeParty, changeSeatsOf, listenedAnew, settleSeat } from "./seat-events.ts";

export const evolveTransfer: Evolutions<TransferEvent["kind"]> = {
  "leg.referred": (call, { legId, referId, event, notifies }) =>
    changeLeg(call, legId, (leg) => ({ ...leg, referral: { referId, event, notifies, status: 100, told: !notifies } })),
  "leg.referral-progressed": (call, { legId, status }) =>
    changeLeg(call, legId, (leg) => (leg.referral === undefined ? leg : { ...leg, referral: { ...leg.referral, status } })),
  "leg.referral-told": (call, { legId }) =>
    changeLeg(call, legId, (leg) => (leg.referral === undefined ? leg : { ...leg, referral: { ...leg.referral, told: true } })),
  "transfer.begun": (call, { partyId, transferId, legId, remainingId, targetId }) =>
    changeParty(call, partyId, (party) => ({ ...party, transfer: { transferId, legId, remainingId, targetId } })),
  "transfer.ended": (call, { partyId, transferId }) =>
    changeParty(call, partyId, (party) => (party.transfer?.transferId === transferId ? without(party, "transfer") : party)),
  "parties.moved": (call, event) => (call.id === event.from ? withoutMoved(call, event) : withMoved(call, event)),
  "party.replaced": (call, { partyId, by }) => {
    const replaced = call.parties[partyId];
    if (replaced === undefined) return call;
    const { by: standsBy, dialId } = replaced;
    const parties = mapValues(call.parties, (party) => (party.by === partyId ? { ...party, by } : party));
    const placed = changeValue(parties, by, (party) => ({
      ...without(party, "by", "dialId"),
      ...(standsBy !== undefined && { by: standsBy }),
      ...(dialId !== undefined && { dialId }),
    }));
    const bridges = mapValues(call.bridges, (bridge) => ({
      ...bridge,
      seats: mapValues(bridge.seats, (seat) => supervising(seat, partyId, by)),
    }));
    return { ...call, bridges, parties: changeValue(placed, partyId, (party) => without(party, "by", "dialId")) };
  },
  "refer.begun": (call, { legId, referId, to, by, at }) =>
    changeLeg(call, legId, (leg) => ({ ...leg, refer: { referId, to, by, begunAt: at, accepted: false } })),
  "refer.accepted": (call, { legId, referId }) =>
    changeLeg(call, legId, (leg) => (leg.refer?.referId === referId ? { ...leg, refer: { ...leg.refer, accepted: true } } : leg)),
  "refer.ended": (call, { legId, referId }) =>
    changeLeg(call, legId, (leg) => (leg.refer?.referId === referId ? without(leg, "refer") : leg)),
};

/** Whoever supervised the one supervises who came in that place. */
function supervising(seat: Seat, partyId: string, by: string): Seat {
  return seat.supervises?.partyId === partyId ? { ...seat, supervises: { ...seat.supervises, partyId: by } } : seat;
}

/** Who went is still seen here as having left; the legs are in the other call. */
function withoutMoved(call: Call, { at, to, parties, outcome }: EventOf<"parties.moved">): Call {
  const gone = new Set(parties.flatMap(({ legs }) => legs.map(({ id }) => id)));
  const legs: Record<string, Leg> = Object.create(null) as Record<string, Leg>;
  for (const leg of Object.values(call.legs)) if (!gone.has(leg.id)) legs[leg.id] = leg;
  let left: Call = { ...call, legs, absorbedBy: to };
  for (const { party } of parties) {
    left = changeParty(left, party.id, (known) => ({
      ...without(
        known,
        "by",
        "dialId",
        "script",
        "prompt",
        "announcement",
        "recordings",
        "requests",
        "digitsToSend",
        "detection",
        "transfer",
      ),
      leftAt: at,
      outcome,
    }));
    left = changeSeatsOf(left, party.id, (seat) => settleSeat(seat, "left", at));
  }
  return left;
}

function withMoved(call: Call, { bridgeId, from, parties }: EventOf<"parties.moved">): Call {
  let joined: Call = { ...call, absorbed: [...(call.absorbed ?? []), from] };
  for (const { party: moved, legs, seat } of parties) {
    const { recording, ...party } = moved;
    if (recording !== undefined) Object.assign(party, { recordings: [{ ...recording, visitId: recording.recordingId }] });
    joined = {
      ...joined,
      parties: putValue(joined.parties, party.id, party),
      legs: legs.reduce((all, leg) => putValue(all, leg.id, listenedAnew(leg)), joined.legs),
      bridges: changeValue(joined.bridges, bridgeId, (bridge) => ({ ...bridge, seats: putValue(bridge.seats, party.id, seat) })),
    };
  }
  return joined;
}

function changeLeg(call: Call, legId: string, change: (leg: Leg) => Leg): Call {
  return { ...call, legs: changeValue(call.legs, legId, change) };
}
