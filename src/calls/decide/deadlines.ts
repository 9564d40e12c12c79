/** What follows when a deadline of plans/deadlines.ts has come. */
import { outcomes } from "../outcome.ts";
import { deadlines } from "../plans/deadlines.ts";
import { detectionOverdue } from "./detection.ts";
import { hangUpAll, partyLeft } from "./ending.ts";
import { mediaOverdue } from "./media-loss.ts";
import type { Step } from "./step.ts";
import { referOverdue } from "./transfer/refer.ts";

/** Nothing when the deadline is no longer what was armed: state moved on meanwhile. */
export function deadlineDecided(step: Step, name: string, at: number): void {
  const deadline = deadlines(step.call).find((candidate) => candidate.name === name && candidate.at === at);
  if (deadline === undefined || deadline.at > step.now) return;
  switch (deadline.kind) {
    case "ring":
      partyLeft(step, deadline.partyId, outcomes.notAnswered());
      return;
    case "total":
      hangUpAll(step, "limit", outcomes.limitReached());
      return;
    case "detection":
      detectionOverdue(step, deadline.partyId);
      return;
    case "refer":
      referOverdue(step, deadline.legId);
      return;
    case "media":
      mediaOverdue(step, deadline.legId);
      return;
    case "script":
      step.tell(deadline.partyId, { kind: "deadline" });
  }
}
