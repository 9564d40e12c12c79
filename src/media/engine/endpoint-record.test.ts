import { describe, expect, test } from "vitest";
import { endpointPlan } from "../fixture/media-bench.case.ts";
import { EndpointRecord } from "./endpoint-record.ts";

const prompt = { promptId: "p", items: [], offsetMs: 100, start: 0, bargeIn: false };

const announcement = { ...prompt, promptId: "a", offsetMs: 0 };
const plan = endpointPlan(5000, { kind: "prompt", prompt }, { announcement });

test("another worker goes on where the lost one was", () => {
  const record = new EndpointRecord();
  const position = { sequenceNumber: 7, timestamp: 8, at: 9 };
  const remote = { address: "192.0.2.9", port: 9 };
  record.observe({ kind: "stream", position });
  record.observe({ kind: "locked", remote });
  record.planned(plan, 900);
  record.soundProvided("p", 0, 1000);
  record.soundProvided("a", 0, 2000);
  expect(record.resumed(plan, 3500)).toMatchObject({
    resume: position,
    lockedTo: remote,
    source: { prompt: { offsetMs: 2600 } },
    announcement: { offsetMs: 1500 },
  });
});

describe("a prompt that is resumed", () => {
  const paused = { ...plan, source: { kind: "prompt", prompt: { ...prompt, isPaused: true } } } as const;
  const offsetAt = (record: EndpointRecord, now: number) => record.resumed(plan, now).source;

  test("has not played while it was paused, and stood where the worker said", () => {
    const record = new EndpointRecord();
    record.planned(plan, 0);
    record.soundProvided("p", 0, 1000);
    record.planned(paused, 2000);
    expect(offsetAt(record, 9000)).toMatchObject({ prompt: { offsetMs: 1100 } });
    record.observe({ kind: "prompt-paused", promptId: "p", playedMs: 1080 });
    expect(offsetAt(record, 9000)).toMatchObject({ prompt: { offsetMs: 1080 } });
    record.planned(plan, 5000);
    expect(offsetAt(record, 6000)).toMatchObject({ prompt: { offsetMs: 2080 } });
  });

  test("goes on counting when its sound comes in another format", () => {
    const record = new EndpointRecord();
    record.planned(plan, 0);
    record.soundProvided("p", 0, 1000);
    record.soundProvided("p", 0, 2000);
    expect(offsetAt(record, 3000)).toMatchObject({ prompt: { offsetMs: 2100 } });
  });

  test("has not begun before its sound is there, nor while it waits paused", () => {
    const record = new EndpointRecord();
    record.planned(paused, 0);
    expect(offsetAt(record, 1000)).toMatchObject({ prompt: { offsetMs: 100 } });
    record.soundProvided("p", 0, 1000);
    expect(offsetAt(record, 2000)).toMatchObject({ prompt: { offsetMs: 100 } });
  });

  test("begins anew when it is started anew", () => {
    const record = new EndpointRecord();
    const again = endpointPlan(5000, { kind: "prompt", prompt: { ...prompt, start: 1, offsetMs: 40 } });
    record.planned(plan, 0);
    record.soundProvided("p", 0, 1000);
    record.planned(again, 2000);
    record.soundProvided("p", 0, 2000);
    expect(record.resumed(again, 3000).source).toMatchObject({ prompt: { offsetMs: 40 } });
  });
});

test("what ended does not begin again, and doubtful digits count as sent", () => {
  const record = new EndpointRecord();
  const recording = { recordingId: "r", path: "/r", maxMs: 1, silenceMs: 0, finishOn: "", hears: "peer" as const };
  const whole = endpointPlan(
    5000,
    { kind: "prompt", prompt },
    { recordings: [recording], digits: ["one", "two"].map((digitsId) => ({ digitsId, digits: "1", toneMs: 100, gapMs: 100 })) },
  );
  record.observe({ kind: "prompt-ended", promptId: "p", reason: "finished", playedMs: 1 });
  record.observe({ kind: "recording-ended", recordingId: "r", reason: "maximum", durationMs: 1 });
  record.observe({ kind: "digits-sent", digitsId: "one" });
  expect(record.doubtful(whole)).toEqual(["two"]);
  expect(record.doubtful(whole)).toEqual([]);
  expect(record.resumed(whole, 0)).toMatchObject({ source: { kind: "silence" }, recordings: [], digits: [] });
});

test("a prompt that comes after a thread was replaced begins where it says", () => {
  const record = new EndpointRecord();
  const [first, later] = ["p", "q"].map((promptId) => endpointPlan(5000, { kind: "prompt", prompt: { ...prompt, promptId } }));
  if (first === undefined || later === undefined) throw new Error("two are planned");
  record.planned(first, 0);
  record.soundProvided("p", 0, 1000);
  record.planned(later, 60_000);
  expect(record.resumed(later, 60_000)).toMatchObject({ source: { prompt: { promptId: "q", offsetMs: 100 } } });
});
