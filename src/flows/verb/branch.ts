import type { BranchNode } from "../document.ts";
import { isTrue } from "../expression/evaluator.ts";
import { expression, list, object, text } from "../validation/check.ts";
import { leave, type Verb } from "../verb.ts";

export const branch: Verb<BranchNode> = {
  verb: "branch",
  fields: {
    branches: list(
      object({ when: expression, exit: text(/^[a-zA-Z0-9_-]{1,64}$/, "an exit name: letters, digits, - and _, at most 64") }),
      1,
      50,
    ),
  },
  exits: (node) => [...new Set([...node.branches.map(({ exit }) => exit), "else"])],
  enter: (node, visit) => leave(node.branches.find(({ when }) => isTrue(visit.evaluate(when)))?.exit ?? "else"),
};
