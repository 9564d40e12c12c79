/** How legs, parties and calls end. */
import type { Leg, LegDebt, Outcome, Party } from "../model.ts";
import { outcomes } from "../outcome.ts";
import { answerHeadersOf, liveLegsOf, partiesPresent } from "../parts.ts";
import type { ScriptEvent } from "../script.ts";
import type { Step } from "./step.ts";
import { failureStatus, targetLeft, transferorLeaves } from "./transfer/progress.ts";

/** Ends a leg; `owes` says what its far end must still be told. */
export function endLeg(step: Step, leg: Leg, outcome: Outcome, owes?: LegDebt, headers?: Leg["headers"]): void {
  step.emit({ kind: "leg.ended", at: step.now, legId: leg.id, outcome, ...(owes && { owes }), ...(headers && { headers }) });
}

/** What the far end of a living leg must be told when we end it. */
export function debtOf(leg: Leg, outcome: Outcome): LegDebt {
  if (leg.direction === "inbound" && leg.state !== "answered") {
    const { contacts, sipStatus } = outcome;
    if (contacts !== undefined && sipStatus !== undefined) return { kind: "reject", status: sipStatus, contacts };
    return { kind: "reject", status: failureStatus(outcome) };
  }
  return { kind: "end" };
}

/** A party leaves with all its legs, and what hung on it follows. */
export function partyLeft(step: Step, partyId: string, outcome: Outcome): void {
  const party = step.call.parties[partyId];
  if (party === undefined || party.leftAt !== undefined) return;
  transferorLeaves(step, party);
  for (const leg of liveLegsOf(step.call, partyId)) endLeg(step, leg, outcome, debtOf(leg, outcome));
  step.emit({ kind: "party.left", at: step.now, partyId, outcome });
  const staysTalk = targetLeft(step, partyId, failureStatus(outcome));
  if (!staysTalk && step.call.endingSince === undefined) followLeft(step, step.call.parties[partyId] ?? party, outcome);
  settleCall(step, partyId, outcome);
}

/** A dial step's script goes on; a plain dialled call stands on both its parties. */
function followLeft(step: Step, party: Party, outcome: Outcome): void {
  if (party.by === undefined) return;
  if (party.dialId !== undefined) step.tell(party.by, dialEnded(step, party, party.dialId, outcome));
  else partyLeft(step, party.by, outcome);
}

/** A call whose parties that hold it up have gone is over: those that were only dialled in leave with it. */
function settleCall(step: Step, lastLeft: string, outcome: Outcome): void {
  if (step.call.endedAt !== undefined) return;
  const present = partiesPresent(step.call);
  const dialled = present.filter((party) => party.by !== undefined && step.call.parties[party.by]?.leftAt !== undefined);
  const [next] = dialled;
  if (next !== undefined) {
    partyLeft(step, next.id, following(outcome, next));
    return;
  }
  if (present.length === 0) endCall(step, firstOutcome(step, lastLeft, outcome));
}

/** Who leaves because another did: the far end learns that one's cause (RFC 3326). */
function following({ q850, sipCause, reason }: Outcome, { answeredAt }: Party): Outcome {
  const own = answeredAt === undefined ? outcomes.cancelled() : outcomes.completedBy("local");
  return { ...own, q850, ...(sipCause !== undefined && { sipCause }), ...(reason !== undefined && { reason }) };
}

function dialEnded(step: Step, party: Party, dialId: string, outcome: Outcome): ScriptEvent {
  const talkedMs = party.answeredAt === undefined ? 0 : step.now - party.answeredAt;
  const headers = answerHeadersOf(step.call, party.id);
  return { kind: "dial-ended", dialId, outcome, answered: party.answeredAt !== undefined, talkedMs, ...(headers && { headers }) };
}

/** A call's outcome is that of the party it began with. */
function firstOutcome(step: Step, lastLeft: string, outcome: Outcome): Outcome {
  const [first] = Object.values(step.call.parties);
  return (first?.id === lastLeft ? outcome : first?.outcome) ?? outcome;
}

function endCall(step: Step, outcome: Outcome): void {
  if (step.call.endedAt === undefined) step.emit({ kind: "call.ended", at: step.now, outcome });
}

/** Everybody out. */
export function hangUpAll(step: Step, by: string, outcome?: Outcome): void {
  step.emit({ kind: "hang-up.requested", at: step.now, by });
  for (const party of partiesPresent(step.call)) {
    const answered = party.answeredAt !== undefined;
    partyLeft(step, party.id, outcome ?? (answered ? outcomes.completedBy("local") : outcomes.cancelled()));
  }
}
