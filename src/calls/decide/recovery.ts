/** What follows from having been dead for a while: facts that can no longer come true are settled, all else is only applied again. */
import { outcomes } from "../outcome.ts";
import { digitsEnded } from "./digits.ts";
import { endLeg, partyLeft } from "./ending.ts";
import { liveLegsOf } from "../parts.ts";
import type { Step } from "./step.ts";

/**
 * Back within this time (RFC 3261 timer H and §13.3.1.4) the far end still repeats what it answered meanwhile, and knows a repeated INVITE as one.
 * Later it would be a second call to it.
 */
export const inviteLifeMs = 32_000;

export function recoveryDecided(step: Step, gapMs: number): void {
  if (step.call.endedAt !== undefined) return;
  step.emit({ kind: "call.recovered", at: step.now, gapMs });
  for (const leg of Object.values(step.call.legs)) {
    // A caller goes on waiting for whoever was dialled.
    const isPending = leg.direction === "outbound" && (leg.state === "inviting" || leg.state === "ringing");
    if (!isPending || gapMs <= inviteLifeMs) continue;
    endLeg(step, leg, outcomes.lost());
    if (liveLegsOf(step.call, leg.partyId).length === 0) partyLeft(step, leg.partyId, outcomes.lost());
  }
  // Digits may have been sent or not: they are not sent twice.
  for (const party of Object.values(step.call.parties)) {
    if (party.digitsToSend === undefined || party.leftAt !== undefined) continue;
    digitsEnded(step, party.id, party.digitsToSend.digitsId, false);
  }
}
