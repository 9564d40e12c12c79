import { expect, test } from "vitest";
import { trialOf } from "../trial.ts";

test.each([
  [true, 200, "accepted"],
  [false, 486, "failed"],
])("taken: %s takes the exit", (accepted, status, exit) => {
  const trial = trialOf({ verb: "refer", to: "+{{ number }}", into: "other" }, { number: 12025550100 });
  expect(trial.start()).toMatchObject({ wait: { for: "refer" }, actions: [{ kind: "refer", referId: "refer-1", to: "+12025550100" }] });
  expect(trial.give({ kind: "refer-ended", referId: "refer-2", accepted, status })).toBeUndefined();
  expect(trial.give({ kind: "refer-ended", referId: "refer-1", accepted, status })).toMatchObject({ exit, set: { other: { status } } });
});

test("to nobody it is a fault of the flow", () => {
  expect(trialOf({ verb: "refer", to: "{{ nobody }}" }, { nobody: "" }).start()).toMatchObject({ exit: "error", actions: [] });
});
