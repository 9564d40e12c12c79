/** Nothing comes from a peer although it should: the leg ends when that lasts. */
import type { Leg } from "../model.ts";
import { outcomes } from "../outcome.ts";
import { awaitsMedia } from "../plans/media-loss.ts";
import { partyLeft } from "./ending.ts";
import type { Step } from "./step.ts";

export function mediaLost(step: Step, leg: Leg, silentMs: number): void {
  const { mediaTimeoutMs } = step.around;
  if (mediaTimeoutMs === 0 || leg.mediaLost !== undefined || !awaitsMedia(step.call, leg)) return;
  const deadlineAt = step.now + Math.max(0, mediaTimeoutMs - silentMs);
  step.emit({ kind: "leg.media-lost", at: step.now, legId: leg.id, silentMs, deadlineAt });
}

export function mediaResumed(step: Step, leg: Leg): void {
  if (leg.mediaLost !== undefined) step.emit({ kind: "leg.media-resumed", at: step.now, legId: leg.id });
}

export function mediaOverdue(step: Step, legId: string): void {
  const leg = step.call.legs[legId];
  if (leg !== undefined) partyLeft(step, leg.partyId, outcomes.mediaLost());
}
