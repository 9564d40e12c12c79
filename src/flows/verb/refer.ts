import type { ReferNode } from "../document.ts";
import { optional, template, variable } from "../validation/check.ts";
import { into, leave, ScriptFault, type Verb } from "../verb.ts";

/** Waits for `refer-ended` of this visit: accepted → accepted, else → failed. */
export const refer: Verb<ReferNode> = {
  verb: "refer",
  fields: { to: template, into: optional(variable) },
  exits: () => ["accepted", "failed", "error"],
  enter(node, visit) {
    const to = visit.render(node.to).trim();
    if (to === "") throw new ScriptFault("there is nobody to refer to");
    return { kind: "wait", wait: { for: "refer" }, actions: [{ kind: "refer", referId: visit.id("refer"), to }] };
  },
  on(node, event, _wait, visit) {
    if (event.kind !== "refer-ended" || event.referId !== visit.id("refer")) return undefined;
    return leave(event.accepted ? "accepted" : "failed", into(node.into, { status: event.status }));
  },
};
