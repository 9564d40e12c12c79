import type { FlowDocument, FlowNode } from "../document.ts";
import type { Verb } from "../verb.ts";
import { verbs } from "../verbs.ts";
import { deepestJson, documentHash, isJson } from "./canonical-json.ts";
import {
  anything,
  type Check,
  member,
  memberPath,
  members,
  object,
  optional,
  record,
  type Report,
  text,
  unknownName,
  variable,
} from "./check.ts";

/** Where in the document (`nodes.greet.exits.done`; empty for the whole) and what. */
export type FlowRemark = { readonly path: string; readonly message: string };

export type FlowValidation =
  | { readonly ok: true; readonly document: FlowDocument; readonly hash: string; readonly warnings: readonly FlowRemark[] }
  | { readonly ok: false; readonly mistakes: readonly FlowRemark[] };

const mostNodes = 500;
const mostCharacters = 524_288;
const mostMistakes = 100;

/**
 * Checks a flow document: its shape, unknown members, templates and expressions, and that each exit exists and leads to a node.
 * `hash` is the SHA-256 of the canonical JSON. A node that cannot be reached is a warning. Never throws.
 */
export function validateFlow(value: unknown): FlowValidation {
  if (!isJson(value)) return refused([{ path: "", message: `must be JSON, nested at most ${deepestJson} deep` }]);
  if (JSON.stringify(value).length > mostCharacters)
    return refused([{ path: "", message: `must not be longer than ${mostCharacters} characters` }]);
  const mistakes: FlowRemark[] = [];
  const warnings: FlowRemark[] = [];
  const report: Report = {
    mistake: (path, message) => mistakes.push({ path, message }),
    warning: (path, message) => warnings.push({ path, message }),
  };
  flow.check(value, "", report);
  const nodes = new Map(members(member(value, "nodes")));
  const start = member(value, "start");
  if (typeof start === "string" && nodes.size > 0 && !nodes.has(start))
    report.mistake("start", unknownName("node", start, [...nodes.keys()]));
  for (const [name, node] of nodes) if (mistakes.length < mostMistakes) checkNode(node, memberPath("nodes", name), nodes, report);
  if (!isFlow(value, mistakes)) return refused(mistakes);
  warnUnreachable(value, report);
  return { ok: true, document: value, hash: documentHash(value), warnings };
}

/** A value in which the checks found nothing is what they check for. */
function isFlow(_value: unknown, mistakes: readonly FlowRemark[]): _value is FlowDocument {
  return mistakes.length === 0;
}

function isNode(_value: unknown, mistakes: readonly FlowRemark[]): _value is FlowNode {
  return mistakes.length === 0;
}

function refused(mistakes: readonly FlowRemark[]): FlowValidation {
  return { ok: false, mistakes: mistakes.slice(0, mostMistakes) };
}

const nodeName: Check = text(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, "named with letters, digits, - and _, at most 64");

const flow: Check = object({
  start: text(/^/, "the name of a node"),
  nodes: record(nodeName, anything, 1, mostNodes),
  variables: optional(record(variable, anything, 0, 100)),
  ui: optional(anything),
});

function checkNode(value: unknown, path: string, nodes: ReadonlyMap<string, unknown>, report: Report): void {
  const verb = verbOf(value, path, report);
  if (verb === undefined) return;
  const mistakes: FlowRemark[] = [];
  const own: Report = { ...report, mistake: (at, message) => mistakes.push({ path: at, message }) };
  object({ ...verb.fields, ...sharedFields }).check(value, path, own);
  for (const [exit, target] of members(member(value, "exits")) ?? [])
    if (typeof target === "string" && !nodes.has(target))
      own.mistake(memberPath(`${path}.exits`, exit), unknownName("node", target, [...nodes.keys()]));
  if (isNode(value, mistakes)) {
    verb.check?.(value, path, own);
    const known = verb.exits(value);
    for (const exit of Object.keys(value.exits ?? {}))
      if (!known.includes(exit)) own.mistake(memberPath(`${path}.exits`, exit), unknownName("exit", exit, known));
  }
  for (const { path: at, message } of mistakes) report.mistake(at, message);
}

const sharedFields = { verb: anything, exits: optional(record(anything, text(/^/, "the name of a node"), 0, 60)), ui: optional(anything) };

function verbOf(value: unknown, path: string, report: Report): Verb | undefined {
  const name = member(value, "verb");
  if (isVerb(name)) return verbs[name];
  if (members(value) === undefined) report.mistake(path, "must be an object");
  else if (typeof name === "string") report.mistake(`${path}.verb`, unknownName("verb", name, Object.keys(verbs)));
  else report.mistake(`${path}.verb`, name === undefined ? "is missing" : "must be the name of a verb");
  return undefined;
}

function isVerb(name: unknown): name is FlowNode["verb"] {
  return typeof name === "string" && Object.hasOwn(verbs, name);
}

function warnUnreachable(document: FlowDocument, report: Report): void {
  const reached = new Set([document.start]);
  for (const name of reached) for (const target of Object.values(document.nodes[name]?.exits ?? {})) reached.add(target);
  for (const name of Object.keys(document.nodes))
    if (!reached.has(name)) report.warning(memberPath("nodes", name), "cannot be reached from the start");
}
