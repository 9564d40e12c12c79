import type { Json } from "../../calls/index.ts";
import type { GatherNode } from "../document.ts";
import { choice, flag, integer, optional, template, text } from "../validation/check.ts";
import { planFormat, templateObject } from "../validation/fields.ts";
import { leave, type Variables, type Verb, type Visit } from "../verb.ts";
import { address } from "./request.ts";

export const planTimeoutMs = 3000;

/** Only declares: what follows from it, whatever verb waits, is in gathering.ts. */
export const gather: Verb<GatherNode> = {
  verb: "gather",
  fields: {
    url: template,
    body: templateObject,
    tonesAs: text(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, "the name of a member"),
    maxDigits: integer(1, 255),
    submitOnHash: optional(flag),
    timeoutMs: optional(integer(100, 30_000)),
    format: planFormat,
    atEnd: optional(choice(["nothing", "digits", "empty"])),
  },
  exits: () => ["done", "error"],
  enter(node, visit) {
    const { tonesAs, maxDigits, submitOnHash = false, timeoutMs = planTimeoutMs, format, atEnd = "nothing" } = node;
    const places = { url: address(node.url, visit), body: rendered(node.body, visit) };
    return { ...leave("done"), gather: { ...places, tonesAs, maxDigits, submitOnHash, timeoutMs, format, atEnd } };
  },
};

export function rendered(body: Readonly<Record<string, Json>>, visit: Visit): Variables {
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, visit.renderAll(value)]));
}
