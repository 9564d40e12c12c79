/** What is in a recording, whatever the codec of the one who is recorded. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { CodecName } from "../kernel/index.ts";
import { loadCodecs } from "./codec/codecs.ts";
import { wavHeaderBytes } from "./codec/wav-writer.ts";
import { FarPhone, tone, toneIn } from "./fixture/far-phone.case.ts";
import { MediaBench } from "./fixture/media-bench.case.ts";
import type { RecordingPlan, Source } from "./plan.ts";

const mix = (port: number): Source => ({ kind: "mix", endpointIds: [`leg-${port}`] });

beforeAll(loadCodecs);

function recording(bench: MediaBench, recordingId: string, changes: Partial<RecordingPlan> = {}): RecordingPlan {
  const path = join(bench.directory, `${recordingId}.wav`);
  return { recordingId, path, maxMs: 60_000, silenceMs: 0, finishOn: "", hears: "both", channels: 2, ...changes };
}

/** Both say their tone for so many frames. */
async function talk(bench: MediaBench, frames: number, recorded: FarPhone, other: FarPhone, from = 0): Promise<void> {
  for (let frame = from; frame < from + frames; frame++) {
    recorded.say(tone(500, recorded.rateHz, 6000)(frame));
    other.say(tone(900, other.rateHz, 6000)(frame));
    await bench.pass(20);
  }
}

/** Of a file with two channels: its rate, its length, and the level of each side's own tone and of the other side's, in the last half of a second but a little. */
async function heardIn(path: string) {
  const bytes = await readFile(path);
  const rateHz = bytes.readUInt32LE(24);
  const frames = (bytes.length - wavHeaderBytes) / 4;
  const side = (channel: 0 | 1) => {
    const samples = Int16Array.from({ length: frames }, (_, index) => bytes.readInt16LE(wavHeaderBytes + 4 * index + 2 * channel));
    const settled = samples.slice(samples.length - rateHz * 0.6, samples.length - rateHz * 0.1);
    return [500, 900].map((hz) => toneIn(settled, hz, rateHz).level);
  };
  return { rateHz, durationMs: (frames / rateHz) * 1000, left: side(0), right: side(1) };
}

function expectSides({ left, right }: Awaited<ReturnType<typeof heardIn>>): void {
  expect(left[0]).toBeGreaterThan(5000);
  expect(left[1]).toBeLessThan(300);
  expect(right[0]).toBeLessThan(300);
  expect(right[1]).toBeGreaterThan(5000);
}

test.each<[CodecName, CodecName, number]>([
  ["PCMU", "PCMU", 8000],
  ["PCMU", "opus", 8000],
  ["G722", "PCMU", 16_000],
  ["G722", "G722", 16_000],
  ["opus", "opus", 16_000],
  ["L16/48000", "PCMA", 16_000],
])("of a phone with %s that talks with one with %s, each side is on its channel", async (codec, otherCodec, rateHz) => {
  await using bench = await MediaBench.open();
  const [recorded, other] = [new FarPhone(bench, codec, 5000), new FarPhone(bench, otherCodec, 5002)];
  const plan = recording(bench, "r1");
  bench.apply(recorded.plan(mix(5002), { recordings: [plan] }), other.plan(mix(5000)));
  await talk(bench, 70, recorded, other);
  bench.apply(recorded.plan(mix(5002)), other.plan(mix(5000)));
  await bench.until(() => bench.eventsOf("recording-ended").length > 0);
  const heard = await heardIn(plan.path);
  expect(heard.rateHz).toBe(rateHz);
  expect(Math.abs(heard.durationMs - 1400)).toBeLessThanOrEqual(40);
  expectSides(heard);
});

test.each<[CodecName, CodecName]>([
  ["PCMU", "PCMU"],
  ["G722", "PCMU"],
  ["opus", "opus"],
])("with %s and %s both hear the beep, and each other after it; it is not in the recording", async (codec, otherCodec) => {
  await using bench = await MediaBench.open();
  const [recorded, other] = [new FarPhone(bench, codec, 5000), new FarPhone(bench, otherCodec, 5002)];
  bench.apply(recorded.plan(mix(5002)), other.plan(mix(5000)));
  await talk(bench, 20, recorded, other);
  const plan = recording(bench, "r1", { beep: true });
  bench.apply(recorded.plan(mix(5002), { recordings: [plan] }), other.plan(mix(5000)));
  await talk(bench, 83, recorded, other, 20);
  bench.apply(recorded.plan(mix(5002)), other.plan(mix(5000)));
  await bench.until(() => bench.eventsOf("recording-ended").length > 0);
  for (const [phone, theirs] of [
    [recorded, 900],
    [other, 500],
  ] as const) {
    const heard = phone.heard();
    const levelIn = (frame: number, frames: number, hz: number) =>
      toneIn(heard.slice((frame * phone.rateHz) / 50, ((frame + frames) * phone.rateHz) / 50), hz, phone.rateHz).level;
    expect(levelIn(24, 6, 1200)).toBeGreaterThan(5000);
    expect(levelIn(65, 25, theirs)).toBeGreaterThan(5000);
  }
  const heard = await heardIn(plan.path);
  expect(Math.abs(heard.durationMs - 1400)).toBeLessThanOrEqual(40);
  expectSides(heard);
});

test("another codec in the middle leaves a recording at its rate; what begins then, meanwhile or later, has the other one's", async () => {
  await using bench = await MediaBench.open();
  const [narrow, wide, other] = [new FarPhone(bench, "PCMU", 5000), new FarPhone(bench, "G722", 5000), new FarPhone(bench, "PCMA", 5002)];
  const [first, second, third] = ["r1", "r2", "r3"].map((id) => recording(bench, id)) as [RecordingPlan, RecordingPlan, RecordingPlan];
  const apply = (phone: FarPhone, ...recordings: readonly RecordingPlan[]) =>
    bench.apply(phone.plan(mix(5002), { recordings }), other.plan(mix(5000)));
  apply(narrow, first);
  await talk(bench, 50, narrow, other);
  apply(wide, first);
  await talk(bench, 5, wide, other, 50);
  apply(wide, first, second);
  await talk(bench, 60, wide, other, 55);
  apply(wide);
  await bench.until(() => bench.eventsOf("recording-ended").length === 2);
  apply(wide, third);
  await talk(bench, 60, wide, other, 115);
  apply(wide);
  await bench.until(() => bench.eventsOf("recording-ended").length === 3);
  for (const [{ path }, rateHz, durationMs] of [
    [first, 8000, 2300],
    [second, 16_000, 1200],
    [third, 16_000, 1200],
  ] as const) {
    const heard = await heardIn(path);
    expect(heard.rateHz).toBe(rateHz);
    expect(Math.abs(heard.durationMs - durationMs)).toBeLessThanOrEqual(40);
    expectSides(heard);
  }
});
