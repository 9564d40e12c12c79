import type { SayNode } from "../document.ts";
import { flag, optional, template } from "../validation/check.ts";
import { repeat, voice } from "../validation/fields.ts";
import { leave, playPrompt, promptEnd, promptItems, type Verb } from "../verb.ts";

export const say: Verb<SayNode> = {
  verb: "say",
  fields: { text: template, voice: optional(voice), bargeIn: optional(flag), repeat: optional(repeat) },
  exits: () => ["done", "error"],
  enter(node, visit) {
    const items = promptItems([{ say: node.text, ...(node.voice !== undefined && { voice: node.voice }) }], visit);
    return items.length === 0 ? leave("done") : playPrompt(items, node.bargeIn ?? false, visit, node.repeat);
  },
  on(_node, event, _wait, visit) {
    const end = promptEnd(event, visit);
    return end && leave(end === "played" ? "done" : "error");
  },
};
