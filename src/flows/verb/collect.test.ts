import { expect, test } from "vitest";
import type { CollectNode } from "../document.ts";
import { trialOf } from "../trial.ts";

const ask: CollectNode = {
  verb: "collect",
  prompt: [{ say: "Your code?" }],
  maxDigits: 4,
  minDigits: 2,
  timeoutMs: 5000,
  interDigitTimeoutMs: 1000,
  into: "code",
};

test("counts the time for the first digit from the end of the prompt", () => {
  const trial = trialOf(ask);
  expect(trial.start()?.wait).toEqual({ for: "prompt" });
  trial.now = 60_000;
  expect(trial.promptEnds()?.wait).toEqual({ for: "digits", deadlineAt: 65_000, memory: "" });
  expect(trial.deadline()).toMatchObject({ exit: "timeout", set: { code: "" } });
});

test("without a prompt it waits at once", () => {
  const { prompt: _prompt, ...bare } = ask;
  expect(trialOf(bare).start()).toMatchObject({ wait: { for: "digits", deadlineAt: 6000 }, actions: [] });
});

test("a digit stops the prompt and is the first of the entry; the late end of the prompt means nothing", () => {
  const trial = trialOf(ask);
  trial.start();
  expect(trial.digits("7")).toMatchObject({
    wait: { for: "digits", memory: "7", deadlineAt: 2000 },
    actions: [{ kind: "stop-prompt", promptId: "prompt-1" }],
  });
  expect(trial.promptEnds("digit")).toBeUndefined();
  expect(trial.digits("890")).toMatchObject({ exit: "digits", set: { code: "7890" } });
});

test("without barge-in a digit during the prompt is not heard", () => {
  const trial = trialOf({ ...ask, bargeIn: false });
  expect(trial.start()?.actions).toMatchObject([{ bargeIn: false }]);
  expect(trial.digits("7")).toBeUndefined();
});

test.each([
  ["the finishing digit ends it and is left out", {}, "123#", "digits", "123"],
  ["as many digits as fit end it", {}, "1234", "digits", "1234"],
  ["too few before the finishing digit", {}, "1#", "no-match", "1"],
  ["an own finishing digit", { finishOn: "*" }, "1#2*", "digits", "1#2"],
  ["one of the options", { options: ["12", "34"] }, "34#", "digits", "34"],
  ["none of the options", { options: ["12", "34"] }, "99#", "no-match", "99"],
] as const)("%s", (_name, more, pressed, exit, code) => {
  const trial = trialOf({ ...ask, ...more });
  trial.start();
  trial.promptEnds();
  expect(trial.digits(pressed)).toMatchObject({ exit, set: { code } });
});

test.each([
  ["1", "no-match"],
  ["12", "digits"],
])("digits %s and then silence: %s", (pressed, exit) => {
  const trial = trialOf(ask);
  trial.start();
  trial.promptEnds();
  trial.digits(pressed);
  expect(trial.deadline()).toMatchObject({ exit, set: { code: pressed } });
});

test("a prompt that fails takes the exit error", () => {
  const trial = trialOf(ask);
  trial.start();
  expect(trial.promptEnds("failed")?.exit).toBe("error");
});
