import { expect, test } from "vitest";
import type { ScriptAction, ScriptStep } from "../calls/index.ts";
import type { FlowDocument, FlowNode, GatherNode } from "./document.ts";
import { Trial } from "./trial.ts";
import type { Plan } from "./verb.ts";

const gather: GatherNode = {
  verb: "gather",
  url: "https://app.example/tones?try={{ call.id }}",
  body: { caller: "{{ caller.number }}" },
  tonesAs: "tones",
  maxDigits: 4,
  format: "plain",
  exits: { done: "first" },
};

/** An answer names the text that the next flow speaks. */
function readPlan(format: string, answer: unknown): Plan | undefined {
  if (format !== "plain" || typeof answer !== "string") return undefined;
  const document: FlowDocument = { start: "say", nodes: { say: { verb: "say", text: answer, bargeIn: true } } };
  return { document, hash: answer };
}

function trialOf(first: FlowNode, changes: Partial<GatherNode> = {}, more: Readonly<Record<string, FlowNode>> = {}): Trial {
  const trial = new Trial({ start: "gather", nodes: { gather: { ...gather, ...changes }, first, ...more } }, readPlan);
  trial.start();
  return trial;
}

const posted = (step: ScriptStep | undefined) =>
  step?.actions.flatMap((action) => (action.kind === "request" ? [`${action.requestId} ${JSON.parse(action.body ?? "{}").tones}`] : [])) ??
  [];
const kindsOf = (step: ScriptStep | undefined) => step?.actions.map(({ kind }: ScriptAction) => kind);
const spokenBy = (step: ScriptStep | undefined) =>
  step?.actions.flatMap((action) => (action.kind === "play" ? action.items.map((item) => ("text" in item ? item.text : "")) : []));

const say: FlowNode = { verb: "say", text: "Long", exits: { done: "after" } };
const pause: FlowNode = { verb: "pause", durationMs: 9000, exits: { done: "after" } };
const after: Readonly<Record<string, FlowNode>> = { after: { verb: "say", text: "After" } };

test("the last of maxDigits posts the entry with what was declared; a plan takes over at once", () => {
  const trial = trialOf(say, {}, after);
  expect([posted(trial.digits("1")), posted(trial.digits("23"))]).toEqual([[], []]);
  expect(trial.state.node).toBe("first");
  expect(trial.digits("4")?.actions).toEqual([
    {
      kind: "request",
      requestId: "gathered-1",
      method: "POST",
      url: "https://app.example/tones?try=c1",
      headers: { "Content-Type": "application/json" },
      body: '{"caller":"+18144043093","tones":"1234"}',
      timeoutMs: 3000,
    },
  ]);
  expect(trial.state).toMatchObject({ node: "first", wait: { for: "prompt" } });
  expect(spokenBy(trial.answers("gathered-1", "Next"))).toEqual(["Next"]);
  expect(trial.state).toMatchObject({ pin: { hash: "Next" }, node: "say", gathered: { digits: "", isPending: false, submissions: 1 } });
});

test.each([
  ["no plan", { ok: false }, 200],
  ["a refusal", "Next", 500],
  ["no answer in time", null, 0],
] as const)("after %s the flow goes on as it was, and a late answer means nothing", (_name, body, status) => {
  const trial = trialOf(say, {}, after);
  trial.digits("1234");
  expect(trial.answers("gathered-1", body, status)).toMatchObject({ node: "first", wait: { for: "prompt" }, actions: [] });
  expect(trial.answers("gathered-1", "Next")).toBeUndefined();
  expect(posted(trial.digits("5678"))).toEqual(["gathered-2 5678"]);
  expect(spokenBy(trial.promptEnds())).toEqual(["After"]);
});

test("# completes an entry when it is told to, and is a tone like others when not", () => {
  const told = trialOf(say, { submitOnHash: true, maxDigits: 30 });
  expect(posted(told.digits("12"))).toEqual([]);
  expect(posted(told.digits("#"))).toEqual(["gathered-1 12"]);
  const plain = trialOf(say, { maxDigits: 3 });
  expect(posted(plain.digits("1##"))).toEqual(["gathered-1 1##"]);
});

test("a pause is cut short by an entry, and left when the answer is no plan", () => {
  const trial = trialOf(pause, { submitOnHash: true }, after);
  trial.digits("7");
  expect(trial.state.wait).toMatchObject({ for: "deadline" });
  trial.digits("#");
  expect(trial.state).toMatchObject({ node: "first", wait: { for: "gathered-answer" } });
  expect(trial.give({ kind: "deadline" })).toBeUndefined();
  expect(spokenBy(trial.answers("gathered-1", null, 0))).toEqual(["After"]);
});

test.each(["media tells first", "the tone comes first"])("a tone cuts a prompt with barge-in short and posts all so far: %s", (order) => {
  const trial = trialOf({ ...say, bargeIn: true }, { maxDigits: 30 }, after);
  if (order === "media tells first") {
    expect(trial.promptEnds("digit")).toMatchObject({ node: "first", wait: { for: "gathered-tone" }, actions: [] });
    expect(posted(trial.digits("1"))).toEqual(["gathered-1 1"]);
  } else {
    expect(kindsOf(trial.digits("1"))).toEqual(["request", "stop-prompt"]);
  }
  expect(trial.digits("2")?.actions).toEqual([]);
  // The second was typed ahead: it is posted with the first, once the answer to that is known.
  expect(posted(trial.answers("gathered-1", null, 0))).toEqual(["gathered-2 12"]);
  expect(trial.state.wait).toMatchObject({ for: "gathered-answer" });
  expect(spokenBy(trial.answers("gathered-2", false))).toEqual(["After"]);
});

test("a tone that never comes after its prompt was cut does not stop the flow", () => {
  const trial = trialOf({ ...say, bargeIn: true }, {}, after);
  trial.promptEnds("digit");
  expect(spokenBy(trial.deadline())).toEqual(["After"]);
});

test("what was typed ahead is for the flow that takes over", () => {
  const trial = trialOf(pause, { submitOnHash: true, maxDigits: 30 });
  trial.digits("1#2");
  expect(trial.state.gathered).toMatchObject({ digits: "", ahead: "2", isPending: true });
  const next = trial.answers("gathered-1", "Menu");
  // Its prompt can be barged into: the tone does.
  expect(posted(next)).toEqual(["gathered-2 2"]);
  expect(trial.state).toMatchObject({ pin: { hash: "Menu" }, wait: { for: "gathered-answer" } });
});

test("entries typed ahead are posted one after the other when no plan comes", () => {
  const trial = trialOf(say, { submitOnHash: true });
  expect(posted(trial.digits("1#2#3"))).toEqual([]);
  expect(trial.state.gathered).toEqual({ digits: "", ahead: "2#3", submissions: 1, isPending: true });
  expect(posted(trial.answers("gathered-1", null, 0))).toEqual(["gathered-2 2"]);
  expect(trial.answers("gathered-2", null, 0)?.gathered).toEqual({ digits: "3", ahead: "", submissions: 2, isPending: false });
});

test("a flow that has come to its end waits for an answer that may go on", () => {
  const [continued, over] = [trialOf({ verb: "pause", durationMs: 9000 }), trialOf({ verb: "say", text: "Long" })];
  continued.digits("12");
  over.digits("1234");
  expect(over.promptEnds()).toMatchObject({ node: "first", wait: { for: "gathered-answer" } });
  expect(over.answers("gathered-1", null, 0)).toMatchObject({ node: null, exit: "done" });
  expect(continued.deadline()).toMatchObject({ node: null, exit: "done" });
});

test("a hang-up that is meant waits for nothing", () => {
  const trial = trialOf(say, {}, { after: { verb: "hang-up" } });
  trial.digits("1234");
  expect(trial.promptEnds()).toMatchObject({ node: null, exit: "hung-up" });
});

test("a verb that collects digits keeps its own", () => {
  const trial = trialOf({ verb: "collect", maxDigits: 2, into: "pin" }, {}, after);
  expect(trial.digits("12")).toMatchObject({ exit: "digits", set: { pin: "12" } });
  expect(trial.state.gathered).toBeUndefined();
});

test("without gathering a prompt with barge-in is left by the tone, as ever", () => {
  const trial = new Trial({ start: "first", nodes: { first: { ...say, bargeIn: true }, ...after } });
  trial.start();
  expect(spokenBy(trial.promptEnds("digit"))).toEqual(["After"]);
});
