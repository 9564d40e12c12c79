/** How the media of legs did, for the record. The engine tells; what it has told by now is in the events of a leg's end. */
import { isDeepStrictEqual } from "node:util";
import type { EventOf } from "../events.ts";
import type { Leg } from "../model.ts";
import type { Step } from "./step.ts";

/** Of the latest report, which may be some seconds old, as the endpoint closes after the leg. */
export function qualityAtEnd(step: Step, leg: Leg): Pick<EventOf<"leg.ended">, "quality"> {
  const quality = leg.state === "answered" ? step.around.qualityOf(leg.id) : undefined;
  return quality === undefined ? {} : { quality };
}

/** Endpoints have closed meanwhile: their totals go with a step that is taken anyway, and cost no record of their own. */
export function measured(step: Step): void {
  for (const { id: legId, state, quality: known, answeredAt } of Object.values(step.call.legs)) {
    const quality = state === "ended" && answeredAt !== undefined ? step.around.qualityOf(legId) : undefined;
    if (quality !== undefined && !isDeepStrictEqual(quality, known)) step.emit({ kind: "leg.measured", at: step.now, legId, quality });
  }
}
