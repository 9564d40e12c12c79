/**
 * Our own REFER: the far end of a leg is asked to call somebody else, and we leave the talk when it has (RFC 3515, RFC 5589 §6).
 *
 *   begun      202: accepted; any other answer, or none within its time: failed
 *   accepted   NOTIFY with 2xx, or the far end hangs up: completed; with another final status, or none in time: failed
 *
 * After a crash it is not sent again: whether the far end has it nobody knows, and its NOTIFYs, or its time, tell.
 */
import { isE164 } from "../../../directory/index.ts";
import { parseUri } from "../../../sip/index.ts";
import type { Leg } from "../../model.ts";
import type { OwnRefer } from "../../transfers.ts";
import { outcomes } from "../../outcome.ts";
import { answeredLegOf } from "../../parts.ts";
import { partyLeft } from "../ending.ts";
import type { LegSignal } from "../inputs.ts";
import type { Step } from "../step.ts";

type Signals = "leg-refer-answered" | "leg-refer-notified";
type Decisions = { readonly [K in Signals]: (step: Step, leg: Leg, signal: Extract<LegSignal, { kind: K }>) => void };

export const referDecisions: Decisions = {
  "leg-refer-answered"(step, leg, { referId, status }) {
    if (leg.refer?.referId !== referId || leg.refer.accepted) return;
    if (status < 300) step.emit({ kind: "refer.accepted", at: step.now, legId: leg.id, referId });
    else referEnded(step, leg, leg.refer, "failed", status);
  },
  "leg-refer-notified"(step, leg, { referId, status }) {
    if (leg.refer?.referId === referId && status >= 200) referEnded(step, leg, leg.refer, status < 300 ? "completed" : "failed", status);
  },
};

/** False when the party has no talk to leave, is being referred already, or `to` is no number and no URI. */
export function beginRefer(step: Step, partyId: string, { referId, to, by }: Pick<OwnRefer, "referId" | "to" | "by">): boolean {
  const leg = answeredLegOf(step.call, partyId);
  const target = leg && targetAt(leg, to);
  if (leg === undefined || target === undefined || leg.refer !== undefined) return false;
  step.emit({ kind: "refer.begun", at: step.now, partyId, legId: leg.id, referId, to: target, by });
  return true;
}

/** A number is one of the network that the far end is in. */
function targetAt({ route }: Leg, to: string): string | undefined {
  if (isE164(to)) return `sip:${to}@${route.host.includes(":") ? `[${route.host}]` : route.host}`;
  return writable.test(to) && parseUri(to).ok ? to : undefined;
}

/** What can stand between < and > as it is. */
const writable = /^[!#-;=?-~]{1,255}$/;

export function referOverdue(step: Step, legId: string): void {
  const leg = step.call.legs[legId];
  if (leg?.refer !== undefined) referEnded(step, leg, leg.refer, "failed", 408);
}

/** The far end hung up: when it had taken the REFER, that is how it goes (RFC 5589 §6.1). */
export function referredLeft(step: Step, leg: Leg): void {
  if (leg.refer !== undefined)
    referEnded(step, leg, leg.refer, leg.refer.accepted ? "completed" : "failed", leg.refer.accepted ? 200 : 487);
}

function referEnded(step: Step, leg: Leg, { referId, by }: OwnRefer, result: "completed" | "failed", status: number): void {
  const { partyId } = leg;
  step.emit({ kind: "refer.ended", at: step.now, partyId, legId: leg.id, referId, result, status });
  if (by.kind === "script") step.tell(partyId, { kind: "refer-ended", referId, accepted: result === "completed", status });
  else if (result === "completed") partyLeft(step, partyId, outcomes.transferred());
}
