import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FarPhone, tone, toneIn } from "./fixture/far-phone.case.ts";
import { MediaBench } from "./fixture/media-bench.case.ts";
import type { RecordingPlan, Source } from "./plan.ts";

const mix = (...ports: readonly number[]): Source => ({ kind: "mix", endpointIds: ports.map((port) => `leg-${port}`) });
const recording: RecordingPlan = { recordingId: "r1", path: "", maxMs: 60_000, silenceMs: 0, finishOn: "", hears: "peer" };

async function wavOf(path: string): Promise<Int16Array> {
  const bytes = await readFile(path);
  return new Int16Array(Uint8Array.from(bytes.subarray(44)).buffer);
}

test("who is recorded together with whom it hears is so also where packets pass as they come", async () => {
  await using bench = await MediaBench.open();
  const [one, other] = [new FarPhone(bench, "PCMU", 5000), new FarPhone(bench, "PCMU", 5002)];
  const path = join(bench.directory, "r.wav");
  bench.apply(one.plan(mix(5002), { recordings: [{ ...recording, path, hears: "both" }] }), other.plan(mix(5000)));
  for (let frame = 0; frame < 60; frame++) {
    one.say(tone(500, 8000)(frame));
    other.say(tone(900, 8000)(frame));
    await bench.pass(20);
  }
  bench.apply();
  await bench.until(() => bench.eventsOf("recording-ended").length === 1);
  const samples = (await wavOf(path)).slice(4000, 8000);
  expect(toneIn(samples, 500, 8000).level).toBeGreaterThan(6000);
  expect(toneIn(samples, 900, 8000).level).toBeGreaterThan(6000);
});

test("the beep of a recording is heard by who is recorded and by who hears it", async () => {
  await using bench = await MediaBench.open();
  const [one, other] = [new FarPhone(bench, "PCMU", 5000), new FarPhone(bench, "PCMU", 5002)];
  const path = join(bench.directory, "r.wav");
  const say = async (frames: number) => {
    for (let frame = 0; frame < frames; frame++) {
      one.say(tone(500, 8000)(frame));
      other.say(tone(900, 8000)(frame));
      await bench.pass(20);
    }
  };
  bench.apply(one.plan(mix(5002)), other.plan(mix(5000)));
  await say(20);
  const before = [one.heard().length, other.heard().length];
  bench.apply(one.plan(mix(5002), { recordings: [{ ...recording, path, beep: true }] }), other.plan(mix(5000)));
  await say(12);
  expect(toneIn(one.heard().slice((before[0] ?? 0) + 320, (before[0] ?? 0) + 1600), 1200, 8000).level).toBeGreaterThan(6000);
  expect(toneIn(other.heard().slice((before[1] ?? 0) + 320, (before[1] ?? 0) + 1600), 1200, 8000).level).toBeGreaterThan(6000);
});
