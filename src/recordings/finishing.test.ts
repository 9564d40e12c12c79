import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MemoryRecordings, recordingOf } from "../../test/support/recordings/memory-recordings.ts";
import { recordingStoreCase } from "../../test/support/recordings/recording-store.case.ts";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { eventually } from "../../test/support/waiting.ts";
import { silentLogger } from "../kernel/index.ts";
import { createRecordingFinisher, type RecordingFinisher } from "../media/index.ts";
import { Finishing, type FinishingOptions } from "./finishing.ts";
import { folderOf, partFile, recordingKey } from "./places.ts";
import { StoredRecordings } from "./recordings.ts";
import { RecordingRetention } from "./retention.ts";

recordingStoreCase(async () => {
  const store = new MemoryRecordings();
  return { store, add: async (...recordings) => store.add(...recordings) };
});

const secret = randomBytes(32);
const id = "5".repeat(24);
const folder = folderOf("acme", id);
const dayMs = 24 * 3_600_000;

let undo: AsyncDisposableStack;
let clock: VirtualClock;
let store: MemoryRecordings;
let finisher: RecordingFinisher;
let directory: string;
beforeEach(() => {
  undo = new AsyncDisposableStack();
  directory = undo.use(temporaryDirectory()).path;
  clock = new VirtualClock();
  store = new MemoryRecordings();
  finisher = createRecordingFinisher();
  undo.defer(() => finisher.close());
});
afterEach(() => undo.disposeAsync());

/** A plain WAV file of so many samples: 8 kHz, mono. */
function write(part: number, samples: number): void {
  const bytes = Buffer.alloc(44 + samples * 2, 7);
  bytes.write("RIFF____WAVEfmt ");
  for (const [at, value] of [
    [4, 36 + samples * 2],
    [16, 16],
    [24, 8000],
    [28, 16_000],
    [40, samples * 2],
  ] as const)
    bytes.writeUInt32LE(value, at);
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 2],
    [34, 16],
  ] as const)
    bytes.writeUInt16LE(value, at);
  bytes.write("data", 36);
  const path = join(directory, partFile("acme", "call", part === 1 ? id : `${id}-${part}`));
  mkdirSync(join(directory, folder), { recursive: true });
  writeFileSync(path, bytes);
}

function begin(options: Partial<FinishingOptions> = {}): Finishing {
  const finishing = new Finishing({ store, finisher, clock, logger: silentLogger, directory, secret, ...options });
  undo.defer(() => finishing.close());
  return finishing;
}

const ended = (changes: object = {}) =>
  recordingOf(id, { state: "finishing", endedAt: clock.now(), endReason: "stopped", durationMs: 1, ...changes });
const row = () => store.rows[0];
const isDone = () => row()?.isUnfinished === false;
const done = () => eventually("the recording is finished", isDone);
const files = () => readdirSync(join(directory, folder)).toSorted();
/** Work on other threads needs real time; the clock stands still meanwhile. */
const aWhile = () => new Promise((resolve) => setTimeout(resolve, 100));

test("what a former process left in parts becomes one file, and nothing else stays", async () => {
  write(1, 8000);
  write(2, 4000);
  store.add(ended({ endedAt: clock.now() - 1 }));
  begin({ keepMs: 3 * dayMs });
  await done();
  const file = join(folder, `${id}.full.wav`);
  expect(row()).toMatchObject({ state: "ready", durationMs: 1500, sizeBytes: 24_044, isEncrypted: false, file });
  expect(row()?.expiresAt).toBe(clock.now() - 1 + 3 * dayMs);
  expect(files()).toEqual([`${id}.full.wav`]);
});

test("it waits until the media thread has closed the file, but not for ever", async () => {
  write(1, 8000);
  const finishing = begin();
  await aWhile();
  finishing.partClosed(id);
  clock.advance(1);
  store.add(ended());
  finishing.wake();
  await aWhile();
  expect(row()?.state, "that was a part before the last one").toBe("finishing");
  finishing.partClosed(`${id}-2`);
  finishing.wake();
  await done();
  store.rows = [];
  store.add(ended());
  finishing.wake();
  await clock.advanceAsync(14_000);
  await aWhile();
  expect(row()?.state).toBe("finishing");
  await clock.advanceAsync(2000);
  await done();
});

test("MP3 takes the place of the parts", async () => {
  write(1, 8000);
  store.add(ended({ endedAt: 0, format: "mp3" }));
  begin();
  await done();
  expect(row()).toMatchObject({ state: "ready", durationMs: 1000, file: join(folder, `${id}.mp3`) });
  expect(files()).toEqual([`${id}.mp3`]);
});

test.each([
  ["without a file it has failed", 0, "stopped", { state: "failed", file: null, sizeBytes: null, sha256: null }],
  ["what there is of one that failed can be heard", 8000, "failed", { state: "failed", file: join(folder, `${id}.wav`), durationMs: 1000 }],
])("%s", async (_name, samples, endReason, expected) => {
  if (samples > 0) write(1, samples);
  store.add(ended({ endedAt: 0, endReason }));
  begin();
  await done();
  expect(row()).toMatchObject(expected);
});

test("interrupted between the file and the row, or before the parts were removed, it is done again", async () => {
  write(1, 8000);
  write(2, 8000);
  const key = recordingKey(secret, id);
  await finisher.finish({ directory: join(directory, folder), recordingId: id, format: "wav", key });
  store.add(ended({ endedAt: 0 }));
  const first = begin();
  await done();
  await first.close();
  const finished = { ...row() };
  write(1, 8000);
  store.rows = store.rows.map((one) => ({ ...one, isUnfinished: true }));
  begin();
  await done();
  expect({ ...row() }).toEqual(finished);
  expect(files()).toEqual([`${id}.full.wav`]);
});

test("a store that is away is asked again, and what failed is tried again later and later", async () => {
  write(1, 8000);
  store.add(ended({ endedAt: 0 }));
  store.isAway = true;
  let isBroken = true;
  const finish: RecordingFinisher["finish"] = (job) => (isBroken ? Promise.reject(new Error("ENOSPC")) : finisher.finish(job));
  begin({ finisher: { ...finisher, finish, clear: (job) => finisher.clear(job) } });
  await clock.advanceAsync(60_000);
  expect(row()?.attempts).toBe(0);
  store.isAway = false;
  await clock.advanceAsync(1000);
  await eventually("it failed", () => row()?.attempts === 1);
  await clock.advanceAsync(9000);
  expect(row()?.attempts).toBe(1);
  await clock.advanceAsync(1001);
  await eventually("it failed again", () => row()?.attempts === 2);
  await clock.advanceAsync(19_000);
  expect(row()?.attempts).toBe(2);
  isBroken = false;
  await clock.advanceAsync(1001);
  await done();
  expect(row()).toMatchObject({ state: "ready", attempts: 0 });
});

function retention(running: () => ReadonlySet<string> = () => new Set(), abandoned = () => undefined): RecordingRetention {
  const sweeper = new RecordingRetention({ store, finisher, clock, logger: silentLogger, directory, running, abandoned });
  undo.defer(() => sweeper.close());
  return sweeper;
}

test("what has expired goes: the files first, then the row", async () => {
  write(1, 8000);
  store.add(recordingOf(id, { state: "ready", file: join(folder, `${id}.wav`), expiresAt: clock.now() + 90_000 }));
  const seen: boolean[] = [];
  const remove = store.remove.bind(store);
  store.remove = (recordingId) => {
    seen.push(existsSync(join(directory, folder, `${id}.wav`)));
    return remove(recordingId);
  };
  retention();
  await clock.advanceAsync(60_000);
  await aWhile();
  expect(store.rows).toHaveLength(1);
  await clock.advanceAsync(60_000);
  await eventually("the row is gone", () => store.rows.length === 0);
  expect(seen).toEqual([false]);
  expect(files()).toEqual([]);
});

test("what is deleted is not there any more at once, and its files follow; what is not finished stays", async () => {
  write(1, 8000);
  const recording = recordingOf(id, { state: "ready", file: join(folder, `${id}.wav`) });
  store.add(recording, recordingOf("6".repeat(24), { state: "paused" }));
  const sweeper = retention(() => new Set(["6".repeat(24)]));
  await aWhile();
  const recordings = new StoredRecordings({ store, clock, directory, secret, deleted: () => sweeper.wake() });
  await recordings.delete(recording);
  expect(await recordings.get("acme", id)).toBeUndefined();
  await eventually("the files are gone", () => files().length === 0);
  await expect(recordings.delete(recordingOf("6".repeat(24)))).rejects.toMatchObject({ code: "RECORDING_UNDER_WAY" });
});

test("a recording that no call has, twice a minute apart, is finished with what there is of it", async () => {
  const [live, gone, late] = ["6", "7", "8"].map((letter) => letter.repeat(24)) as [string, string, string];
  store.add(recordingOf(live), recordingOf(gone), recordingOf(late));
  let abandoned = 0;
  retention(
    () => new Set([live]),
    () => void (abandoned += 1),
  );
  await aWhile();
  expect(store.rows.map(({ state }) => state)).toEqual(["recording", "recording", "recording"]);
  store.rows = store.rows.map((one) => (one.id === late ? { ...one, state: "finishing", endReason: "stopped" } : one));
  await clock.advanceAsync(60_000);
  await eventually("one is abandoned", () => abandoned === 1);
  expect(store.rows.map(({ endReason }) => endReason)).toEqual([null, "lost", "stopped"]);
});

test("one that goes on can be heard up to now, whatever its key says of a plain file", async () => {
  write(1, 8000);
  const recordings = new StoredRecordings({ store, clock, directory, secret, deleted: () => undefined });
  const { audio } = await recordings.audio(recordingOf(id));
  expect([audio.sizeBytes, audio.durationMs, readFileSync(join(directory, folder, `${id}.wav`)).length]).toEqual([16_044, 1000, 16_044]);
  await audio.close();
  for (const recording of [recordingOf("6".repeat(24)), recordingOf(id, { state: "failed" })])
    await expect(recordings.audio(recording)).rejects.toMatchObject({ code: "RECORDING_SILENT" });
});

test("one that is finished while it is asked for is heard as it is then", async () => {
  const recordings = new StoredRecordings({ store, clock, directory, secret, deleted: () => undefined });
  const finished = recordingOf(id, { state: "ready", file: join(folder, `${id}.wav`) });
  write(1, 8000);
  store.add(finished);
  const { audio, recording } = await recordings.audio(recordingOf(id, { callId: "elsewhere", accountId: "acme", state: "finishing" }));
  await audio.close();
  expect(recording.state).toBe("finishing");
  renameSync(join(directory, folder, `${id}.wav`), join(directory, folder, `${id}.full.wav`));
  store.rows = store.rows.map((one) => ({ ...one, file: join(folder, `${id}.full.wav`) }));
  const later = await recordings.audio(recordingOf(id, { state: "finishing" }));
  await later.audio.close();
  expect(later.recording.state).toBe("ready");
});

test("keys of recordings differ, and follow from the secret alone; parts without an id of their own are told apart by their call", () => {
  expect(recordingKey(secret, id)).toBe(recordingKey(secret, id));
  expect(recordingKey(secret, id)).not.toBe(recordingKey(secret, "6".repeat(24)));
  expect(Buffer.from(recordingKey(secret, id), "base64")).toHaveLength(32);
  expect(partFile("acme", "call", `${id}-2`)).toBe(`acme/555555/${id}-2.wav`);
  expect(partFile("acme", "call", "recording-1-2")).toBe("acme/call/recording-1-2.wav");
});
