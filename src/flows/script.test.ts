import { expect, test } from "vitest";
import { demoFlow, menuFlow } from "./examples.ts";
import { Trial } from "./trial.ts";

test("the demo flow greets, collects one digit, repeats it and hangs up", () => {
  const trial = new Trial(demoFlow);
  expect(trial.start()?.actions).toMatchObject([{ items: [{ text: "Hello 1 8 1 4 4 0 4 3 0 9 3. This is Callwright." }] }]);
  expect(trial.promptEnds()).toMatchObject({ node: "ask", visit: 2, actions: [{ kind: "play", promptId: "prompt-2", bargeIn: true }] });
  expect(trial.digits("5")).toMatchObject({
    node: "confirm",
    set: { choice: "5" },
    actions: [{ kind: "stop-prompt" }, { items: [{ text: "You pressed 5." }] }],
  });
  expect(trial.promptEnds()?.node).toBe("goodbye");
  expect(trial.promptEnds()).toEqual({ node: null, visit: 5, wait: null, exit: "hung-up", actions: [] });
  expect(trial.digits("5")).toBeUndefined();
});

test("the menu asks again, at most three times", () => {
  const trial = new Trial(menuFlow);
  trial.start();
  for (const expected of ["ask", "ask", null]) {
    trial.promptEnds();
    expect(trial.digits("9")?.node).toBe(expected);
  }
  expect(trial.state).toMatchObject({ exit: "hung-up", variables: { tries: 3, choice: "9" } });
});

test("several nodes without a wait are one step, with all their variables", () => {
  const trial = new Trial({
    start: "a",
    variables: { n: 1, kept: "yes" },
    nodes: {
      a: { verb: "set", expressions: { n: "n + 1" }, exits: { done: "b" } },
      b: { verb: "set", expressions: { m: "n * 10" }, exits: { done: "c" } },
      c: { verb: "pause", durationMs: 100 },
    },
  });
  expect(trial.start()).toMatchObject({ node: "c", visit: 3, set: { n: 2, m: 20, kept: "yes" } });
});

test("a loop in which nothing waits ends with error", () => {
  const trial = new Trial({ start: "a", nodes: { a: { verb: "set", values: { x: 1 }, exits: { done: "a" } } } });
  expect(trial.start()).toMatchObject({ node: null, exit: "error", set: { error: { reason: "the flow goes round without end" } } });
  expect(trial.state.visit).toBe(200);
});

test("a loop that fails again and again ends with error", () => {
  const trial = new Trial({ start: "a", nodes: { a: { verb: "say", text: "Hi", exits: { error: "a" } } } });
  trial.start();
  while (trial.state.node !== null) trial.promptEnds("failed");
  expect(trial.state).toMatchObject({ visit: 10_000, exit: "error" });
});

test("a fault takes the exit error when it is connected, and tells why", () => {
  const trial = new Trial({
    start: "a",
    nodes: { a: { verb: "send-digits", digits: "{{ nothing }}", exits: { error: "b" } }, b: { verb: "say", text: "{{ error.reason }}" } },
  });
  expect(trial.start()).toMatchObject({ node: "b", actions: [{ items: [{ text: "these are not 1 to 64 digits from 0-9, *, #, A-D" }] }] });
});

test("the values of the call cannot be replaced by variables", () => {
  const trial = new Trial({
    start: "a",
    variables: { caller: { number: "forged" } },
    nodes: { a: { verb: "say", text: "{{ caller.number }}" } },
  });
  expect(trial.start()?.actions).toMatchObject([{ items: [{ text: "+18144043093" }] }]);
});

test("a node that the document does not have ends with error", () => {
  const trial = new Trial(demoFlow);
  trial.start();
  trial.state = { ...trial.state, node: "gone" };
  expect(trial.promptEnds()).toMatchObject({ node: null, exit: "error" });
});

test("the first event begins once", () => {
  const trial = new Trial(demoFlow);
  expect(trial.promptEnds()).toBeUndefined();
  trial.start();
  expect(trial.start()).toBeUndefined();
});
