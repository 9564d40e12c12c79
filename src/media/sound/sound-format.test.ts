import { expect, test } from "vitest";
import { audioCodecs } from "../codec/codecs.ts";
import { endpointPlan } from "../fixture/media-bench.case.ts";
import type { EndpointPlan, PromptPlan } from "../plan.ts";
import { linearFormatOf, shapeOf, soundFormatOf } from "./sound-format.ts";

const announcement: PromptPlan = { promptId: "a", items: [], offsetMs: 0, start: 0, bargeIn: false };
const recording = { recordingId: "r", path: "/r", maxMs: 1, silenceMs: 0, finishOn: "", hears: "both" } as const;

function formatOf(changes: Partial<EndpointPlan> = {}, prompt: Partial<PromptPlan> = {}) {
  const source = { kind: "prompt", prompt: { ...announcement, promptId: "p", ...prompt } } as const;
  return soundFormatOf(endpointPlan(5000, source, changes));
}

test.each<[string, Partial<EndpointPlan>, Partial<PromptPlan>, string]>([
  ["a plain prompt", {}, {}, "PCMU"],
  ["at 0 dB", { volumeDb: 0 }, { volumeDb: 0 }, "PCMU"],
  ["with a tone", {}, { items: [{ kind: "tone", frequencyHz: 440, durationMs: 20 }] }, "PCMU"],
  ["recorded with both sides", { recordings: [recording] }, {}, "PCMU"],
  ["louder", {}, { volumeDb: 3 }, "linear/8000"],
  ["of an endpoint that is softer", { volumeDb: -3 }, {}, "linear/8000"],
  ["under an announcement", { announcement }, {}, "linear/8000"],
  ["paused", {}, { isPaused: true }, "PCMU"],
])("%s is needed in the codec's own format or not", (_what, changes, prompt, format) => {
  expect(formatOf(changes, prompt)).toBe(format);
});

test.each([
  ["PCMA", "PCMA", "linear/8000"],
  ["G722", "linear/16000", "linear/16000"],
  ["opus", "linear/48000", "linear/48000"],
  ["L16/16000", "linear/16000", "linear/16000"],
] as const)("in %s, a prompt with silence is needed as %s, and one that is mixed as %s", (codec, made, linear) => {
  const plan = (changes: Partial<EndpointPlan>, items: PromptPlan["items"] = []) =>
    soundFormatOf({ ...endpointPlan(5000, { kind: "prompt", prompt: { ...announcement, items } }, changes), codec });
  expect(plan({})).toBe(codec);
  expect(plan({}, [{ kind: "silence", durationMs: 20 }])).toBe(made);
  expect(plan({ recordings: [recording] })).toBe(made);
  expect(plan({ recordings: [{ ...recording, hears: "peer" }] })).toBe(codec);
  expect(plan({ announcement })).toBe(linear);
  expect(linearFormatOf(codec)).toBe(linear);
});

test("20 ms have so many bytes", () => {
  const bytes = Object.values(audioCodecs).map(({ name }) => (shapeOf(name).unitRateHz / 50) * shapeOf(name).unitBytes);
  expect(bytes).toEqual([160, 160, 160, 0, 320, 640, 1920]);
  expect(shapeOf("opus").unitRateHz).toBe(50);
});
