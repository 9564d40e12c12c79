import { expect, test } from "vitest";
import { trialOf } from "../trial.ts";

test("ends the flow", () => {
  const trial = trialOf({ verb: "hang-up" });
  expect(trial.start()).toEqual({ node: null, visit: 1, wait: null, exit: "hung-up", actions: [] });
  expect(trial.start()).toBeUndefined();
});
