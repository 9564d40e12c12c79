import { expect, test } from "vitest";
import type { Outcome } from "../../calls/index.ts";
import { trialOf } from "../trial.ts";
import { validateFlow } from "../validation/validate.ts";

const outcome = (result: Outcome["result"], sipStatus = 0): Outcome => ({
  result,
  side: "remote",
  q850: 16,
  text: "",
  ...(sipStatus > 0 && { sipStatus }),
});

test("dials, waits while they talk, and tells how it went", () => {
  const trial = trialOf({ verb: "dial", to: "{{ number }}", callerId: "{{ callee.number }}", into: "talk" }, { number: " +12025550100 " });
  expect(trial.start()).toMatchObject({
    wait: { for: "dial" },
    actions: [{ kind: "dial", dialId: "dial-1", to: "+12025550100", callerId: "+302101234567", ringMs: 30_000 }],
  });
  expect(trial.give({ kind: "dial-answered", dialId: "dial-9" })).toBeUndefined();
  expect(trial.give({ kind: "dial-answered", dialId: "dial-1" })).toMatchObject({
    node: "only",
    visit: 1,
    wait: { for: "talk" },
    actions: [],
  });
  expect(trial.give({ kind: "dial-answered", dialId: "dial-1" })).toBeUndefined();
  const end = trial.give({ kind: "dial-ended", dialId: "dial-1", outcome: outcome("completed"), answered: true, talkedMs: 900 });
  expect(end).toMatchObject({ exit: "done", set: { talk: { result: "completed", answered: true, talkedMs: 900, sipStatus: null } } });
});

test.each([
  ["busy", "busy"],
  ["no-answer", "no-answer"],
  ["rejected", "failed"],
  ["no-route", "failed"],
  ["cancelled", "failed"],
] as const)("a second party that was not reached (%s) takes the exit %s", (result, exit) => {
  const trial = trialOf({ verb: "dial", to: "+12025550100", ringMs: 5000 });
  trial.start();
  expect(trial.give({ kind: "dial-ended", dialId: "dial-1", outcome: outcome(result, 486), answered: false, talkedMs: 0 })?.exit).toBe(
    exit,
  );
});

test("a number that is empty with these values takes the exit error", () => {
  expect(trialOf({ verb: "dial", to: "{{ nothing }}" }).start()).toMatchObject({ exit: "error", actions: [] });
});

test("the talk has an end of its own, is recorded while it lasts, and what is to be told of it goes along", () => {
  const trial = trialOf({ verb: "dial", to: "+12025550100", maxMs: 60_000, record: true, callback: { url: "https://app.example" } });
  expect(trial.start()).toMatchObject({ actions: [{ kind: "dial", callback: { url: "https://app.example" } }] });
  expect(trial.give({ kind: "dial-answered", dialId: "dial-1" })).toMatchObject({
    wait: { for: "talk", deadlineAt: 61_000 },
    actions: [{ kind: "record", recordingId: "recording-1", hears: "both", silenceMs: 0, finishOn: "" }],
  });
  expect(trial.deadline()).toMatchObject({ wait: { for: "talk" }, actions: [{ kind: "end-dial", dialId: "dial-1" }] });
  expect(trial.deadline(), "the party is hung up once").toBeUndefined();
  const end = trial.give({ kind: "dial-ended", dialId: "dial-1", outcome: outcome("completed"), answered: true, talkedMs: 60_000 });
  expect(end).toMatchObject({ exit: "done", actions: [{ kind: "stop-recording", recordingId: "recording-1" }] });
});

test.each([
  [false, []],
  [{}, [{ kind: "record", hears: "both" }]],
  [{ channels: 2, format: "mp3" }, [{ kind: "record", hears: "both", channels: 2, format: "mp3" }]],
] as const)("record: %j", (record, actions) => {
  const trial = trialOf({ verb: "dial", to: "+12025550100", record });
  trial.start();
  expect(trial.give({ kind: "dial-answered", dialId: "dial-1" })?.actions).toMatchObject(actions);
});

const dialling = (value: string) =>
  trialOf({ verb: "dial", to: "+12025550100", headers: { "X-Customer": value } }, { split: "a\r\nVia: b" });

test("header fields with values of the call; what cannot be one takes the exit error", () => {
  expect(dialling("{{ call.headers.x-customer }} of {{ caller.name }}").start()).toMatchObject({
    actions: [{ kind: "dial", headers: { "X-Customer": "42 of Ada" } }],
  });
  expect(dialling("{{ split }}").start()).toMatchObject({ exit: "error", actions: [] });
});

test("header fields of the server itself are a mistake of the document", () => {
  const document = { start: "d", nodes: { d: { verb: "dial", to: "+1", headers: { Via: "x", "X-A": "y", "a b": "z" } } } };
  const valid = validateFlow(document);
  expect(valid.ok ? [] : valid.mistakes.map(({ path }) => path)).toEqual(["nodes.d.headers.Via", 'nodes.d.headers["a b"]']);
});
