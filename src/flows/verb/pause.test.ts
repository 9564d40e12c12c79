import { expect, test } from "vitest";
import { trialOf } from "../trial.ts";

test("waits for its deadline and for nothing else", () => {
  const trial = trialOf({ verb: "pause", durationMs: 2000 });
  expect(trial.start()?.wait).toEqual({ for: "deadline", deadlineAt: 3000 });
  expect(trial.digits("1")).toBeUndefined();
  expect(trial.deadline()?.exit).toBe("done");
});
