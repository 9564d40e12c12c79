/**
 * | waits for | event | then |
 * |---|---|---|
 * | dial | dial-answered | talk, recorded when asked for, at most maxMs |
 * | talk | deadline | the second party is hung up |
 * | dial or talk | dial-ended | exit done when it was answered, else busy, no-answer or failed |
 */
import type { Outcome, ScriptAction } from "../../calls/index.ts";
import { parseFreeHeaders, wrongWithName } from "../../sip/index.ts";
import type { DialNode } from "../document.ts";
import { anything, flagOr, integer, memberPath, object, optional, record, template, variable } from "../validation/check.ts";
import { recordedFile } from "../validation/fields.ts";
import { into, leave, ScriptFault, type Turn, type Verb, type Visit } from "../verb.ts";
import { fileOf } from "./record.ts";

const longestAddress = 256;
const longestTalkMs = 86_400_000;

export const dial: Verb<DialNode> = {
  verb: "dial",
  fields: {
    to: template,
    callerId: optional(template),
    ringMs: optional(integer(1000, 600_000)),
    maxMs: optional(integer(1000, 86_400_000)),
    record: optional(flagOr(object(recordedFile))),
    headers: optional(record(anything, template, 0, 20)),
    callback: optional(anything),
    into: optional(variable),
  },
  exits: () => ["done", "busy", "no-answer", "failed", "error"],
  check(node, path, report) {
    for (const name of Object.keys(node.headers ?? {})) {
      const wrong = wrongWithName(name);
      if (wrong !== undefined) report.mistake(memberPath(`${path}.headers`, name), wrong);
    }
  },
  enter(node, visit) {
    const dialId = visit.id("dial");
    const to = address(node.to, visit);
    const callerId = node.callerId === undefined ? undefined : address(node.callerId, visit);
    const { ringMs = 30_000, callback } = node;
    const headers = node.headers && headersOf(node.headers, visit);
    const more = { ...(headers && { headers }), ...(callerId !== undefined && { callerId }), ...(callback !== undefined && { callback }) };
    return { kind: "wait", wait: { for: "dial" }, actions: [{ kind: "dial", dialId, to, ringMs, ...more }] };
  },
  on(node, event, wait, visit) {
    if (event.kind === "dial-answered" && event.dialId === visit.id("dial")) return wait.for === "dial" ? talk(node, visit) : undefined;
    if (event.kind === "deadline" && wait.for === "talk" && wait.deadlineAt !== undefined)
      return { kind: "wait", wait: { for: "talk" }, actions: [{ kind: "end-dial", dialId: visit.id("dial") }] };
    if (event.kind !== "dial-ended" || event.dialId !== visit.id("dial")) return undefined;
    const { outcome, answered, talkedMs, headers = {} } = event;
    const { result: how, sipStatus = null, q850 } = outcome;
    const result = { result: how, answered, talkedMs, sipStatus, q850, headers };
    const actions: readonly ScriptAction[] = isRecorded(node) ? [{ kind: "stop-recording", recordingId: visit.id("recording") }] : [];
    return leave(answered ? "done" : exitOf(outcome), into(node.into, result), actions);
  },
};

function isRecorded({ record: wanted = false }: DialNode): boolean {
  return wanted !== false;
}

function talk(node: DialNode, visit: Visit): Turn {
  const { maxMs, record: wanted } = node;
  const recording = { recordingId: visit.id("recording"), maxMs: longestTalkMs, silenceMs: 0, finishOn: "", hears: "both" } as const;
  return {
    kind: "wait",
    wait: { for: "talk", ...(maxMs !== undefined && { deadlineAt: visit.now + maxMs }) },
    ...(isRecorded(node) && { actions: [{ kind: "record", ...recording, ...(typeof wanted === "object" && fileOf(wanted)) }] }),
  };
}

function address(source: string, visit: Visit): string {
  const text = visit.render(source).trim();
  if (text === "" || text.length > longestAddress) throw new ScriptFault(`the number to dial has ${text.length} characters`);
  return text;
}

function headersOf(sources: Readonly<Record<string, string>>, visit: Visit): Readonly<Record<string, string>> {
  const fields = parseFreeHeaders(Object.fromEntries(Object.entries(sources).map(([name, source]) => [name, visit.render(source)])));
  if (!fields.ok) throw new ScriptFault(fields.reason);
  return Object.fromEntries(fields.value);
}

function exitOf(outcome: Outcome): string {
  return outcome.result === "busy" || outcome.result === "no-answer" ? outcome.result : "failed";
}
