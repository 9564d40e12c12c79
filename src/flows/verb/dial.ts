/**
 * | waits for | event | then |
 * |---|---|---|
 * | dial | dial-answered | talk |
 * | dial or talk | dial-ended | exit done when it was answered, else busy, no-answer or failed |
 */
import type { Outcome } from "../../calls/index.ts";
import type { DialNode } from "../document.ts";
import { integer, optional, template, variable } from "../validation/check.ts";
import { into, leave, ScriptFault, type Verb, type Visit } from "../verb.ts";

const longestAddress = 256;

export const dial: Verb<DialNode> = {
  verb: "dial",
  fields: { to: template, callerId: optional(template), ringMs: optional(integer(1000, 600_000)), into: optional(variable) },
  exits: () => ["done", "busy", "no-answer", "failed", "error"],
  enter(node, visit) {
    const dialId = visit.id("dial");
    const to = address(node.to, visit);
    const callerId = node.callerId === undefined ? undefined : address(node.callerId, visit);
    const ringMs = node.ringMs ?? 30_000;
    return {
      kind: "wait",
      wait: { for: "dial" },
      actions: [{ kind: "dial", dialId, to, ...(callerId !== undefined && { callerId }), ringMs }],
    };
  },
  on(node, event, wait, visit) {
    if (event.kind === "dial-answered" && event.dialId === visit.id("dial"))
      return wait.for === "dial" ? { kind: "wait", wait: { for: "talk" } } : undefined;
    if (event.kind !== "dial-ended" || event.dialId !== visit.id("dial")) return undefined;
    const { outcome, answered, talkedMs } = event;
    const result = { result: outcome.result, answered, talkedMs, sipStatus: outcome.sipStatus ?? null };
    return leave(answered ? "done" : exitOf(outcome), into(node.into, result));
  },
};

function address(source: string, visit: Visit): string {
  const text = visit.render(source).trim();
  if (text === "" || text.length > longestAddress) throw new ScriptFault(`the number to dial has ${text.length} characters`);
  return text;
}

function exitOf(outcome: Outcome): string {
  return outcome.result === "busy" || outcome.result === "no-answer" ? outcome.result : "failed";
}
