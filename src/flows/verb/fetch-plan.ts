import type { FetchPlanNode } from "../document.ts";
import { integer, optional, template } from "../validation/check.ts";
import { planFormat, templateObject } from "../validation/fields.ts";
import { leave, postPlan, type Verb } from "../verb.ts";
import { planTimeoutMs, rendered } from "./gather.ts";
import { address } from "./request.ts";

export const fetchPlan: Verb<FetchPlanNode> = {
  verb: "fetch-plan",
  fields: { url: template, body: templateObject, format: planFormat, timeoutMs: optional(integer(100, 30_000)) },
  exits: () => ["failed", "error"],
  enter(node, visit) {
    const { timeoutMs = planTimeoutMs } = node;
    const what = { url: address(node.url, visit), body: rendered(node.body, visit), timeoutMs };
    return { kind: "wait", wait: { for: "plan" }, actions: [postPlan(visit.id("plan"), what)] };
  },
  on(node, event, _wait, visit) {
    if (event.kind !== "request-ended" || event.requestId !== visit.id("plan")) return undefined;
    const plan = visit.plan(node.format, event);
    return plan === undefined ? leave("failed") : { kind: "replace", plan };
  },
};
