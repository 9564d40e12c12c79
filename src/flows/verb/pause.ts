import type { PauseNode } from "../document.ts";
import { integer } from "../validation/check.ts";
import { leave, type Verb } from "../verb.ts";

export const pause: Verb<PauseNode> = {
  verb: "pause",
  fields: { durationMs: integer(20, 3_600_000) },
  exits: () => ["done"],
  endsWithEntry: true,
  enter: (node, visit) => ({ kind: "wait", wait: { for: "deadline", deadlineAt: visit.now + node.durationMs } }),
  on: (_node, event) => (event.kind === "deadline" ? leave("done") : undefined),
};
