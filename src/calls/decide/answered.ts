/** What goes on when a party has answered: its flow, the next dialling, the caller who waited for it, the transfer to it. */
import type { Call, DialNext, Leg, ScriptPin } from "../model.ts";
import { outcomes } from "../outcome.ts";
import { answeredLegOf, liveLegsOf, seatOf } from "../parts.ts";
import { detect } from "./detection.ts";
import { partyLeft } from "./ending.ts";
import { joinedTalk, supervisorJoined } from "./membership.ts";
import { answerTowards } from "./relay.ts";
import { dial, startScript } from "./set-up.ts";
import type { Step } from "./step.ts";
import { targetAnswered } from "./transfer/referred.ts";

/** A party has an answered leg: what waited for that goes on. */
export function answered(step: Step, partyId: string): void {
  targetAnswered(step, partyId);
  const party = step.call.parties[partyId];
  if (party === undefined) return;
  if (seatOf(step.call, partyId)?.seat.supervises !== undefined) return supervisorJoined(step, partyId);
  if (party.isAdded === true) return joinedTalk(step);
  if (party.by === undefined) {
    // The call's flow is for whom it began with: once it ran, whoever stands alone by now does not get it.
    if (step.call.script !== undefined && !hasRun(step.call)) begin(step, partyId, step.call.script);
    if (step.call.dial !== undefined && Object.keys(step.call.parties).length === 1) dialNext(step, partyId, step.call.dial);
    return;
  }
  if (party.dialId !== undefined) {
    step.tell(party.by, { kind: "dial-answered", dialId: party.dialId });
    return;
  }
  for (const leg of liveLegsOf(step.call, party.by)) answerWaiting(step, leg, partyId);
}

function hasRun({ parties }: Call): boolean {
  return Object.values(parties).some(({ script }) => script !== undefined);
}

/** The flow begins, or first it is found out who answered. */
function begin(step: Step, partyId: string, pin: ScriptPin): void {
  if (step.call.detection === undefined) startScript(step, partyId, pin);
  else if (step.call.parties[partyId]?.detection === undefined) detect(step, partyId, step.call.detection.cutOffMs);
}

/** Click-to-dial: the user's own phone is up, now the other side. */
function dialNext(step: Step, by: string, { to, callerId }: DialNext): void {
  dial(step, { role: "callee", address: to, callerId, ringMs: step.call.limits.ringMs, by });
}

/** The caller of a plain dialled call is answered when the callee is; the SDP for it was settled when the call came in, but for a codec that is relayed. */
function answerWaiting(step: Step, leg: Leg, calleeId: string): void {
  if (leg.direction !== "inbound" || leg.state === "answered") return;
  const agreed = answeredLegOf(step.call, calleeId)?.media;
  if (agreed === undefined) return;
  // Media of before the answer stands. A caller without an offer gets ours in the answer.
  const media = leg.early?.media ?? answerTowards(leg, agreed);
  if (media !== undefined || leg.offer === undefined)
    step.emit({ kind: "leg.answered", at: step.now, legId: leg.id, ...(media && { media }) });
  else partyLeft(step, calleeId, outcomes.noCommonCodec());
}
