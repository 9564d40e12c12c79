import type { Call, Leg, Party, Seat, SeatState } from "../model.ts";
import { positionOf } from "../parts.ts";
import type { Evolutions } from "./evolutions.ts";
import { changeValue, mapValues, without } from "./records.ts";

/** Moves a seat to `state` and books the time since its last change to the state it was in, so that the totals always add up. */
export function settleSeat(seat: Seat, state: SeatState, at: number): Seat {
  if (seat.state === "left" || seat.state === state) return seat;
  const spentMs = Math.max(0, at - seat.since);
  const booked = seat.state === "active" ? "activeMs" : seat.state === "held" ? "heldMs" : "waitedMs";
  return { ...seat, state, since: seat.since + spentMs, [booked]: seat[booked] + spentMs };
}

export function changeSeat(call: Call, bridgeId: string, partyId: string, change: (seat: Seat) => Seat): Call {
  return {
    ...call,
    bridges: changeValue(call.bridges, bridgeId, (bridge) => ({ ...bridge, seats: changeValue(bridge.seats, partyId, change) })),
  };
}

/** Every seat of one party, in whichever bridge. */
export function changeSeatsOf(call: Call, partyId: string, change: (seat: Seat) => Seat): Call {
  return Object.keys(call.bridges).reduce((next, bridgeId) => changeSeat(next, bridgeId, partyId, change), call);
}

export const evolveSeat: Evolutions<"seat.held" | "seat.retrieved" | "seat.muted"> = {
  "seat.held": (call, event) =>
    changeParty(
      changeSeat(withoutLoss(call, event.partyId), event.bridgeId, event.partyId, (seat) => ({
        ...settleSeat(seat, "held", event.at),
        heldBy: event.by,
        ...(event.reason !== undefined && { holdReason: event.reason }),
      })),
      event.partyId,
      (party) => paused(party, event.at),
    ),
  "seat.muted": (call, event) => changeSeat(call, event.bridgeId, event.partyId, (seat) => ({ ...seat, muted: event.muted })),
  "seat.retrieved": (call, event) => {
    const heldSince = call.bridges[event.bridgeId]?.seats[event.partyId]?.since ?? event.at;
    const seated = changeSeat(call, event.bridgeId, event.partyId, (seat) =>
      without(settleSeat(seat, "active", event.at), "heldBy", "holdReason"),
    );
    return changeParty(seated, event.partyId, (party) => continued(party, event.at, event.at - heldSince));
  },
};

export function changeParty(call: Call, partyId: string, change: (party: Party) => Party): Call {
  return { ...call, parties: changeValue(call.parties, partyId, change) };
}

/** Who is held is not listened to. */
function withoutLoss(call: Call, partyId: string): Call {
  const isLost = Object.values(call.legs).some((leg) => leg.partyId === partyId && leg.mediaLost !== undefined);
  return isLost ? { ...call, legs: mapValues(call.legs, (leg) => (leg.partyId === partyId ? listenedAnew(leg) : leg)) } : call;
}

/** Of an endpoint that begins again to wait for media. */
export function listenedAnew(leg: Leg): Leg {
  return leg.mediaLost === undefined ? leg : without(leg, "mediaLost");
}

/** A prompt stands still during a hold: what was heard so far counts. */
function paused(party: Party, at: number): Party {
  const { prompt } = party;
  return prompt ? { ...party, prompt: { ...prompt, offsetMs: positionOf(prompt, at), begunAt: at } } : party;
}

function continued(party: Party, at: number, heldMs: number): Party {
  const { prompt, script } = party;
  const wait = script?.wait;
  return {
    ...party,
    ...(prompt && { prompt: { ...prompt, begunAt: at, start: prompt.start + 1 } }),
    ...(script && wait?.deadlineAt !== undefined && { script: { ...script, wait: { ...wait, deadlineAt: wait.deadlineAt + heldMs } } }),
  };
}
