/** How legs, parties and calls end. */
import type { Leg, LegDebt, Outcome, Party } from "../model.ts";
import { outcomes } from "../outcome.ts";
import { answerHeadersOf, liveLegsOf, membersPresent, partiesPresent } from "../parts.ts";
import type { ScriptEvent } from "../script.ts";
import { heirOf, idleObservers, leftAlone, observerOutcome, standTogether } from "./membership.ts";
import { qualityAtEnd } from "./quality.ts";
import { endRecordings } from "./recording.ts";
import type { Step } from "./step.ts";
import { failureStatus, targetLeft, transferorLeaves } from "./transfer/progress.ts";

/** Ends a leg; `owes` says what its far end must still be told. */
export function endLeg(step: Step, leg: Leg, outcome: Outcome, owes?: LegDebt, headers?: Leg["headers"]): void {
  const facts = { ...(owes && { owes }), ...(headers && { headers }), ...qualityAtEnd(step, leg) };
  step.emit({ kind: "leg.ended", at: step.now, legId: leg.id, outcome, ...facts });
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
  endRecordings(step, party);
  for (const leg of liveLegsOf(step.call, partyId)) endLeg(step, leg, outcome, debtOf(leg, outcome));
  step.emit({ kind: "party.left", at: step.now, partyId, outcome });
  const staysTalk = targetLeft(step, partyId, failureStatus(outcome));
  if (!staysTalk && step.call.endingSince === undefined) followLeft(step, step.call.parties[partyId] ?? party, outcome);
  settleCall(step, partyId, outcome);
}

/** A dial step's script goes on; a plain dialled call stands on both its parties. */
function followLeft(step: Step, party: Party, outcome: Outcome): void {
  const { by, dialId } = party;
  if (by === undefined) return;
  if (dialId === undefined) {
    if (party.isAdded !== true) partyLeft(step, by, outcome);
    return;
  }
  const heir = heirOf(step.call, party);
  if (heir === undefined) step.tell(by, dialEnded(step, party, dialId, outcome));
  else step.emit({ kind: "party.reparented", at: step.now, partyId: heir.id, by, dialId });
}

/** A call whose parties that hold it up have gone is over: those that were only dialled in leave with it. */
function settleCall(step: Step, lastLeft: string, outcome: Outcome): void {
  if (step.call.endedAt !== undefined) return;
  if (partiesPresent(step.call).length === 0) {
    endCall(step, firstOutcome(step, lastLeft, outcome));
    return;
  }
  standTogether(step);
  const dialled = partiesPresent(step.call).find(({ by }) => by !== undefined && step.call.parties[by]?.leftAt !== undefined);
  // When all are being taken out, each leaves with its own outcome.
  const next = dialled ?? (step.call.endingSince === undefined ? leftAlone(step.call) : undefined);
  if (next !== undefined) {
    partyLeft(step, next.id, following(outcome, next));
    return;
  }
  const [observer] = idleObservers(step.call, membersPresent(step.call).length === 0);
  if (observer !== undefined) partyLeft(step, observer.id, observerOutcome(observer));
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
