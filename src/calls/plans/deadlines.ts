/** When time itself becomes an input: all deadlines of a call as a function of its state. The actor arms the earliest. */
import type { Call } from "../model.ts";
import { answeredLegOf, liveLegsOf, partiesPresent, seatOf } from "../parts.ts";

export type Deadline = {
  /** Stable for as long as this deadline means the same. */
  readonly name: string;
  /** Epoch milliseconds. */
  readonly at: number;
} & (
  | { readonly kind: "total" }
  | { readonly kind: "refer" | "media"; readonly legId: string }
  | { readonly kind: "ring" | "script" | "detection"; readonly partyId: string }
);

/** Longer than anybody rings: how long the far end of a leg may take to call whom we asked it to. */
const referMs = 180_000;

export function deadlines(call: Call): readonly Deadline[] {
  if (call.endedAt !== undefined) return [];
  const result: Deadline[] = [];
  if (call.answeredAt !== undefined) result.push({ kind: "total", name: "total", at: call.answeredAt + call.limits.totalMs });
  for (const party of partiesPresent(call)) {
    const leg = answeredLegOf(call, party.id);
    if (leg === undefined) {
      // A caller who waits for somebody else's answer is bounded by that one's deadline.
      if (!waitsForOthers(call, party.id))
        result.push({ kind: "ring", name: `ring ${party.id}`, at: party.joinedAt + party.ringMs, partyId: party.id });
      continue;
    }
    if (leg.refer !== undefined) result.push({ kind: "refer", name: leg.refer.referId, at: leg.refer.begunAt + referMs, legId: leg.id });
    if (leg.mediaLost !== undefined) result.push({ kind: "media", name: `media ${leg.id}`, at: leg.mediaLost.deadlineAt, legId: leg.id });
    if (party.detection !== undefined) {
      const { detectId, deadlineAt: at } = party.detection;
      result.push({ kind: "detection", name: detectId, at, partyId: party.id });
    }
    const deadlineAt = party.script?.wait?.deadlineAt;
    // A script does not time out on somebody who is on hold.
    if (deadlineAt !== undefined && seatOf(call, party.id)?.seat.state !== "held") {
      result.push({ kind: "script", name: `script ${party.id} ${party.script?.visit}`, at: deadlineAt, partyId: party.id });
    }
  }
  return result;
}

/** The party called us and is answered when somebody else is. */
function waitsForOthers(call: Call, partyId: string): boolean {
  return liveLegsOf(call, partyId).some(({ direction }) => direction === "inbound");
}
