/**
 * Who stands by whom when more than two are in a talk, or somebody supervises it. While the third rings, the talk of the two stays what it
 * was; once it has answered, nobody takes anybody along any more:
 *
 *   who leaves                                what follows
 *   one of several                            the others go on
 *   the last but one                          the last leaves too, unless a flow goes on with it
 *   who was dialled by a flow                 the flow goes on when the last of the others has left
 *   who did not answer, or only listened      nothing
 *   the agent whom somebody listens to        who listens, or coaches, leaves too
 */
import type { Call, Outcome, Party } from "../model.ts";
import { outcomes } from "../outcome.ts";
import { isObserver, membersPresent, partiesPresent, seatOf } from "../parts.ts";
import type { Step } from "./step.ts";
import { standAlone } from "./transfer/progress.ts";

/** One more is in the talk: from now on all who were dialled for each other stand by themselves. */
export function joinedTalk(step: Step): void {
  for (const { id, by, dialId } of membersPresent(step.call)) if (dialId === undefined) standAlone(step, id, by);
}

/** Who takes the place of one whom a flow had dialled and who left: somebody who came on their own account. */
export function heirOf(call: Call, { id, by }: Party): Party | undefined {
  return membersPresent(call).find(
    (other) => other.id !== id && other.id !== by && other.by === undefined && other.answeredAt !== undefined,
  );
}

/** Several still talk: those whom somebody had dialled who has left stay. */
export function standTogether(step: Step): void {
  const talking = membersPresent(step.call).filter(({ answeredAt }) => answeredAt !== undefined);
  if (talking.length < 2) return;
  for (const { id, by } of talking) if (step.call.parties[by ?? ""]?.leftAt !== undefined) standAlone(step, id, by);
}

/** A party that is left with nobody to talk to, whom no flow has a use for. */
export function leftAlone(call: Call): Party | undefined {
  const [party, ...others] = membersPresent(call);
  if (party?.answeredAt === undefined || others.length > 0 || party.detection !== undefined) return undefined;
  return party.script === undefined || party.script.node === null ? party : undefined;
}

/** Who barges is in the talk like anybody else. */
export function supervisorJoined(step: Step, partyId: string): void {
  if (seatOf(step.call, partyId)?.seat.supervises?.mode === "barge") joinedTalk(step);
}

/** Who has nothing more to supervise: the agent has left, or everybody who talked. */
export function idleObservers(call: Call, isOver: boolean): readonly Party[] {
  return partiesPresent(call).filter(({ id }) => {
    const seat = seatOf(call, id)?.seat;
    if (seat === undefined || !isObserver(seat)) return false;
    return isOver || call.parties[seat.supervises?.partyId ?? ""]?.leftAt !== undefined;
  });
}

export function observerOutcome({ answeredAt }: Party): Outcome {
  return answeredAt === undefined ? outcomes.cancelled() : outcomes.completedBy("local");
}
