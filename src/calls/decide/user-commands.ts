/** What a user may do to a call through the party that is theirs. */
import { isDeepStrictEqual } from "node:util";
import { callRefusal } from "../errors.ts";
import type { Call, Party } from "../model.ts";
import { outcomes } from "../outcome.ts";
import { answeredLegOf, isConference, isMember, liveLegsOf, membersPresent, partiesPresent, seatOf } from "../parts.ts";
import { requireFitting } from "../user-data.ts";
import { sendDigits } from "./digits.ts";
import { debtOf, endLeg, partyLeft } from "./ending.ts";
import type { CommandDecisions } from "./command-decisions.ts";
import { connectedParty, isSameUser } from "./connected-party.ts";
import { setMuted } from "./seats.ts";
import { dial, ring } from "./set-up.ts";
import type { Step } from "./step.ts";

export const userDecisions: CommandDecisions<"leave" | "answer" | "mute" | "unmute" | "send-digits" | "transfer" | "set-user-data"> = {
  leave(step, { by }) {
    const party = partyOfUser(step.call, by);
    const unanswered = party.by === undefined ? outcomes.cancelled() : outcomes.declined();
    partyLeft(step, party.id, party.answeredAt === undefined ? unanswered : outcomes.completedBy("local"));
  },

  // A SIP phone cannot be made to pick up: it is rung once more and asked to answer by itself.
  answer(step, { by }) {
    const party = partyOfUser(step.call, by);
    const ringing = liveLegsOf(step.call, party.id).filter(({ state, direction }) => state !== "answered" && direction === "outbound");
    if (ringing.length === 0) throw callRefusal("CALL_STATE_FORBIDS", { reason: "The call is not ringing at this user." });
    if (ringing.every(({ route }) => route.autoAnswer === true)) return;
    ring(
      step,
      party.id,
      ringing.map(({ route }) => ({ ...route, autoAnswer: true })),
      ringing[0] ?? {},
    );
    // Without a port for the new leg the old ones go on ringing.
    if (liveLegsOf(step.call, party.id).length === ringing.length) {
      throw callRefusal("CALLS_UNAVAILABLE", { reason: outcomes.noPorts().text });
    }
    for (const leg of ringing) endLeg(step, leg, outcomes.cancelled(), debtOf(leg, outcomes.cancelled()));
  },

  mute: (step, { by }) => muted(step, by, true),
  unmute: (step, { by }) => muted(step, by, false),

  "send-digits"(step, { by, digits }) {
    if (!/^[0-9A-D*#]{1,64}$/i.test(digits)) throw callRefusal("CALL_DIGITS_INVALID", { digits: digits.length });
    const own = partyOfUser(step.call, by);
    // Who is on hold hears nothing of the talk, tones neither; nor does anybody hear who is held. Who only listens has no part in it.
    const others = isTalking(step.call, own)
      ? membersPresent(step.call).filter((other) => other !== own && isTalking(step.call, other))
      : [];
    if (others.length === 0) throw callRefusal("CALL_STATE_FORBIDS", { reason: "The user talks to nobody now." });
    if (others.some(({ digitsToSend }) => digitsToSend !== undefined)) {
      throw callRefusal("CALL_STATE_FORBIDS", { reason: "Earlier digits are still being sent." });
    }
    const digitsId = step.around.nextId();
    for (const { id } of others) sendDigits(step, id, digitsId, digits.toUpperCase());
  },

  transfer(step, { by, to, callerId }) {
    const own = partyOfUser(step.call, by);
    const remaining = membersPresent(step.call).find(({ id }) => id !== own.id && answeredLegOf(step.call, id) !== undefined);
    if (remaining === undefined || answeredLegOf(step.call, own.id) === undefined) {
      throw callRefusal("CALL_STATE_FORBIDS", { reason: "Both sides must be connected." });
    }
    if (isConference(step.call) || !isMember(step.call, own))
      throw callRefusal("CALL_STATE_FORBIDS", { reason: "The user does not talk to one other party." });
    const destination = step.around.destination(step.call.accountId, to);
    if (destination === undefined) throw callRefusal("CALL_DESTINATION_UNKNOWN", { to });
    if (partiesPresent(step.call).some(({ address }) => isSameUser(address, destination))) {
      throw callRefusal("CALL_STATE_FORBIDS", { reason: "The destination is in this call already." });
    }
    // Who remains is heard again, stands by itself, and the user who transfers takes nobody along.
    const place = seatOf(step.call, remaining.id);
    if (place?.seat.state === "held") step.emit({ kind: "seat.retrieved", at: step.now, bridgeId: place.bridge.id, partyId: remaining.id });
    const { dialId } = own;
    for (const { id, by: standsBy } of [remaining, own]) {
      if (standsBy !== undefined) step.emit({ kind: "party.reparented", at: step.now, partyId: id, by: null });
    }
    dial(step, {
      role: "callee",
      address: destination,
      callerId: callerId ?? step.call.from,
      ringMs: step.call.limits.ringMs,
      by: remaining.id,
      // A flow that dialled this user goes on when the one in their place leaves.
      ...(dialId !== undefined && own.by === remaining.id && { dialId }),
    });
    partyLeft(step, own.id, outcomes.transferred());
  },

  "set-user-data"(step, { by, set, clear = false }) {
    if (step.call.endedAt !== undefined) throw callRefusal("CALL_ENDED", { callId: step.call.id });
    const { userData } = step.call;
    const next = Object.fromEntries(Object.entries({ ...(clear ? {} : userData), ...set }).filter(([, value]) => value !== null));
    requireFitting(next);
    if (!isDeepStrictEqual(next, userData)) step.emit({ kind: "user-data.changed", at: step.now, by, clear, set });
  },
};

function muted(step: Step, by: string, isMuted: boolean): void {
  setMuted(step, connectedParty(step.call, partyOfUser(step.call, by).id), isMuted);
}

function isTalking(call: Call, party: Party): boolean {
  return answeredLegOf(call, party.id) !== undefined && seatOf(call, party.id)?.seat.state === "active" && isMember(call, party);
}

/** The party that is this user now. Throws CALL_ENDED or CALL_NOT_A_PARTY. */
function partyOfUser(call: Call, userId: string): Party {
  if (call.endedAt !== undefined) throw callRefusal("CALL_ENDED", { callId: call.id });
  const party = partiesPresent(call).find(({ address }) => address.kind === "user" && address.userId === userId);
  if (party === undefined) throw callRefusal("CALL_NOT_A_PARTY", { callId: call.id });
  return party;
}
