import { expect, test } from "vitest";
import { trialOf } from "../trial.ts";

test("renders values, then evaluates expressions over them, in order", () => {
  const trial = trialOf(
    {
      verb: "set",
      values: { greeting: "Hi {{ caller.number }}", list: [1, { deep: "{{ tries }}" }] },
      expressions: { tries: "tries + 1", last: "greeting endsWith '3093' and tries == 3" },
    },
    { tries: 2 },
  );
  expect(trial.start()).toMatchObject({
    exit: "done",
    set: { greeting: "Hi +18144043093", list: [1, { deep: "2" }], tries: 3, last: true },
  });
});

test("variables that grow too large take the exit error and are not kept", () => {
  const trial = trialOf(
    { verb: "set", values: { big: Array.from({ length: 8 }, () => "{{ long }}{{ long }}") } },
    { long: "x".repeat(6000) },
  );
  expect(trial.start()).toMatchObject({ exit: "error", set: { error: { reason: "the variables are too large" } } });
  expect(trial.state.variables).not.toHaveProperty("big");
});
