/**
 * A transfer that a party asked for by REFER (RFC 5589 §6, §7). The target is a party from the beginning; who asked stays in the talk
 * until it has answered, so a transfer that fails has changed nothing.
 *
 *   what happens              what follows                                    NOTIFY says
 *   the target rings          who remains hears it                            180
 *   the target answers        it takes the place of who asked, who leaves     200
 *   the target leaves before  the talk goes on as it was                      why: 486, 480, 603, …
 *   who asked leaves before   who remains waits alone, as after a dialling    nothing more
 *   who remains leaves        all of it is over                               487
 *
 * This file says what a party's coming and going means to a transfer; nobody leaves by it.
 */
import type { Call, Outcome, Party } from "../../model.ts";
import type { Transfer } from "../../transfers.ts";
import { seatOf } from "../../parts.ts";
import type { Step } from "../step.ts";

export type TransferOf = Transfer & { readonly party: Party };

/** The transfer whose target this party is. */
export function transferTo(call: Call, targetId: string): TransferOf | undefined {
  for (const party of Object.values(call.parties)) if (party.transfer?.targetId === targetId) return { ...party.transfer, party };
  return undefined;
}

export function targetRang(step: Step, targetId: string): void {
  const transfer = transferTo(step.call, targetId);
  if (transfer !== undefined) referralProgressed(step, transfer.legId, 180);
}

/** The far end that asked by REFER may hear how far it has come. */
function referralProgressed(step: Step, legId: string, status: number): void {
  const referral = step.call.legs[legId]?.referral;
  if (referral !== undefined && referral.status < 200 && status > referral.status)
    step.emit({ kind: "leg.referral-progressed", at: step.now, legId, status });
}

/** The target left before it answered. True when the talk that was there goes on, so nobody else need leave. */
export function targetLeft(step: Step, targetId: string, status: number): boolean {
  const transfer = transferTo(step.call, targetId);
  if (transfer === undefined) return false;
  transferEnded(step, transfer, "failed", status);
  return transfer.party.leftAt === undefined;
}

/** Who asked for a transfer is leaving before its end: who remains stands alone from now on, and waits for the target. */
export function transferorLeaves(step: Step, { id, transfer, by }: Party): void {
  if (transfer === undefined || step.call.endingSince !== undefined) return;
  const remaining = step.call.parties[transfer.remainingId];
  if (remaining === undefined || remaining.leftAt !== undefined) return;
  standAlone(step, id, by);
  standAlone(step, remaining.id, remaining.by === id ? id : undefined);
}

export function transferEnded(step: Step, transfer: TransferOf, result: "completed" | "failed", status: number): void {
  const { transferId, party, legId } = transfer;
  step.emit({ kind: "transfer.ended", at: step.now, transferId, partyId: party.id, result, status });
  referralProgressed(step, legId, status);
}

/** From now on nobody falls with this party because they were dialled together. */
export function standAlone(step: Step, partyId: string, by: string | undefined): void {
  if (by !== undefined) step.emit({ kind: "party.reparented", at: step.now, partyId, by: null });
}

/** Who was held is heard again. */
export function retrieve(step: Step, partyId: string): void {
  const place = seatOf(step.call, partyId);
  if (place?.seat.state === "held") step.emit({ kind: "seat.retrieved", at: step.now, bridgeId: place.bridge.id, partyId });
}

/** What an outcome is to somebody who asked for the call: a final status that is no success. */
export function failureStatus({ sipStatus, result }: Outcome): number {
  if (sipStatus !== undefined && sipStatus >= 400) return sipStatus;
  return { busy: 486, "no-answer": 480, rejected: 603, cancelled: 487, "no-route": 404, failed: 500, completed: 480, redirected: 480 }[
    result
  ];
}
