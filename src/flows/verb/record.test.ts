import { expect, test } from "vitest";
import type { RecordNode } from "../document.ts";
import { Trial, trialOf } from "../trial.ts";
import { validateFlow } from "../validation/validate.ts";

const message: RecordNode = {
  verb: "record",
  prompt: [{ say: "Speak after the tone." }, { pauseMs: 200 }],
  maxMs: 90_000,
  into: "message",
};
const storedAs = "5".repeat(24);
const ended = (reason: string) => ({ kind: "recording-ended", recordingId: "recording-1", storedAs, reason, durationMs: 4200 }) as const;

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
    set: { message: { recordingId: storedAs, durationMs: 4200, reason: "digit", digit: "#" } },
  });
});

const document = (node: object) => ({ start: "only", nodes: { only: node } });

test("says what is in the file, and takes two channels only of two sides", () => {
  const whole = { verb: "record", beep: false, hears: "both", channels: 2, format: "mp3" } as const;
  expect(trialOf(whole).start()?.actions).toMatchObject([{ kind: "record", hears: "both", channels: 2, format: "mp3" }]);
  expect(trialOf({ ...whole, channels: 1, format: "wav" }).start()?.actions[0]).not.toHaveProperty(["channels"]);
  expect(validateFlow(document(whole))).toMatchObject({ ok: true });
  expect(validateFlow(document({ ...whole, hears: "peer" }))).toMatchObject({
    ok: false,
    mistakes: [{ path: "nodes.only.channels", message: expect.stringContaining('"both"') as string }],
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
