/** Looking things up in a call. Loops rather than chains over `Object.values`: some of these run a hundred times in a plain call. */
import type { Bridge, Call, Leg, Party, PlayingPrompt, Seat } from "./model.ts";

export function mainBridge(call: Call): Bridge {
  for (const id in call.bridges) {
    const bridge = call.bridges[id];
    if (bridge?.kind === "main") return bridge;
  }
  throw new Error("A call has a main bridge from its first event");
}

export function partiesPresent(call: Call): readonly Party[] {
  const present: Party[] = [];
  for (const id in call.parties) {
    const party = call.parties[id];
    if (party !== undefined && party.leftAt === undefined) present.push(party);
  }
  return present;
}

export function liveLegsOf(call: Call, partyId: string): readonly Leg[] {
  const live: Leg[] = [];
  for (const id in call.legs) {
    const leg = call.legs[id];
    if (leg?.partyId === partyId && leg.state !== "ended") live.push(leg);
  }
  return live;
}

/** The one leg through which a party talks. */
export function answeredLegOf(call: Call, partyId: string): Leg | undefined {
  for (const id in call.legs) {
    const leg = call.legs[id];
    if (leg?.partyId === partyId && leg.state === "answered") return leg;
  }
  return undefined;
}

/** The leg through which a party that has not answered is heard: of several, the one that spoke up last. */
export function earlyLegOf(call: Call, partyId: string): Leg | undefined {
  let latest: Leg | undefined;
  for (const id in call.legs) {
    const leg = call.legs[id];
    if (leg?.partyId !== partyId || leg.direction === "inbound" || leg.state === "ended" || leg.early?.media === undefined) continue;
    if (leg.early.at >= (latest?.early?.at ?? 0)) latest = leg;
  }
  return latest;
}

/** The seat in which a party is now: the one that talks, else the one that is held or waits. */
export function seatOf(call: Call, partyId: string): { readonly bridge: Bridge; readonly seat: Seat } | undefined {
  let found: { readonly bridge: Bridge; readonly seat: Seat } | undefined;
  for (const id in call.bridges) {
    const bridge = call.bridges[id];
    const seat = bridge?.seats[partyId];
    if (bridge === undefined || seat === undefined || seat.state === "left") continue;
    if (seat.state === "active") return { bridge, seat };
    found ??= { bridge, seat };
  }
  return found;
}

/** Who passed the call on, as far as it may be shown; the latest first. */
export function shownDiversions(call: Call): readonly { readonly number: string; readonly reason: string; readonly count: number }[] {
  return (call.diversions ?? []).flatMap(({ by, reason, count, isPrivate }) => (isPrivate === true ? [] : { number: by, reason, count }));
}

/** What was kept of the latest answer to a party, of any of its legs. */
export function answerHeadersOf(call: Call, partyId: string): Readonly<Record<string, string>> | undefined {
  const own = Object.values(call.legs).filter((leg) => leg.partyId === partyId);
  return (own.find(({ answeredAt }) => answeredAt !== undefined) ?? own.findLast(({ headers }) => headers !== undefined))?.headers;
}

/** How much of a prompt was heard by the clock, in milliseconds of the whole. During a hold it stands still. */
export function positionOf({ isPaused, offsetMs, begunAt }: PlayingPrompt, at: number, isHeld = false): number {
  return isPaused === true || isHeld ? offsetMs : offsetMs + Math.max(0, at - begunAt);
}

/** Hears the talk for somebody's sake, and is not in it. */
export function isObserver({ supervises }: Seat): boolean {
  return supervises !== undefined && supervises.mode !== "barge";
}

/** Who is in the talk, or on the way into it: everybody present but those who only supervise. */
export function membersPresent(call: Call): readonly Party[] {
  return partiesPresent(call).filter((party) => isMember(call, party));
}

export function isMember(call: Call, { id }: Party): boolean {
  const seat = seatOf(call, id)?.seat;
  return seat === undefined || !isObserver(seat);
}

/** More than two are connected, so that nobody's leaving is the end of it. */
export function isConference(call: Call): boolean {
  return membersPresent(call).filter(({ id }) => answeredLegOf(call, id) !== undefined).length > 2;
}

/** Nothing can happen to this call any more, and no far end is owed a request. */
export function isOver(call: Call): boolean {
  if (call.endedAt === undefined) return false;
  for (const id in call.legs) if (call.legs[id]?.owes !== null) return false;
  return true;
}

/** The name the engine knows a part of a recording by. */
export function partOf(recordingId: string, part: number): string {
  return part === 1 ? recordingId : `${recordingId}-${part}`;
}
