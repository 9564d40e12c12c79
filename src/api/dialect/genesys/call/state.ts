/**
 * What a user's place in a call is called here, and what can be done in it.
 *
 *     caller   Dialing ── somebody answered ─▶ Established ⇄ Held ─▶ Released
 *     others   Ringing ── the user answered ─▶ Established ⇄ Held ─▶ Released
 */
import type { Call, Party, Seat } from "../../../../calls/index.ts";

export const operationNames = [
  "Answer",
  "AttachUserData",
  "DeleteUserData",
  "DeleteUserDataPair",
  "Hangup",
  "Hold",
  "MuteCall",
  "Retrieve",
  "SendDtmf",
  "SingleStepTransfer",
  "UnmuteCall",
  "UpdateUserData",
] as const;
export type CallOperation = (typeof operationNames)[number];

export type CallState = "Dialing" | "Ringing" | "Established" | "Held" | "Released";

const userData = ["AttachUserData", "UpdateUserData", "DeleteUserData", "DeleteUserDataPair"] as const;

const operations: Readonly<Record<CallState, readonly CallOperation[]>> = {
  Dialing: ["SendDtmf", "DeleteUserData", "AttachUserData", "DeleteUserDataPair", "Hangup", "UpdateUserData"],
  Ringing: ["Answer", "UpdateUserData", "DeleteUserData", "DeleteUserDataPair", "AttachUserData"],
  Established: ["Hangup", "Hold", "SendDtmf", "SingleStepTransfer", "MuteCall", "UnmuteCall", ...userData],
  Held: ["Retrieve", "Hangup", "SingleStepTransfer", ...userData],
  Released: [],
};

/** The operations that are taken now, by name. */
export function capabilitiesOf(state: CallState, isMuted: boolean): readonly CallOperation[] {
  return operations[state].filter((name) => name !== (isMuted ? "MuteCall" : "UnmuteCall"));
}

/** The user's party: the one that is present, else the latest that was. */
export function partyOfUser(call: Call, userId: string): Party | undefined {
  const own = Object.values(call.parties).filter(({ address }) => address.kind === "user" && address.userId === userId);
  return own.find(({ leftAt }) => leftAt === undefined) ?? own.at(-1);
}

export function seatOf(call: Call, party: Party): Seat | undefined {
  const seats = Object.values(call.bridges).flatMap((bridge) => bridge.seats[party.id] ?? []);
  return seats.find(({ state }) => state !== "left") ?? seats.at(-1);
}

/** Everybody else: who is there now, or was when the user left. */
export function othersThan(call: Call, own: Party): readonly Party[] {
  const { leftAt: untilAt = Number.POSITIVE_INFINITY } = own;
  return Object.values(call.parties).filter(
    (party) =>
      party.id !== own.id &&
      party.joinedAt <= untilAt &&
      (party.leftAt === undefined || party.leftAt >= untilAt) &&
      !isMonitoring(call, party),
  );
}

/** Hears the talk for somebody's sake: no participant. */
export function isMonitoring(call: Call, party: Party): boolean {
  const mode = seatOf(call, party)?.supervises?.mode;
  return mode === "listen" || mode === "coach";
}

/** Somebody monitors this party now. */
export function isMonitored(call: Call, { id }: Party): boolean {
  return Object.values(call.parties).some((other) => {
    const seat = seatOf(call, other);
    return seat?.state === "active" && seat.supervises?.partyId === id && isMonitoring(call, other);
  });
}

export function stateOf(call: Call, own: Party): CallState {
  if (own.leftAt !== undefined) return "Released";
  if (isWaiting(call, own)) return own.role === "caller" ? "Dialing" : "Ringing";
  return isHolding(call, own) ? "Held" : "Established";
}

/** A caller's own phone is up before the other side is, so that it is the answer of somebody else that counts. */
function isWaiting(call: Call, own: Party): boolean {
  if (seatOf(call, own)?.state !== "active" && seatOf(call, own)?.state !== "held") return true;
  if (own.role !== "caller") return false;
  const others = Object.values(call.parties).filter((party) => party.id !== own.id && !isMonitoring(call, party));
  const isCallingSomebody = call.dial !== undefined || others.length > 0;
  return isCallingSomebody && others.every(({ answeredAt }) => answeredAt === undefined);
}

/** The others are on hold by the user, or by somebody outside the call, who holds everyone in it. */
function isHolding(call: Call, own: Party): boolean {
  const ownId = own.address.kind === "user" ? own.address.userId : undefined;
  return othersThan(call, own).some((other) => {
    const seat = seatOf(call, other);
    if (seat?.state !== "held" || seat.heldBy === undefined) return false;
    const holder = partyOfUser(call, seat.heldBy);
    return seat.heldBy === ownId || holder === undefined || holder.leftAt !== undefined;
  });
}
