/**
 * | waits for | event | then |
 * |---|---|---|
 * | dial | dial-answered | talk, recorded when asked for, at most maxMs |
 * | talk | deadline | the second party is hung up |
 * | dial or talk | dial-ended | exit done when it was answered, else busy, no-answer or failed |
 */
import type { Outcome, ScriptAction } from "../../calls/index.ts";
import type { DialNode } from "../document.ts";
import { anything, flag, integer, optional, template, variable } from "../validation/check.ts";
import { into, leave, ScriptFault, type Turn, type Verb, type Visit } from "../verb.ts";

const longestAddress = 256;
const longestTalkMs = 86_400_000;

export const dial: Verb<DialNode> = {
  verb: "dial",
  fields: {
    to: template,
    callerId: optional(template),
    ringMs: optional(integer(1000, 600_000)),
    maxMs: optional(integer(1000, 86_400_000)),
    record: optional(flag),
    callback: optional(anything),
    into: optional(variable),
  },
  exits: () => ["done", "busy", "no-answer", "failed", "error"],
  enter(node, visit) {
    const dialId = visit.id("dial");
    const to = address(node.to, visit);
    const callerId = node.callerId === undefined ? undefined : address(node.callerId, visit);
    const { ringMs = 30_000, callback } = node;
    const more = { ...(callerId !== undefined && { callerId }), ...(callback !== undefined && { callback }) };
    return { kind: "wait", wait: { for: "dial" }, actions: [{ kind: "dial", dialId, to, ringMs, ...more }] };
  },
  on(node, event, wait, visit) {
    if (event.kind === "dial-answered" && event.dialId === visit.id("dial")) return wait.for === "dial" ? talk(node, visit) : undefined;
    if (event.kind === "deadline" && wait.for === "talk" && wait.deadlineAt !== undefined)
      return { kind: "wait", wait: { for: "talk" }, actions: [{ kind: "end-dial", dialId: visit.id("dial") }] };
    if (event.kind !== "dial-ended" || event.dialId !== visit.id("dial")) return undefined;
    const { outcome, answered, talkedMs } = event;
    const result = { result: outcome.result, answered, talkedMs, sipStatus: outcome.sipStatus ?? null, q850: outcome.q850 };
    const actions: readonly ScriptAction[] = node.record === true ? [{ kind: "stop-recording", recordingId: visit.id("recording") }] : [];
    return leave(answered ? "done" : exitOf(outcome), into(node.into, result), actions);
  },
};

function talk({ maxMs, record }: DialNode, visit: Visit): Turn {
  const recording = { recordingId: visit.id("recording"), maxMs: longestTalkMs, silenceMs: 0, finishOn: "", hears: "both" } as const;
  return {
    kind: "wait",
    wait: { for: "talk", ...(maxMs !== undefined && { deadlineAt: visit.now + maxMs }) },
    ...(record === true && { actions: [{ kind: "record", ...recording }] }),
  };
}

function address(source: string, visit: Visit): string {
  const text = visit.render(source).trim();
  if (text === "" || text.length > longestAddress) throw new ScriptFault(`the number to dial has ${text.length} characters`);
  return text;
}

function exitOf(outcome: Outcome): string {
  return outcome.result === "busy" || outcome.result === "no-answer" ? outcome.result : "failed";
}
