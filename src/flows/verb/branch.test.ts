import { expect, test } from "vitest";
import { trialOf } from "../trial.ts";

test.each([
  ["1", "sales"],
  ["2", "greek"],
  ["3", "else"],
])("choice %s takes the exit %s", (choice, exit) => {
  const trial = trialOf(
    {
      verb: "branch",
      branches: [
        { when: "choice == '1' and caller.number startsWith '+1'", exit: "sales" },
        { when: "choice == 2 and call.to contains '30'", exit: "greek" },
      ],
    },
    { choice },
  );
  expect(trial.start()?.exit).toBe(exit);
});
