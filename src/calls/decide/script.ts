/** Scripts inside a call: an event for a script gives its next step and what the step wants, within the same record. */
import { CallwrightError } from "../../kernel/index.ts";
import type { Party } from "../model.ts";
import { outcomes } from "../outcome.ts";
import { partiesPresent, shownDiversions } from "../parts.ts";
import type { ScriptAction, ScriptContext, ScriptEvent, ScriptReplacement, ScriptStep } from "../script.ts";
import { sendDigits } from "./digits.ts";
import { partyLeft } from "./ending.ts";
import { promptEnded } from "./playback.ts";
import { beginRecording, endRecording } from "./recording.ts";
import { dial } from "./set-up.ts";
import type { Step } from "./step.ts";
import { beginRefer } from "./transfer/refer.ts";

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
    const outcome = nextStep(step, party, next.event);
    if (outcome === undefined) continue;
    if ("replace" in outcome) replace(step, party.id, outcome);
    else take(step, party.id, outcome);
    for (const digit of outcome.tones ?? "") step.tell(party.id, { kind: "digit", digit });
  }
}

/** A flow that cannot be read or kept, or a mistake in a verb, ends this call only. */
function nextStep(step: Step, party: Party, event: ScriptEvent): ScriptStep | ScriptReplacement | undefined {
  const { script } = step.around;
  try {
    const next = party.script && script.next(party.script, event, contextOf(step, party), step.now);
    if (next !== undefined && "replace" in next) script.keep(next.replace.pin, next.replace.document);
    return next;
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
    ...(taken.gather && { gather: taken.gather }),
    ...(taken.gathered && { gathered: taken.gathered }),
    ...(taken.exit !== undefined && { exit: taken.exit }),
  });
  for (const action of taken.actions) perform(step, partyId, action);
  if (taken.node === null) partyLeft(step, partyId, outcomes.completedBy("local"));
}

/** The new document begins with nothing of the old one's still going on. */
function replace(step: Step, partyId: string, { replace: { pin }, gathered }: ScriptReplacement): void {
  const party = step.call.parties[partyId];
  if (party === undefined) return;
  promptEnded(step, party, "stopped");
  for (const recording of party.recordings ?? [])
    if (recording.visitId !== undefined) endRecording(step, partyId, recording, { reason: "stopped" });
  for (const { requestId } of party.requests ?? []) {
    step.emit({ kind: "request.ended", at: step.now, partyId, requestId, status: 0, error: "cancelled" });
  }
  for (const dialled of dialledBy(step, partyId)) endDial(step, dialled);
  step.emit({ kind: "script.replaced", at: step.now, partyId, pin, ...(gathered && { gathered }) });
  step.tell(partyId, { kind: "started" });
}

/** Whom this party's script has dialled and who is still there. */
function dialledBy(step: Step, partyId: string): readonly Party[] {
  return partiesPresent(step.call).filter(({ by, dialId }) => by === partyId && dialId !== undefined);
}

function endDial(step: Step, { id, answeredAt }: Party): void {
  partyLeft(step, id, answeredAt === undefined ? outcomes.cancelled() : outcomes.completedBy("local"));
}

function perform(step: Step, partyId: string, action: ScriptAction): void {
  const at = step.now;
  const party = step.call.parties[partyId];
  if (party === undefined || party.leftAt !== undefined) return;
  switch (action.kind) {
    case "play":
      promptEnded(step, party, "stopped");
      step.emit({
        kind: "prompt.begun",
        at,
        partyId,
        promptId: action.promptId,
        items: action.items,
        bargeIn: action.bargeIn,
        ...(action.repeat !== undefined && { repeat: action.repeat }),
      });
      return;
    case "stop-prompt":
      if (party.prompt?.promptId === action.promptId) promptEnded(step, party, "stopped");
      return;
    case "dial":
      dial(step, {
        role: "callee",
        address: step.around.destination(step.call.accountId, action.to) ?? { kind: "uri", uri: action.to },
        callerId: action.callerId ?? step.call.from,
        ringMs: action.ringMs,
        by: partyId,
        dialId: action.dialId,
        ...(action.callback !== undefined && { callback: action.callback }),
        ...(action.headers && { headers: action.headers }),
      });
      return;
    case "end-dial":
      for (const dialled of dialledBy(step, partyId)) if (dialled.dialId === action.dialId) endDial(step, dialled);
      return;
    case "record": {
      const { kind: _kind, recordingId: visitId, ...order } = action;
      beginRecording(step, partyId, { ...order, visitId, recordingId: step.around.nextId() });
      return;
    }
    case "stop-recording": {
      const recording = party.recordings?.find(({ visitId }) => visitId === action.recordingId);
      if (recording !== undefined) endRecording(step, partyId, recording, { reason: "stopped" });
      return;
    }
    case "send-digits":
      sendDigits(step, partyId, action.digitsId, action.digits);
      return;
    case "refer":
      if (!beginRefer(step, partyId, { referId: action.referId, to: action.to, by: { kind: "script" } }))
        step.tell(partyId, { kind: "refer-ended", referId: action.referId, accepted: false, status: 400 });
      return;
    case "request": {
      const { requestId, method, url, headers, body } = action;
      const deadlineAt = at + action.timeoutMs;
      step.emit({ kind: "request.begun", at, partyId, requestId, method, url, headers, deadlineAt, ...(body !== undefined && { body }) });
      return;
    }
  }
}

function contextOf(step: Step, party: Party): ScriptContext {
  const { id, accountId, direction, from, to, createdAt, data, identity, headers = {} } = step.call;
  return {
    call: { id, accountId, direction, from, to, createdAt, data, headers, diversions: shownDiversions(step.call) },
    caller: { number: from, name: identity?.name ?? "", isAnonymous: identity?.isAnonymous === true },
    callee: { number: to },
    party: { id: party.id, role: party.role },
  };
}
