import type { SetNode } from "../document.ts";
import { expression, optional, record, templates, variable } from "../validation/check.ts";
import { leave, type Variables, type Verb } from "../verb.ts";

export const set: Verb<SetNode> = {
  verb: "set",
  fields: { values: optional(record(variable, templates, 1, 50)), expressions: optional(record(variable, expression, 1, 50)) },
  exits: () => ["done", "error"],
  check(node, path, report) {
    if (node.values === undefined && node.expressions === undefined) report.mistake(path, "needs values or expressions");
  },
  enter(node, visit) {
    let variables: Variables = {};
    for (const [name, value] of Object.entries(node.values ?? {})) variables = { ...variables, [name]: visit.renderAll(value) };
    for (const [name, source] of Object.entries(node.expressions ?? {}))
      variables = { ...variables, [name]: visit.evaluate(source, variables) };
    return leave("done", variables);
  },
};
