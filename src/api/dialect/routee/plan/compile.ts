/**
 * Dial plans as flow documents. Verbs follow each other whatever becomes of one; after the last the call ends. COLLECT is no step but a
 * rule for the whole call, so it comes first, and of several the last one counts.
 */
import type { Json } from "../../../../calls/index.ts";
import type { FlowDocument } from "../../../../flows/index.ts";
import { Mistakes } from "../request.ts";
import { literal } from "./literal.ts";
import type { CollectVerb, Destination, DialPlan, DialVerb, SayVerb, Verb } from "./plan.ts";
import { readPlan } from "./read.ts";

/** The name under which flows know the language of these plans. */
const format = "routee";

/** How long a customer's server may take over a plan. */
const planTimeoutMs = 3000;
/** Without a limit of its own a DIAL rings for as long as networks do. */
const networkRingMs = 180_000;

/** What is sent along with every question for a plan. */
const about = {
  messageId: "{{ party.id | uuid }}",
  conversationTrackingId: "{{ call.id | uuid }}",
  from: "{{ call.from }}",
  to: "{{ call.to | remove: 'sip:' }}",
} as const;

const voices = { female: "slt", male: "kal" } as const;

type Node = FlowDocument["nodes"][string];

/** The document that runs `plan`. Its variable `remarks` says what is spoken otherwise than asked for. */
export function compilePlan({ verbs }: DialPlan): FlowDocument {
  const collect = verbs.findLast((verb) => verb.type === "COLLECT");
  const steps = verbs.flatMap((verb) => (verb.type === "COLLECT" ? [] : stepOf(verb)));
  const all: readonly Step[] = [...(collect?.eventUrl === undefined ? [] : [gatherStep(collect, collect.eventUrl)]), ...steps];
  const nodes = all.map((step, index): [string, Node] => {
    // The last one leads nowhere: a flow that ends by itself still waits for the answer to tones that were sent off.
    const exits = index + 1 < all.length ? Object.fromEntries(step.exits.map((exit) => [exit, nameOf(index + 1)])) : {};
    // Each step is a node but for its exits.
    return [nameOf(index), { ...step.node, exits } as Node];
  });
  const remarks = remarksOn(verbs);
  return {
    start: nameOf(0),
    nodes: nodes.length === 0 ? { [nameOf(0)]: { verb: "hang-up" } } : Object.fromEntries(nodes),
    ...(remarks.length > 0 && { variables: { remarks } }),
  };
}

/** The document that asks `url` for a plan; without one the call ends, with the variable `planMissing`. `more` is sent along. */
export function compileQuestion(url: string, more: Readonly<Record<string, Json>> = {}): FlowDocument {
  return {
    start: "ask",
    nodes: {
      ask: {
        verb: "fetch-plan",
        url: literal(url),
        body: { ...about, ...more },
        format,
        timeoutMs: planTimeoutMs,
        exits: { failed: "missing", error: "missing" },
      },
      missing: { verb: "set", values: { planMissing: true } },
    },
  };
}

/** Leads whoever calls to `to`, who sees the number that calls. */
export function compileForwarding(to: Destination): FlowDocument {
  return {
    start: "forward",
    nodes: { forward: { verb: "dial", to: literal(addressOf(to)), ringMs: networkRingMs, callback: keptOf({ to }) } },
  };
}

/** Plans in the answers of customers' servers. */
export const routeePlanFormats = { [format]: planIn };

function planIn(answer: Json): FlowDocument | undefined {
  const mistakes = new Mistakes();
  const plan = readPlan(answer, "", mistakes);
  return plan === undefined || mistakes.any ? undefined : compilePlan(plan);
}

/** What a called party keeps of the DIAL that called it. */
export type KeptDial = Partial<Pick<DialVerb, "from">> & Pick<DialVerb, "to" | "callback">;

function keptOf({ from, to, callback }: KeptDial): Json {
  return { api: "routee", ...(from !== undefined && { from }), to, ...(callback && { callback }) };
}

/** Where calls to it go: E.164, or a SIP URI. */
export function addressOf(to: Destination): string {
  if ("sip" in to) return `sip:${to.sip}`;
  return "phone" in to ? to.phone : to.viber;
}

type Step = { readonly node: object; readonly exits: readonly string[] };

function stepOf(verb: Exclude<Verb, CollectVerb>): Step {
  switch (verb.type) {
    case "SAY": {
      const { message, repeat, bargeIn } = verb;
      return {
        node: { verb: "say", text: literal(message.text), voice: voices[message.gender], repeat, bargeIn },
        exits: ["done", "error"],
      };
    }
    case "PLAY":
      return {
        node: { verb: "play", audio: literal(verb.fileURL), repeat: verb.repeat, bargeIn: verb.bargeIn },
        exits: ["done", "error"],
      };
    case "PAUSE":
      return { node: { verb: "pause", durationMs: verb.duration * 1000 }, exits: ["done"] };
    case "DIAL":
      return { node: dialNode(verb), exits: ["done", "busy", "no-answer", "failed", "error"] };
  }
}

function dialNode(verb: DialVerb): object {
  const { from, to, hangupDelay, maxDuration, record } = verb;
  return {
    verb: "dial",
    to: literal(addressOf(to)),
    callerId: from,
    ringMs: hangupDelay === undefined ? networkRingMs : hangupDelay * 1000,
    ...(maxDuration !== undefined && { maxMs: maxDuration * 1000 }),
    record,
    callback: keptOf(verb),
  };
}

function gatherStep({ maxDigits, submitOnHash }: CollectVerb, eventUrl: string): Step {
  return {
    node: {
      verb: "gather",
      url: literal(eventUrl),
      body: about,
      tonesAs: "collectedTones",
      maxDigits,
      submitOnHash,
      timeoutMs: planTimeoutMs,
      format,
      atEnd: "empty",
    },
    exits: ["done", "error"],
  };
}

function nameOf(index: number): string {
  return `verb-${index + 1}`;
}

/** Every voice here is American. */
export function remarksOn(verbs: readonly Verb[]): readonly string[] {
  const asked = verbs.filter((verb): verb is SayVerb => verb.type === "SAY").map(({ message }) => message.language);
  return [...new Set(asked)].filter((language) => language !== "en-US").map((language) => `No voice speaks ${language}; en-US is spoken.`);
}
