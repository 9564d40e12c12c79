import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync, closeSync, constants, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { StartedProcess } from "../../../test/support/child-process.ts";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { wavHeaderBytes } from "../codec/wav-writer.ts";
import type { RecordingPlan } from "../plan.ts";
import { RecordedAudio } from "./recorded-audio.ts";
import { Recorder } from "./recorder.ts";

const directory = temporaryDirectory();
const path = join(directory.path, "a", "b", "r1.wav");
const plan: RecordingPlan = { recordingId: "r1", path, maxMs: 600_000, silenceMs: 0, finishOn: "", hears: "peer" };
const key = randomBytes(32).toString("base64");

type Ended = { readonly reason: string; readonly durationMs: number; readonly causes: readonly string[] };

afterEach(() => {
  directory[Symbol.dispose]();
});

function start(changes: Partial<RecordingPlan> = {}, sampleRateHz = 8000) {
  const causes: string[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<Ended>();
  const recorder = new Recorder({ ...plan, ...changes }, sampleRateHz, {
    ended: (_recordingId, reason, durationMs) => resolve({ reason, durationMs, causes }),
    failed: (_recordingId, cause) => causes.push(cause instanceof Error ? cause.message : String(cause)),
  });
  return { recorder, ended };
}

/** Samples that differ from frame to frame, and all over a file. */
function frameOf(number: number, samples = 160): Int16Array {
  return Int16Array.from({ length: samples }, (_, index) => ((number * samples + index) * 7919) % 30_011);
}

function joined(frames: readonly Int16Array[]): Int16Array {
  return Int16Array.from(frames.flatMap((frame) => [...frame]));
}

/** The samples of the whole file, channels side by side, and its header's word on them. */
async function heard(secret?: string) {
  const audio = await RecordedAudio.open(path, secret === undefined ? undefined : Buffer.from(secret, "base64"));
  const bytes = await buffer(audio.read({ first: 0, last: audio.sizeBytes - 1 }));
  expect(bytes.readUInt32LE(40)).toBe(bytes.length - wavHeaderBytes);
  const samples = new Int16Array(bytes.buffer.slice(bytes.byteOffset + wavHeaderBytes, bytes.byteOffset + bytes.length));
  return { ...audio.wav, samples, durationMs: audio.durationMs };
}

test.each([
  ["8 kHz", 8000, undefined],
  ["16 kHz", 16_000, undefined],
  ["a sealed file", 16_000, key],
])("what was said is in the file, sample by sample: %s", async (_name, sampleRateHz, secret) => {
  const { recorder, ended } = start(secret === undefined ? {} : { key: secret }, sampleRateHz);
  const frames = Array.from({ length: 173 }, (_, number) => frameOf(number, sampleRateHz / 50));
  for (const frame of frames) recorder.write(frame, undefined);
  await recorder.stop();
  expect(await ended).toEqual({ reason: "stopped", durationMs: 3460, causes: [] });
  expect(await heard(secret)).toEqual({ sampleRateHz, channels: 1, samples: joined(frames), durationMs: 3460 });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("one channel holds both sides, clipped; of two, the peer is on the left", async () => {
  const said = new Int16Array(160).fill(20_000);
  const other = new Int16Array(160).fill(15_000);
  for (const [channels, expected] of [
    [1, [32_767, 32_767]],
    [2, [20_000, 15_000]],
  ] as const) {
    const { recorder } = start({ hears: "both", channels });
    recorder.write(said, other);
    recorder.write(said, undefined);
    await recorder.stop();
    const { samples, ...rest } = await heard();
    expect(rest).toEqual({ sampleRateHz: 8000, channels, durationMs: 40 });
    expect([...samples.subarray(0, 2)]).toEqual(expected);
    expect([...samples.subarray(-2)]).toEqual(channels === 1 ? [20_000, 20_000] : [20_000, 0]);
    directory[Symbol.dispose]();
  }
});

test("a pause is as long in the file as it was, and does not count as silence of the peer", async () => {
  const { recorder } = start({ silenceMs: 200 });
  const loud = new Int16Array(160).fill(9000);
  for (let frame = 0; frame < 30; frame++) recorder.write(loud, undefined);
  recorder.update({ ...plan, silenceMs: 200, isPaused: true });
  for (let frame = 0; frame < 45; frame++) recorder.write(loud, undefined);
  recorder.update({ ...plan, silenceMs: 200 });
  for (let frame = 0; frame < 25; frame++) recorder.write(loud, undefined);
  await recorder.stop();
  const { samples } = await heard();
  const expected = Array.from({ length: 100 }, (_, frame) => (frame >= 30 && frame < 75 ? 0 : 9000));
  expect(Array.from({ length: 100 }, (_, frame) => samples[frame * 160])).toEqual(expected);
  expect(samples.length).toBe(16_000);
});

test("the recording begins after the beep, which is a tone of 1,200 Hz without clicks", async () => {
  const { recorder } = start({ beep: true, maxMs: 40 }, 16_000);
  const frames: Int16Array[] = [];
  while (recorder.isBeeping) {
    const beep = new Int16Array(320);
    recorder.readBeep(beep);
    frames.push(beep);
    recorder.write(new Int16Array(320).fill(1), undefined);
  }
  recorder.write(new Int16Array(320).fill(2), undefined);
  await recorder.stop();
  const samples = joined(frames);
  expect(samples.length).toBe(260 * 16);
  const rises = samples.filter((sample, index) => sample >= 0 && (samples[index - 1] ?? 0) < 0).length;
  expect(rises / 0.26).toBeGreaterThan(1190);
  expect(rises / 0.26).toBeLessThan(1210);
  expect(Math.max(...samples.subarray(0, 4), ...samples.subarray(-4))).toBeLessThan(500);
  expect(new Set((await heard()).samples)).toEqual(new Set([2]));
});

test.each([
  ["plain", undefined],
  ["sealed", key],
])("a file that is there is continued, and half a sample at its end does no harm: %s", async (_name, secret) => {
  const first = start(secret === undefined ? {} : { key: secret });
  first.recorder.write(frameOf(1), undefined);
  await first.recorder.stop();
  appendFileSync(path, Uint8Array.of(1));
  const second = start(secret === undefined ? {} : { key: secret });
  second.recorder.write(frameOf(2), undefined);
  await second.recorder.stop();
  const { samples } = await heard(secret);
  expect(samples.length).toBe(321);
  expect(samples.subarray(0, 160)).toEqual(frameOf(1));
  expect(samples.subarray(161)).toEqual(frameOf(2));
  expect((await second.ended).durationMs).toBe(40);
});

test.each([
  ["of another rate", {}, 16_000, {}],
  ["that is sealed with another key", { key }, 8000, { key: randomBytes(32).toString("base64") }],
  ["that is no recording", undefined, 8000, {}],
])("a file %s is left as it is", async (_name, before, sampleRateHz, changes) => {
  const first = start(before ?? {});
  first.recorder.write(frameOf(1), undefined);
  await first.recorder.stop();
  if (before === undefined) writeFileSync(path, "x".repeat(100));
  const bytes = readFileSync(path);
  const { recorder, ended } = start(changes, sampleRateHz);
  recorder.write(frameOf(2), undefined);
  expect((await ended).reason).toBe("failed");
  expect(readFileSync(path)).toEqual(bytes);
});

test("a disk that is full ends it as failed, and what comes later goes nowhere", async () => {
  const { recorder, ended } = start({ path: "/dev/full" });
  for (let frame = 0; frame < 60; frame++) recorder.write(frameOf(frame), undefined);
  const { reason, causes } = await ended;
  expect(reason).toBe("failed");
  expect(causes).toHaveLength(1);
  expect(causes[0]).toMatch(/ENOSPC/);
});

test("a disk that stands still is waited for ten seconds of sound, and not for the file to close", async () => {
  // Nobody reads from it: it cannot be opened for writing.
  mkdirSync(dirname(path), { recursive: true });
  execFileSync("mkfifo", [path]);
  const { recorder, ended } = start();
  for (let frame = 0; frame < 549; frame++) recorder.write(frameOf(frame), undefined);
  expect(recorder.isEnded).toBe(false);
  recorder.write(frameOf(549), undefined);
  expect(recorder.isEnded).toBe(true);
  expect(await ended).toEqual({ reason: "failed", durationMs: 11_000, causes: ["the disk is 10 s behind"] });
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  await recorder.stop();
  closeSync(reader);
});

test.each([
  ["plain", undefined],
  ["sealed", key],
])("killed while it records, it leaves a file that lacks at most the last second: %s", async (_name, secret) => {
  const program = join(import.meta.dirname, "../../../test/support/audio/record-until-killed.ts");
  await using writer = new StartedProcess(process.execPath, [program, path, secret ?? ""]);
  await writer.waitForOutput(/\n170\n/);
  writer.signal("SIGKILL");
  await writer.waitForExit();
  const said = Math.max(...writer.output.trim().split(/\n+/).slice(0, -1).map(Number));
  const { samples } = await heard(secret);
  const frames = samples.length / 160;
  expect(frames).toBeGreaterThanOrEqual(said - 60);
  expect(samples).toEqual(joined(Array.from({ length: frames }, (_, index) => new Int16Array(160).fill(index + 1))));
  // Killed between a second and the header that counts it, the plain file is valid all the same.
  if (secret === undefined) expect(readFileSync(path).readUInt32LE(40)).toBeGreaterThanOrEqual((samples.length - 8000) * 2);
});
