/** Looking things up in a call. */
import type { Bridge, Call, Leg, Party, Seat } from "./model.ts";

export function mainBridge(call: Call): Bridge {
  const bridge = Object.values(call.bridges).find(({ kind }) => kind === "main");
  if (bridge === undefined) throw new Error("A call has a main bridge from its first event");
  return bridge;
}

export function partiesPresent(call: Call): readonly Party[] {
  return Object.values(call.parties).filter((party) => party.leftAt === undefined);
}

function legsOf(call: Call, partyId: string): readonly Leg[] {
  return Object.values(call.legs).filter((leg) => leg.partyId === partyId);
}

export function liveLegsOf(call: Call, partyId: string): readonly Leg[] {
  return legsOf(call, partyId).filter((leg) => leg.state !== "ended");
}

/** The one leg through which a party talks. */
export function answeredLegOf(call: Call, partyId: string): Leg | undefined {
  return legsOf(call, partyId).find((leg) => leg.state === "answered");
}

/** The seat in which a party is now: the one that talks, else the one that is held or waits. */
export function seatOf(call: Call, partyId: string): { readonly bridge: Bridge; readonly seat: Seat } | undefined {
  const seats = Object.values(call.bridges).flatMap((bridge) => {
    const seat = bridge.seats[partyId];
    return seat === undefined || seat.state === "left" ? [] : [{ bridge, seat }];
  });
  return seats.find(({ seat }) => seat.state === "active") ?? seats[0];
}

/** Who passed the call on, as far as it may be shown; the latest first. */
export function shownDiversions(call: Call): readonly { readonly number: string; readonly reason: string; readonly count: number }[] {
  return (call.diversions ?? []).flatMap(({ by, reason, count, isPrivate }) => (isPrivate === true ? [] : { number: by, reason, count }));
}

/** What was kept of the latest answer to a party, of any of its legs. */
export function answerHeadersOf(call: Call, partyId: string): Readonly<Record<string, string>> | undefined {
  const own = legsOf(call, partyId);
  return (own.find(({ answeredAt }) => answeredAt !== undefined) ?? own.findLast(({ headers }) => headers !== undefined))?.headers;
}

/** Nothing can happen to this call any more, and no far end is owed a request. */
export function isOver(call: Call): boolean {
  return call.endedAt !== undefined && Object.values(call.legs).every((leg) => leg.owes === null);
}

/** The name the engine knows a part of a recording by. */
export function partOf(recordingId: string, part: number): string {
  return part === 1 ? recordingId : `${recordingId}-${part}`;
}
