/** Who answered: the flow waits until the media engine says so, and what runs then, if anything, depends on it. */
import type { AnsweredBy } from "../../media/index.ts";
import type { Party } from "../model.ts";
import { outcomes } from "../outcome.ts";
import { hangUpAll } from "./ending.ts";
import { startScript } from "./set-up.ts";
import type { Step } from "./step.ts";

/** An engine that lost it, or was away, is waited for no longer than this beyond its own limit. */
const patienceMs = 1000;

export function detect(step: Step, partyId: string, cutOffMs: number): void {
  const deadlineAt = step.now + cutOffMs + patienceMs;
  step.emit({ kind: "detection.begun", at: step.now, partyId, detectId: `detect ${partyId}`, cutOffMs, deadlineAt });
}

export function detected(step: Step, party: Party, detectId: string, result: AnsweredBy): void {
  const { detection: order, script: pin } = step.call;
  if (party.detection?.detectId !== detectId || order === undefined || pin === undefined) return;
  step.emit({ kind: "detection.ended", at: step.now, partyId: party.id, detectId, result });
  if (result !== "machine") startScript(step, party.id, pin);
  else if (order.strategy === "continue") startScript(step, party.id, order.script);
  else hangUpAll(step, "detection", outcomes.machineAnswered());
}

export function detectionOverdue(step: Step, partyId: string): void {
  const party = step.call.parties[partyId];
  if (party?.detection !== undefined) detected(step, party, party.detection.detectId, "unknown");
}
