import type { PlayNode } from "../document.ts";
import { flag, optional, template } from "../validation/check.ts";
import { repeat } from "../validation/fields.ts";
import { leave, playPrompt, promptEnd, promptItems, type Verb } from "../verb.ts";

export const play: Verb<PlayNode> = {
  verb: "play",
  fields: { audio: template, bargeIn: optional(flag), repeat: optional(repeat) },
  exits: () => ["done", "error"],
  enter: (node, visit) => playPrompt(promptItems([{ play: node.audio }], visit), node.bargeIn ?? false, visit, node.repeat),
  on(_node, event, _wait, visit) {
    const end = promptEnd(event, visit);
    return end && leave(end === "played" ? "done" : "error");
  },
};
