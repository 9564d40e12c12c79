import type { SendDigitsNode } from "../document.ts";
import { template } from "../validation/check.ts";
import { leave, ScriptFault, type Verb } from "../verb.ts";

export const sendDigits: Verb<SendDigitsNode> = {
  verb: "send-digits",
  fields: { digits: template },
  exits: () => ["done", "error"],
  enter(node, visit) {
    const digits = visit.render(node.digits).trim();
    if (!/^[0-9*#A-D]{1,64}$/.test(digits)) throw new ScriptFault("these are not 1 to 64 digits from 0-9, *, #, A-D");
    return { kind: "wait", wait: { for: "digits-sent" }, actions: [{ kind: "send-digits", digitsId: visit.id("digits"), digits }] };
  },
  on(_node, event, _wait, visit) {
    if (event.kind !== "digits-sent" || event.digitsId !== visit.id("digits")) return undefined;
    return leave(event.sent ? "done" : "error");
  },
};
