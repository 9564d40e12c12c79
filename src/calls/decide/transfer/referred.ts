/** What a far end may have by REFER, and what follows when its target answers. */
import { isE164 } from "../../../directory/index.ts";
import type { Address, Call, Leg, Party } from "../../model.ts";
import { outcomes } from "../../outcome.ts";
import { answeredLegOf, isConference, isMember, membersPresent, partiesPresent } from "../../parts.ts";
import { isSameUser } from "../connected-party.ts";
import { partyLeft } from "../ending.ts";
import type { AskedTransfer } from "../inputs.ts";
import { dial } from "../set-up.ts";
import type { Step } from "../step.ts";
import { retrieve, standAlone, transferEnded, transferTo } from "./progress.ts";

/**
 * The status that refuses a REFER on this leg, or undefined: only a phone may have others called, only in a talk of its own, and one
 * transfer at a time.
 */
export function referralRefusal(call: Call, leg: Leg): number | undefined {
  const party = call.parties[leg.partyId];
  if (leg.route.phoneId === undefined) return 403;
  if (party === undefined || party.leftAt !== undefined || leg.state !== "answered") return 403;
  if (isUnderWay(call, party) || (leg.referral?.status ?? 200) < 200) return 491;
  // Of more than two nobody is handed over; nor by who only listens.
  if (isConference(call) || !isMember(call, party)) return 603;
  return remainingOf(call, party) === undefined ? 603 : undefined;
}

/** Whom this party would hand over. */
export function remainingOf(call: Call, { id }: Party): Party | undefined {
  return membersPresent(call).find((other) => other.id !== id && answeredLegOf(call, other.id) !== undefined);
}

/** Rings the target for whoever remains. Nothing when it is refused: the far end sees no referral of its id. */
export function referred(step: Step, leg: Leg, asked: AskedTransfer): void {
  const party = step.call.parties[leg.partyId];
  const remaining = party && remainingOf(step.call, party);
  if (party === undefined || remaining === undefined || referralRefusal(step.call, leg) !== undefined) return;
  const address = targetOf(step, asked);
  if (partiesPresent(step.call).some((other) => isSameUser(other.address, address))) return;
  const { referId, event, notifies, replaces, referredBy } = asked;
  step.emit({ kind: "leg.referred", at: step.now, legId: leg.id, referId, event, notifies });
  const { dialId } = party;
  dial(
    step,
    {
      role: "callee",
      address,
      callerId: step.call.from,
      ringMs: step.call.limits.ringMs,
      by: remaining.id,
      // A flow that dialled this party goes on when the one in its place leaves.
      ...(dialId !== undefined && party.by === remaining.id && { dialId }),
      ...(replaces !== undefined && { replaces }),
      ...(referredBy !== undefined && { referredBy }),
    },
    (targetId) =>
      step.emit({
        kind: "transfer.begun",
        at: step.now,
        transferId: referId,
        type: replaces === undefined ? "blind" : "attended",
        partyId: party.id,
        legId: leg.id,
        remainingId: remaining.id,
        targetId,
      }),
  );
}

/** The target takes the place of who asked for the transfer, who leaves. */
export function targetAnswered(step: Step, targetId: string): void {
  const transfer = transferTo(step.call, targetId);
  if (transfer === undefined) return;
  const { party, remainingId } = transfer;
  transferEnded(step, transfer, "completed", 200);
  retrieve(step, remainingId);
  if (party.leftAt !== undefined) return;
  const remaining = step.call.parties[remainingId];
  standAlone(step, party.id, party.by);
  // With the target it may stand or fall; with who leaves no more.
  if (remaining?.by === party.id) standAlone(step, remainingId, remaining.by);
  partyLeft(step, party.id, outcomes.transferred());
}

/** As a phone's own call to the same: a number, an extension, a name, or a SIP address. */
function targetOf(step: Step, { to, uri }: AskedTransfer): Address {
  const known = step.around.destination(step.call.accountId, to);
  if (known !== undefined) return known;
  const number = to.startsWith("+") ? to : `+${to}`;
  return isE164(number) ? { kind: "number", number } : { kind: "uri", uri };
}

function isUnderWay({ parties }: Call, party: Party): boolean {
  return (
    party.transfer !== undefined ||
    Object.values(parties).some(({ transfer }) => transfer?.remainingId === party.id || transfer?.targetId === party.id)
  );
}
