import { expect, test } from "vitest";
import type { RecordNode } from "../document.ts";
import { Trial, trialOf } from "../trial.ts";

const message: RecordNode = {
  verb: "record",
  prompt: [{ say: "Speak after the tone." }, { pauseMs: 200 }],
  maxMs: 90_000,
  into: "message",
};
const ended = (reason: string) => ({ kind: "recording-ended", recordingId: "recording-1", reason, durationMs: 4200 }) as const;

test("speaks, beeps, records, and tells which recording it is", () => {
  const trial = trialOf(message);
  expect(trial.start()?.actions).toMatchObject([
    {
      kind: "play",
      items: [{ kind: "speech" }, { kind: "silence", durationMs: 200 }, { kind: "tone", frequencyHz: 1000, durationMs: 300 }],
      bargeIn: false,
    },
  ]);
  expect(trial.promptEnds()).toMatchObject({
    wait: { for: "recording" },
    actions: [{ kind: "record", recordingId: "recording-1", maxMs: 90_000, silenceMs: 5000, finishOn: "#", hears: "peer" }],
  });
  expect(trial.give({ ...ended("digit"), recordingId: "recording-7" })).toBeUndefined();
  expect(trial.give({ ...ended("digit"), digit: "#" })).toMatchObject({
    exit: "done",
    set: { message: { recordingId: "recording-1", durationMs: 4200, reason: "digit", digit: "#" } },
  });
});

test("without prompt and beep it records at once", () => {
  expect(trialOf({ verb: "record", beep: false }).start()?.wait).toEqual({ for: "recording" });
});

test.each([
  ["maximum", {}, "done"],
  ["silence", {}, "done"],
  ["silence", { silence: "only" }, "only"],
  ["failed", {}, "error"],
])("a recording that ends by %s with exits %j leads to %s", (reason, exits, expected) => {
  const trial = new Trial({ start: "only", nodes: { only: { verb: "record", beep: false, exits } } });
  trial.start();
  const step = trial.give(ended(reason));
  expect(step?.exit ?? step?.node).toBe(expected);
});
