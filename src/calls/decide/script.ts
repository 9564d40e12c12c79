/** Scripts inside a call: an event for a script gives its next step and what the step wants, within the same record. */
import { CallwrightError } from "../../kernel/index.ts";
import type { Party } from "../model.ts";
import { outcomes } from "../outcome.ts";
import type { ScriptAction, ScriptContext, ScriptStep } from "../script.ts";
import { partyLeft } from "./ending.ts";
import { addressOf, dial } from "./set-up.ts";
import type { Step } from "./step.ts";

/** Far more than a sane flow takes in one step; a loop of refused dials ends here. */
const mostSteps = 500;

/** Tells scripts all that is untold, and what follows from that, until all of them wait. */
export function runScripts(step: Step): void {
  for (let count = 0; step.untold.length > 0; count++) {
    const next = step.untold.shift();
    const party = step.call.parties[next?.partyId ?? ""];
    if (next === undefined || party?.script === undefined || party.script.node === null || party.leftAt !== undefined) continue;
    if (count >= mostSteps) {
      fail(step, party, `The flow made ${mostSteps} steps without waiting`);
      continue;
    }
    const outcome = nextStep(step, party, () =>
      step.around.script.next(party.script as never, next.event, contextOf(step, party), step.now),
    );
    if (outcome !== undefined) take(step, party.id, outcome);
  }
}

/** A flow that cannot be read, or a mistake in a verb, ends this call only. */
function nextStep(step: Step, party: Party, next: () => ScriptStep | undefined): ScriptStep | undefined {
  try {
    return next();
  } catch (error) {
    fail(step, party, error instanceof CallwrightError ? error.code : String(error));
    return undefined;
  }
}

function fail(step: Step, party: Party, reason: string): void {
  step.emit({ kind: "script.failed", at: step.now, partyId: party.id, reason });
  partyLeft(step, party.id, { result: "failed", side: "local", q850: 41, text: `The flow failed: ${reason}` });
}

function take(step: Step, partyId: string, taken: ScriptStep): void {
  step.emit({
    kind: "script.stepped",
    at: step.now,
    partyId,
    node: taken.node,
    visit: taken.visit,
    wait: taken.wait,
    ...(taken.set && { set: taken.set }),
    ...(taken.exit !== undefined && { exit: taken.exit }),
  });
  for (const action of taken.actions) perform(step, partyId, action);
  if (taken.node === null) partyLeft(step, partyId, outcomes.completedBy("local"));
}

function perform(step: Step, partyId: string, action: ScriptAction): void {
  const at = step.now;
  const party = step.call.parties[partyId];
  if (party === undefined || party.leftAt !== undefined) return;
  switch (action.kind) {
    case "play":
      stopPrompt(step, party);
      step.emit({ kind: "prompt.begun", at, partyId, promptId: action.promptId, items: action.items, bargeIn: action.bargeIn });
      return;
    case "stop-prompt":
      if (party.prompt?.promptId === action.promptId) stopPrompt(step, party);
      return;
    case "dial":
      dial(step, {
        role: "callee",
        address: addressOf(action.to),
        callerId: action.callerId ?? step.call.from,
        ringMs: action.ringMs,
        by: partyId,
        dialId: action.dialId,
      });
      return;
    case "record":
      step.emit({
        kind: "recording.begun",
        at,
        partyId,
        recordingId: action.recordingId,
        part: 1,
        maxMs: action.maxMs,
        silenceMs: action.silenceMs,
        finishOn: action.finishOn,
        hears: action.hears,
      });
      return;
    case "stop-recording":
      if (party.recording?.recordingId === action.recordingId) {
        const durationMs = party.recording.earlierMs + at - party.recording.begunAt;
        step.emit({ kind: "recording.ended", at, partyId, recordingId: action.recordingId, reason: "stopped", durationMs });
      }
      return;
    case "send-digits":
      step.emit({ kind: "digits.begun", at, partyId, digitsId: action.digitsId, digits: action.digits });
      return;
    case "request": {
      const { requestId, method, url, headers, body } = action;
      const deadlineAt = at + action.timeoutMs;
      step.emit({ kind: "request.begun", at, partyId, requestId, method, url, headers, deadlineAt, ...(body !== undefined && { body }) });
      return;
    }
    case "hang-up":
      partyLeft(step, partyId, outcomes.completedBy("local"));
  }
}

function stopPrompt(step: Step, party: Party): void {
  if (party.prompt === undefined) return;
  const playedMs = party.prompt.offsetMs + step.now - party.prompt.begunAt;
  step.emit({ kind: "prompt.ended", at: step.now, partyId: party.id, promptId: party.prompt.promptId, reason: "stopped", playedMs });
}

function contextOf(step: Step, party: Party): ScriptContext {
  const { id, accountId, direction, from, to, createdAt, data } = step.call;
  return {
    call: { id, accountId, direction, from, to, createdAt, data },
    caller: { number: from },
    callee: { number: to },
    party: { id: party.id, role: party.role },
  };
}
