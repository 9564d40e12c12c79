import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Json, Outcome, ScriptAction, ScriptEvent, ScriptState, ScriptStep } from "../calls/index.ts";
import type { FlowDocument, FlowNode } from "./document.ts";
import { Trial } from "./trial.ts";
import type { Plan } from "./verb.ts";
import { isJson } from "./validation/canonical-json.ts";
import { validateFlow } from "./validation/validate.ts";

const names = ["a", "b", "c", "d", "e"];
const template = fc.constantFrom("Hi", "{{ x }}", "{{ caller.number }}", "{{ y | append: x }}", "12#", "{{ x | digits }}");
const expression = fc.constantFrom("x == 1", "x + 1", "not y", "x contains '1'", "error.visit > 3", "y.body.a");
const exits = fc.dictionary(
  fc.constantFrom("done", "error", "digits", "timeout", "no-match", "busy", "ok", "failed", "else", "yes", "silence"),
  fc.constantFrom(...names),
);
const body: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  fc.record({ verb: fc.constant("say"), text: template, bargeIn: fc.boolean(), repeat: fc.constantFrom(-1, 0, 2) }),
  fc.record({ verb: fc.constant("play"), audio: template }),
  fc.record({ verb: fc.constant("pause"), durationMs: fc.integer({ min: 20, max: 5000 }) }),
  fc.record({
    verb: fc.constant("collect"),
    maxDigits: fc.integer({ min: 1, max: 3 }),
    into: fc.constant("x"),
    bargeIn: fc.boolean(),
    prompt: fc.array(fc.record({ say: template }), { maxLength: 2 }),
  }),
  fc.record({ verb: fc.constant("dial"), to: template, into: fc.constant("y"), maxMs: fc.constant(9000), record: fc.boolean() }),
  fc.record({
    verb: fc.constant("gather"),
    url: fc.constantFrom("https://a.example/{{ x }}", "{{ x }}"),
    body: fc.constant({ a: "{{ y }}" }),
    tonesAs: fc.constant("tones"),
    maxDigits: fc.integer({ min: 1, max: 4 }),
    submitOnHash: fc.boolean(),
    format: fc.constant("plain"),
  }),
  fc.record({
    verb: fc.constant("fetch-plan"),
    url: fc.constant("https://a.example/"),
    body: fc.constant({}),
    format: fc.constant("plain"),
  }),
  fc.record({ verb: fc.constant("record"), beep: fc.boolean(), into: fc.constant("y") }),
  fc.record({ verb: fc.constant("set"), values: fc.record({ y: template }), expressions: fc.record({ x: expression }) }),
  fc.record({ verb: fc.constant("branch"), branches: fc.tuple(fc.record({ when: expression, exit: fc.constant("yes") })) }),
  fc.record({ verb: fc.constant("request"), url: fc.constantFrom("https://a.example/{{ x }}", "{{ x }}"), into: fc.constant("y") }),
  fc.record({ verb: fc.constant("send-digits"), digits: template }),
  fc.record({ verb: fc.constant("refer"), to: fc.constantFrom("+12025550100", "{{ x }}") }),
  fc.record({ verb: fc.constant("hang-up") }),
);
/** Only exits that the verb has are kept, so that every document passes. */
const flow = fc.tuple(...names.map(() => fc.tuple(body, exits))).map((nodes): FlowDocument => {
  const all = nodes.map(
    ([node, wanted], index) => [names[index] ?? "", { ...node, exits: known(node as unknown as FlowNode, wanted) }] as const,
  );
  return { start: "a", nodes: Object.fromEntries(all) as unknown as FlowDocument["nodes"] };
});

function known(node: FlowNode, wanted: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(wanted).filter(([exit, target]) => {
      const document = { start: "only", nodes: { only: { ...node, exits: { [exit]: target } }, [target]: { verb: "hang-up" } } };
      return validateFlow(document).ok;
    }),
  );
}

/** What may end a wait other than its deadline; the action must have been given in the visit. */
const endedBy: Readonly<Record<string, ScriptAction["kind"]>> = {
  prompt: "play",
  dial: "dial",
  talk: "dial",
  recording: "record",
  request: "request",
  plan: "request",
  "digits-sent": "send-digits",
  refer: "refer",
};

type Choice = readonly [kind: number, visits: number, detail: number, value: Json];
const choice: fc.Arbitrary<Choice> = fc.tuple(
  fc.nat(10),
  fc.constantFrom(0, 0, 0, 0, 1),
  fc.nat(5),
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
);

/** An event for the visit the script is in, or for the one before. */
function eventOf([kind, back, detail, value]: Choice, { visit, gathered }: ScriptState): ScriptEvent {
  const at = visit - back;
  const outcomes: readonly Outcome["result"][] = ["completed", "busy", "no-answer", "rejected", "failed", "no-route"];
  const outcome: Outcome = { result: outcomes[detail] ?? "failed", side: "remote", q850: 16, text: "" };
  const all: readonly ScriptEvent[] = [
    { kind: "started" },
    { kind: "prompt-ended", promptId: `prompt-${at}`, reason: (["finished", "digit", "failed", "stopped"] as const)[detail] ?? "finished" },
    { kind: "digit", digit: "0123#*"[detail] ?? "0" },
    { kind: "deadline" },
    { kind: "dial-answered", dialId: `dial-${at}` },
    { kind: "dial-ended", dialId: `dial-${at}`, outcome, answered: detail === 0, talkedMs: detail },
    {
      kind: "recording-ended",
      recordingId: `recording-${at}`,
      storedAs: "5".repeat(24),
      reason: ["maximum", "silence", "digit", "failed", "stopped"][detail] ?? "digit",
      durationMs: 5,
    },
    { kind: "digits-sent", digitsId: `digits-${at}`, sent: detail > 2 },
    ...[`request-${at}`, `plan-${at}`, `gathered-${(gathered?.submissions ?? 0) - back}`].map((requestId) => ({
      kind: "request-ended" as const,
      requestId,
      status: [0, 200, 404, 500, 204, 0][detail] ?? 0,
      body: value,
      ...(detail === 0 && { error: "timeout" }),
    })),
  ];
  return all[kind] ?? { kind: "deadline" };
}

/** Some answers are plans. */
function readPlan(_format: string, answer: Json): Plan | undefined {
  if (typeof answer !== "string" && typeof answer !== "number") return undefined;
  const nodes = { a: { verb: "say", text: "Next", bargeIn: true, exits: { done: "b" } }, b: { verb: "pause", durationMs: 500 } } as const;
  return { document: { start: "a", nodes }, hash: String(answer) };
}

test("any flow under any events ends or waits for something that can come", () => {
  fc.assert(
    fc.property(flow, fc.array(choice, { maxLength: 60 }), (document, choices) => {
      expect(validateFlow(document)).toMatchObject({ ok: true });
      const trial = new Trial(document, readPlan);
      const given = new Map<number, ScriptAction["kind"][]>();
      const ids = new Set<string>();
      const check = (step: ScriptStep) => {
        expect(isJson(trial.state.variables)).toBe(true);
        expect((step.node === null) === (step.wait === null)).toBe(true);
        expect((step.node === null) === (step.exit !== undefined)).toBe(true);
        given.set(step.visit, [...(given.get(step.visit) ?? []), ...step.actions.map(({ kind }) => kind)]);
        for (const action of step.actions) {
          const id = JSON.stringify({ ...action, items: 0, to: 0, digits: 0, url: 0 });
          expect(ids.has(id)).toBe(false);
          ids.add(id);
        }
        if (step.wait === null || step.wait.deadlineAt !== undefined) return;
        if (step.wait.for === "gathered-answer") expect((step.gathered ?? trial.state.gathered)?.isPending).toBe(true);
        else expect(given.get(step.visit)).toContain(endedBy[step.wait.for]);
      };
      const checkNew = () => trial.steps.splice(0).forEach(check);
      trial.start();
      checkNew();
      for (const each of choices) {
        trial.now += 10;
        const before = trial.state;
        const event = eventOf(each, before);
        trial.give(event);
        checkNew();
        if (before.node === null) expect(trial.state).toBe(before);
      }
    }),
    { numRuns: 400 },
  );
});

test("the same state and event give the same step", () => {
  fc.assert(
    fc.property(flow, fc.array(choice, { maxLength: 20 }), (document, choices) => {
      const [one, other] = [new Trial(document, readPlan), new Trial(structuredClone(document), readPlan)];
      expect(one.start()).toEqual(other.start());
      for (const each of choices) {
        other.state = JSON.parse(JSON.stringify(other.state)) as ScriptState;
        const event = eventOf(each, one.state);
        expect(one.give(event)).toEqual(other.give(event));
      }
    }),
    { numRuns: 100 },
  );
});
