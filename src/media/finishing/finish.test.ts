import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { MPEGDecoder } from "mpg123-decoder";
import { afterEach, expect, test } from "vitest";
import { parseWav } from "../../../test/support/audio/wav.ts";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { resample } from "../codec/fixture/resampler.case.ts";
import { RecordedAudio } from "../sound/recorded-audio.ts";
import { RecordingFile } from "../sound/recording-file.ts";
import { clear, finish, type FinishedFile } from "./finish.ts";
import { createRecordingFinisher } from "./finisher-client.ts";

const recordingId = "0".repeat(24);
const secret = randomBytes(32);
const key = secret.toString("base64");
const directory = temporaryDirectory();
const job = { directory: directory.path, recordingId, key } as const;

afterEach(() => {
  for (const name of readdirSync(directory.path)) rmSync(join(directory.path, name));
});

/** A tone of one second at half volume, other on each channel. */
function tone(hz: number, sampleRateHz: number, channels: 1 | 2): Int16Array {
  return Int16Array.from({ length: sampleRateHz * channels }, (_, index) => {
    const channel = channels === 1 ? 0 : index % 2;
    return Math.round(16_000 * Math.sin((2 * Math.PI * hz * (1 + channel) * Math.floor(index / channels)) / sampleRateHz));
  });
}

async function record(part: number, samples: Int16Array, sampleRateHz: number, channels: 1 | 2, isSealed = false): Promise<void> {
  const name = part === 1 ? `${recordingId}.wav` : `${recordingId}-${part}.wav`;
  const file = await RecordingFile.open(join(directory.path, name), { sampleRateHz, channels }, isSealed ? secret : undefined);
  await file.append(new Uint8Array(samples.buffer));
  await file.close();
}

async function clearBytes(finished: FinishedFile | undefined): Promise<Buffer> {
  const audio = await RecordedAudio.open(join(directory.path, finished?.file ?? ""), secret);
  return await buffer(audio.read({ first: 0, last: audio.sizeBytes - 1 }));
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

test("of one part, the file stays what it is", async () => {
  const samples = tone(400, 8000, 1);
  await record(1, samples, 8000, 1);
  const finished = await finish({ ...job, format: "wav" });
  const bytes = await clearBytes(finished);
  const expected = { file: `${recordingId}.wav`, isSealed: false, channels: 1, sampleRateHz: 8000, durationMs: 1000, sizeBytes: 16_044 };
  expect(finished).toEqual({ ...expected, sha256: sha256(bytes) });
  expect(parseWav(bytes)).toMatchObject({ sampleRateHz: 8000, samples });
});

test.each([false, true])(
  "parts are joined in order of their numbers, and once more with the same result (sealed: %s)",
  async (isSealed) => {
    writeFileSync(join(directory.path, `${recordingId}x.wav`), "");
    for (const part of [10, 2, 1]) await record(part, tone(100 * part, 8000, 2), 8000, 2, isSealed);
    const finished = await finish({ ...job, format: "wav" });
    expect(finished).toMatchObject({ isSealed, channels: 2, durationMs: 3000, sizeBytes: 96_044 });
    const bytes = await clearBytes(finished);
    expect(finished?.sha256).toBe(sha256(bytes));
    const joined = Buffer.concat([1, 2, 10].map((part) => Buffer.from(tone(100 * part, 8000, 2).buffer)));
    expect(bytes.subarray(44)).toEqual(joined);
    expect(await finish({ ...job, format: "wav" })).toEqual(finished);
    expect(statSync(join(directory.path, finished?.file ?? "")).mode & 0o777).toBe(0o600);
    await clear({ directory: directory.path, recordingId, except: finished?.file ?? "" });
    expect(readdirSync(directory.path).toSorted()).toEqual([finished?.file, `${recordingId}x.wav`]);
  },
);

test("one sealed part seals all, and a part without anything in it is passed over", async () => {
  writeFileSync(join(directory.path, `${recordingId}.wav`), "");
  await record(2, tone(400, 8000, 1), 8000, 1);
  await record(3, tone(400, 8000, 1), 8000, 1, true);
  expect(await finish({ ...job, format: "wav" })).toMatchObject({ isSealed: true, durationMs: 2000 });
});

test("a part at another rate is taken to the rate of the first one", async () => {
  await record(1, tone(400, 8000, 1), 8000, 1);
  await record(2, tone(400, 16_000, 1), 16_000, 1);
  const finished = await finish({ ...job, format: "wav" });
  expect(finished).toMatchObject({ sampleRateHz: 8000, durationMs: 2000 });
  const { samples } = parseWav(await clearBytes(finished));
  const rises = samples.filter((sample, index) => sample >= 0 && (samples[index - 1] ?? 0) < 0).length;
  expect(Math.abs(rises - 800)).toBeLessThan(6);
});

test.each([1, 2] as const)("where the pieces of a file meet nothing is heard of it: %i channels", async (channels) => {
  await record(1, tone(400, 8000, channels), 8000, channels);
  const second = tone(400, 16_000, channels);
  // Of more pieces than one: a read gives 64 KiB.
  const long = Int16Array.from({ length: 8 * second.length }, (_, index) => second[index % second.length] ?? 0);
  await record(2, long, 16_000, channels);
  const wav = await clearBytes(await finish({ ...job, format: "wav" }));
  const samples = new Int16Array(Uint8Array.from(wav.subarray(44)).buffer).subarray(8000 * channels);
  for (let channel = 0; channel < channels; channel++) {
    const of = (all: Int16Array) => all.filter((_, index) => index % channels === channel);
    const expected = resample(of(long), 16_000, 8000);
    const worst = of(samples).reduce((most, sample, index) => Math.max(most, Math.abs(sample - (expected[index] ?? 0))), 0);
    expect([of(samples).length, worst <= 1]).toEqual([expected.length, true]);
  }
});

test.each([
  [8000, 1, false],
  [8000, 2, true],
  [16_000, 1, true],
  [16_000, 2, false],
] as const)(
  "MP3 of %i Hz and %i channels has both sides at their pitch and length (sealed: %s)",
  async (sampleRateHz, channels, isSealed) => {
    for (const part of [1, 2]) await record(part, tone(400, sampleRateHz, channels), sampleRateHz, channels, isSealed);
    const finished = await finish({ ...job, format: "mp3" });
    expect(finished).toMatchObject({ file: `${recordingId}.mp3`, isSealed, channels, sampleRateHz, durationMs: 2000 });
    const bytes = await clearBytes(finished);
    expect(finished).toMatchObject({ sizeBytes: bytes.length, sha256: sha256(bytes) });
    const decoder = new MPEGDecoder({ enableGapless: false });
    await decoder.ready;
    const decoded = decoder.decode(bytes);
    decoder.free();
    expect(decoded).toMatchObject({ sampleRate: sampleRateHz });
    expect(decoded.samplesDecoded / sampleRateHz).toBeGreaterThan(1.99);
    expect(decoded.samplesDecoded / sampleRateHz).toBeLessThan(2.4);
    for (let channel = 0; channel < channels; channel++) {
      const samples = decoded.channelData[channel] ?? new Float32Array();
      const middle = samples.subarray(samples.length / 4, samples.length / 2);
      const rises = middle.filter((sample, index) => sample >= 0 && (middle[index - 1] ?? 0) < 0).length;
      expect(Math.abs((rises / middle.length) * sampleRateHz - 400 * (1 + channel))).toBeLessThan(20);
      expect(Math.max(...middle)).toBeGreaterThan(0.4);
    }
  },
);

test("of nothing, there is nothing; a file that is none of ours is nothing either", async () => {
  expect(await finish({ ...job, format: "wav", directory: join(directory.path, "missing") })).toBeUndefined();
  writeFileSync(join(directory.path, `${recordingId}.wav`), "");
  expect(await finish({ ...job, format: "mp3" })).toBeUndefined();
});

test("on its thread: what fails is told, what comes after it is done", async () => {
  const finisher = createRecordingFinisher();
  try {
    await record(1, tone(400, 8000, 1), 8000, 1, true);
    await expect(finisher.finish({ ...job, format: "wav", key: randomBytes(32).toString("base64") })).rejects.toThrow(/another key/);
    expect(await finisher.finish({ ...job, format: "mp3" })).toMatchObject({ durationMs: 1000, isSealed: true });
    await finisher.clear({ directory: directory.path, recordingId });
    expect(existsSync(join(directory.path, `${recordingId}.mp3`))).toBe(false);
  } finally {
    await finisher.close();
  }
  await expect(finisher.clear({ directory: directory.path, recordingId })).rejects.toThrow(/closed/);
});
