import { expect, test } from "vitest";
import { trialOf } from "../trial.ts";

test("speaks the text with its values and leaves when it was heard", () => {
  const trial = trialOf({ verb: "say", text: "Hello {{ caller.number }}", voice: "kal", bargeIn: true });
  expect(trial.start()).toEqual({
    node: "only",
    visit: 1,
    wait: { for: "prompt" },
    actions: [{ kind: "play", promptId: "prompt-1", items: [{ kind: "speech", text: "Hello +18144043093", voice: "kal" }], bargeIn: true }],
  });
  expect(trial.give({ kind: "prompt-ended", promptId: "prompt-0", reason: "finished" })).toBeUndefined();
  expect(trial.promptEnds("digit")?.exit).toBe("done");
});

test("a text that is empty with these values is not waited for", () => {
  expect(trialOf({ verb: "say", text: "{{ nothing }} " }).start()).toMatchObject({ node: null, exit: "done", actions: [] });
});

test("a prompt that cannot be made takes the exit error", () => {
  const trial = trialOf({ verb: "say", text: "Hello" });
  trial.start();
  expect(trial.promptEnds("failed")?.exit).toBe("error");
});

test.each([[0], [2], [-1]])("is repeated %i times by whoever plays it", (repeat) => {
  const [action] = trialOf({ verb: "say", text: "Hello", repeat }).start()?.actions ?? [];
  expect(action).toEqual({
    kind: "play",
    promptId: "prompt-1",
    items: [{ kind: "speech", text: "Hello" }],
    bargeIn: false,
    ...(repeat !== 0 && { repeat }),
  });
});
