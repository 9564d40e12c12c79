/**
 * What a verb is. A verb holds nothing: where it stands is in the wait it gives back, whose memory it reads again with the next
 * event. All verbs are in verb/, one file each, and in the table of verbs.ts.
 */
import type { GatherOrder, Json, ScriptAction, ScriptEvent, ScriptWait } from "../calls/index.ts";
import type { PromptItem } from "../media/index.ts";
import type { FlowDocument, FlowNode, PromptPart } from "./document.ts";
import type { Check, Report } from "./validation/check.ts";

/** What a verb does now: stay in its node and wait, or leave it. */
export type Turn =
  | { readonly kind: "wait"; readonly wait: ScriptWait; readonly set?: Variables; readonly actions?: readonly ScriptAction[] }
  | {
      readonly kind: "leave";
      readonly exit: string;
      readonly set?: Variables;
      readonly actions?: readonly ScriptAction[];
      /** From now on tones are gathered like this. */
      readonly gather?: GatherOrder;
    }
  /** Another document takes over. */
  | { readonly kind: "replace"; readonly plan: Plan };

/** A document that was made of an answer, checked. */
export type Plan = { readonly document: FlowDocument; readonly hash: string };

export type Variables = Readonly<Record<string, Json>>;

export type RequestEnd = Extract<ScriptEvent, { kind: "request-ended" }>;

/** One stay in a node. */
export type Visit = {
  /** Epoch milliseconds. */
  readonly now: number;
  /** `prompt-3` in the third node visited: unique within the party. */
  id(purpose: string): string;
  /** The text of a template. Throws ScriptFault. */
  render(template: string): string;
  /** A value whose texts are templates. Throws ScriptFault. */
  renderAll(value: Json): Json;
  /** The value of an expression, with `set` on top of the variables. Throws ScriptFault. */
  evaluate(expression: string, set?: Variables): Json;
  /** The flow that an answer in this language is; undefined when it is none. */
  plan(format: string, answer: RequestEnd): Plan | undefined;
};

/** Something in the flow does not work with the values of this call: the node's `error` exit is taken. */
export class ScriptFault extends Error {}

type OwnFields<Node> = Exclude<keyof Node, "verb" | "exits" | "ui">;

export type Verb<Node extends FlowNode = FlowNode> = {
  readonly verb: Node["verb"];
  /** One check for each member of the node. */
  readonly fields: Readonly<Record<OwnFields<Node>, Check>>;
  /** The exits that may be connected. */
  exits(node: Node): readonly string[];
  /** Rules between members; the members themselves are right. */
  check?(node: Node, path: string, report: Report): void;
  /** Digits that come while this verb waits are its own, even when tones are gathered. */
  readonly keepsDigits?: true;
  /** When tones are gathered, a complete entry cuts this verb short; it is left by `done`. */
  readonly endsWithEntry?: true;
  enter(node: Node, visit: Visit): Turn;
  /** undefined: the event means nothing here. */
  on?(node: Node, event: ScriptEvent, wait: ScriptWait, visit: Visit): Turn | undefined;
};

export function leave(exit: string, set?: Variables, actions?: readonly ScriptAction[]): Turn {
  return { kind: "leave", exit, ...(set && { set }), ...(actions && { actions }) };
}

/** The variables an optional `into` gives. */
export function into(name: string | undefined, value: Json): Variables {
  return name === undefined ? {} : { [name]: value };
}

/** The prompt of a node, ready to play. Empty texts are left out. */
export function promptItems(parts: readonly PromptPart[], visit: Visit): readonly PromptItem[] {
  return parts.flatMap((part): PromptItem[] => {
    if ("say" in part) return speech(part.say, part.voice, visit);
    if ("play" in part) return [{ kind: "audio", uri: visit.render(part.play) }];
    if ("pauseMs" in part) return [{ kind: "silence", durationMs: part.pauseMs }];
    if ("toneHz" in part) return [{ kind: "tone", frequencyHz: part.toneHz, durationMs: part.durationMs }];
    const { networkTone: tone, country, durationMs } = part;
    return [{ kind: "network-tone", tone, durationMs, ...(country !== undefined && { country }) }];
  });
}

function speech(template: string, voice: string | undefined, visit: Visit): PromptItem[] {
  const text = visit.render(template).trim();
  return text === "" ? [] : [{ kind: "speech", text, ...(voice !== undefined && { voice }) }];
}

/** Plays `items` as this visit's prompt and waits for its end. */
export function playPrompt(items: readonly PromptItem[], bargeIn: boolean, visit: Visit, repeat = 0): Turn {
  return {
    kind: "wait",
    wait: { for: "prompt" },
    actions: [{ kind: "play", promptId: visit.id("prompt"), items, bargeIn, ...(repeat !== 0 && { repeat }) }],
  };
}

/** Whether this visit's prompt has ended, and if so whether it was heard. */
export function promptEnd(event: ScriptEvent, visit: Visit): "played" | "failed" | undefined {
  if (event.kind !== "prompt-ended" || event.promptId !== visit.id("prompt")) return undefined;
  return event.reason === "failed" ? "failed" : "played";
}

/** A request whose answer may be a plan. */
export function postPlan(
  requestId: string,
  { url, body, timeoutMs }: { readonly url: string; readonly body: Variables; readonly timeoutMs: number },
): ScriptAction {
  const headers = { "Content-Type": "application/json" };
  return { kind: "request", requestId, method: "POST", url, headers, body: JSON.stringify(body), timeoutMs };
}
