/**
 * | waits for | event | then |
 * |---|---|---|
 * | prompt | prompt-ended | digits, until timeoutMs |
 * | prompt | prompt-ended, failed | exit error |
 * | prompt | digit, with barge-in | stops the prompt, as below |
 * | digits | digit, entry not complete | digits, until interDigitTimeoutMs |
 * | digits | digit that completes or ends the entry | exit digits or no-match |
 * | digits | deadline | exit timeout without digits, else digits or no-match |
 *
 * The memory of the wait is the text of the digits so far.
 */
import type { ScriptAction, ScriptWait } from "../../calls/index.ts";
import type { CollectNode } from "../document.ts";
import { flag, integer, list, optional, text, variable } from "../validation/check.ts";
import { digitSet, prompt } from "../validation/fields.ts";
import { into, leave, playPrompt, promptEnd, promptItems, type Turn, type Verb, type Visit } from "../verb.ts";

const mostDigits = 64;

export const collect: Verb<CollectNode> = {
  verb: "collect",
  fields: {
    prompt: optional(prompt),
    bargeIn: optional(flag),
    maxDigits: integer(1, mostDigits),
    minDigits: optional(integer(1, mostDigits)),
    finishOn: optional(digitSet),
    timeoutMs: optional(integer(100, 300_000)),
    interDigitTimeoutMs: optional(integer(100, 60_000)),
    options: optional(list(text(/^[0-9*#A-D]{1,64}$/, "digits from 0-9, *, #, A-D"), 1, 100)),
    into: variable,
  },
  exits: () => ["digits", "timeout", "no-match", "error"],
  keepsDigits: true,
  check(node, path, report) {
    if (node.minDigits !== undefined && node.minDigits > node.maxDigits)
      report.mistake(`${path}.minDigits`, "must not be more than maxDigits");
    for (const [index, option] of (node.options ?? []).entries())
      if (!isPossible(option, node)) report.mistake(`${path}.options.${index}`, "can never be entered with these limits");
  },
  enter(node, visit) {
    const items = promptItems(node.prompt ?? [], visit);
    return items.length > 0 ? playPrompt(items, bargesIn(node), visit) : { kind: "wait", wait: waitForFirst(node, visit) };
  },
  on(node, event, wait, visit) {
    if (wait.for === "prompt") {
      const end = promptEnd(event, visit);
      if (end === "failed") return leave("error");
      if (end === "played") return { kind: "wait", wait: waitForFirst(node, visit) };
      if (event.kind !== "digit" || !bargesIn(node)) return undefined;
      return addDigit(node, "", event.digit, visit, [{ kind: "stop-prompt", promptId: visit.id("prompt") }]);
    }
    const digits = typeof wait.memory === "string" ? wait.memory : "";
    if (event.kind === "digit") return addDigit(node, digits, event.digit, visit);
    if (event.kind !== "deadline") return undefined;
    return digits === "" ? leave("timeout", into(node.into, "")) : complete(node, digits);
  },
};

function bargesIn(node: CollectNode): boolean {
  return node.bargeIn ?? true;
}

function finishers(node: CollectNode): string {
  return node.finishOn ?? "#";
}

function isPossible(option: string, node: CollectNode): boolean {
  if (option.length > node.maxDigits || option.length < (node.minDigits ?? 1)) return false;
  return !Array.from(option).some((digit) => finishers(node).includes(digit));
}

function waitForFirst(node: CollectNode, visit: Visit): ScriptWait {
  return { for: "digits", deadlineAt: visit.now + (node.timeoutMs ?? 5000), memory: "" };
}

function addDigit(node: CollectNode, before: string, digit: string, visit: Visit, actions: readonly ScriptAction[] = []): Turn {
  if (finishers(node).includes(digit)) return complete(node, before, actions);
  const digits = before + digit;
  if (digits.length >= node.maxDigits) return complete(node, digits, actions);
  return { kind: "wait", wait: { for: "digits", deadlineAt: visit.now + (node.interDigitTimeoutMs ?? 3000), memory: digits }, actions };
}

function complete(node: CollectNode, digits: string, actions: readonly ScriptAction[] = []): Turn {
  const matches = digits.length >= (node.minDigits ?? 1) && (node.options?.includes(digits) ?? true);
  return leave(matches ? "digits" : "no-match", into(node.into, digits), actions);
}
