import { expect, test } from "vitest";
import { trialOf } from "../trial.ts";

test.each([
  [true, "done"],
  [false, "error"],
])("sent: %s takes the exit %s", (sent, exit) => {
  const trial = trialOf({ verb: "send-digits", digits: "{{ pin }}#" }, { pin: 1234 });
  expect(trial.start()).toMatchObject({
    wait: { for: "digits-sent" },
    actions: [{ kind: "send-digits", digitsId: "digits-1", digits: "1234#" }],
  });
  expect(trial.give({ kind: "digits-sent", digitsId: "digits-2", sent })).toBeUndefined();
  expect(trial.give({ kind: "digits-sent", digitsId: "digits-1", sent })?.exit).toBe(exit);
});

test.each(["", "12x", "1".repeat(65)])("%j cannot be sent", (pin) => {
  expect(trialOf({ verb: "send-digits", digits: "{{ pin }}" }, { pin }).start()).toMatchObject({ exit: "error", actions: [] });
});
