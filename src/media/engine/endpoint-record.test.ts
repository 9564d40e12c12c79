import { expect, test } from "vitest";
import { endpointPlan } from "../fixture/media-bench.case.ts";
import { EndpointRecord } from "./endpoint-record.ts";

const prompt = { promptId: "p", items: [], offsetMs: 100, start: 0, bargeIn: false };

test("another worker goes on where the lost one was", () => {
  const record = new EndpointRecord();
  const position = { sequenceNumber: 7, timestamp: 8, at: 9 };
  const remote = { address: "192.0.2.9", port: 9 };
  record.observe({ kind: "stream", position });
  record.observe({ kind: "locked", remote });
  record.soundProvided(1000);
  expect(record.resumed(endpointPlan(5000, { kind: "prompt", prompt }), 3500)).toMatchObject({
    resume: position,
    lockedTo: remote,
    source: { prompt: { offsetMs: 2600 } },
  });
});

test("what ended does not begin again, and doubtful digits count as sent", () => {
  const record = new EndpointRecord();
  const recording = { recordingId: "r", path: "/r", maxMs: 1, silenceMs: 0, finishOn: "", hears: "peer" as const };
  const plan = endpointPlan(
    5000,
    { kind: "prompt", prompt },
    { recordings: [recording], digits: ["one", "two"].map((digitsId) => ({ digitsId, digits: "1", toneMs: 100, gapMs: 100 })) },
  );
  record.observe({ kind: "prompt-ended", promptId: "p", reason: "finished", playedMs: 1 });
  record.observe({ kind: "recording-ended", recordingId: "r", reason: "maximum", durationMs: 1 });
  record.observe({ kind: "digits-sent", digitsId: "one" });
  expect(record.doubtful(plan)).toEqual(["two"]);
  expect(record.doubtful(plan)).toEqual([]);
  expect(record.resumed(plan, 0)).toMatchObject({ source: { kind: "silence" }, recordings: [], digits: [] });
});
