/**
 * Makes one file of what a recording left: the parts that crashes split it into are joined, and encoded when MP3 is wanted. The parts stay until they are
 * cleared: whoever is interrupted does it again, with the same result.
 */
import { createHash } from "node:crypto";
import { open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Mp3Encoder, openMp3Encoder } from "../codec/mp3-encoder.ts";
import { SoundResampler } from "../codec/sound-resampler.ts";
import { unknownLength, type WavFormat, wavHeader, wavHeaderBytes } from "../codec/wav-writer.ts";
import { RecordedAudio } from "../sound/recorded-audio.ts";
import { type KeyStream, Seal } from "../sound/sealed-file.ts";

export type FinishJob = {
  readonly directory: string;
  readonly recordingId: string;
  readonly format: "wav" | "mp3";
  /** Base64; for parts that are sealed. The result is sealed when they are. */
  readonly key: string;
};

export type ClearJob = {
  readonly directory: string;
  readonly recordingId: string;
  /** The one file that stays; all go when left out. */
  readonly except?: string;
};

export type FinishedFile = {
  /** Its name in the directory. */
  readonly file: string;
  readonly isSealed: boolean;
  readonly channels: 1 | 2;
  readonly sampleRateHz: number;
  readonly durationMs: number;
  /** Of what a listener gets, in the clear: bytes and SHA-256 as hex. */
  readonly sizeBytes: number;
  readonly sha256: string;
};

/** Undefined when there is nothing. Throws what the file system says. */
export async function finish({ directory, recordingId, format, key }: FinishJob): Promise<FinishedFile | undefined> {
  const secret = Buffer.from(key, "base64");
  const parts = await partsOf(directory, recordingId, secret);
  const [first] = parts;
  if (first === undefined) return undefined;
  const { wav } = first;
  if (parts.length === 1 && format === "wav") return await described(directory, first.name, secret, wav);
  const file = format === "mp3" ? `${recordingId}.mp3` : `${recordingId}.full.wav`;
  const draft = join(directory, `${recordingId}.draft`);
  const frames = await written(draft, parts, secret, wav, format);
  await rename(draft, join(directory, file));
  const durationMs = Math.round((frames / wav.sampleRateHz) * 1000);
  return { ...(await described(directory, file, secret, wav)), durationMs };
}

/** Removes the files of a recording. Those that are gone already are no trouble. */
export async function clear({ directory, recordingId, except }: ClearJob): Promise<void> {
  for (const { name } of await filesOf(directory, recordingId)) if (name !== except) await rm(join(directory, name), { force: true });
}

type PartName = { readonly name: string; readonly part: number | undefined };

/** All files of a recording, with the number of those that are parts. */
async function filesOf(directory: string, recordingId: string): Promise<readonly PartName[]> {
  const names = await readdir(directory).catch((cause: unknown) => {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return [];
    throw cause;
  });
  return names.flatMap((name) => {
    if (!name.startsWith(recordingId)) return [];
    const rest = name.slice(recordingId.length);
    const part = /^(?:-(\d+))?\.wav$/.exec(rest);
    if (part !== null) return { name, part: Number(part[1] ?? 1) };
    return [".full.wav", ".mp3", ".draft"].includes(rest) ? { name, part: undefined } : [];
  });
}

type Part = { readonly path: string; readonly name: string; readonly wav: WavFormat; readonly isSealed: boolean };

/** Those with anything in them, in order: a crash may have come before the first byte. */
async function partsOf(directory: string, recordingId: string, key: Uint8Array): Promise<readonly Part[]> {
  const names = (await filesOf(directory, recordingId)).filter(({ part }) => part !== undefined);
  const parts: Part[] = [];
  for (const { name } of names.toSorted((one, other) => (one.part ?? 0) - (other.part ?? 0))) {
    const path = join(directory, name);
    const audio = await RecordedAudio.open(path, key);
    await audio.close();
    if (audio.wav !== undefined) parts.push({ path, name, wav: audio.wav, isSealed: audio.isSealed });
  }
  return parts;
}

/** Returns how many samples a channel has. The file is on the disk then. */
async function written(path: string, parts: readonly Part[], key: Uint8Array, wav: WavFormat, format: "wav" | "mp3"): Promise<number> {
  await using file = await open(path, "w", 0o600);
  const seal = parts.some(({ isSealed }) => isSealed) ? Seal.begin(key) : undefined;
  const stream: KeyStream = seal?.stream(0) ?? ((bytes) => Buffer.from(bytes));
  const mp3: Mp3Encoder | undefined = format === "mp3" ? await openMp3Encoder(wav) : undefined;
  const write = (bytes: Uint8Array) => file.writeFile(stream(bytes));
  if (seal !== undefined) await file.writeFile(seal.header);
  if (mp3 === undefined) await write(wavHeader(unknownLength, wav));
  let frames = 0;
  for (const part of parts) {
    for await (const samples of samplesOf(part.path, key, wav)) {
      frames += samples.length / wav.channels;
      await write(mp3?.encode(samples) ?? new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
    }
  }
  if (mp3 !== undefined) await write(mp3.finish());
  else if (seal === undefined) await file.write(wavHeader(frames * 2 * wav.channels, wav), 0, wavHeaderBytes, 0);
  await file.sync();
  return frames;
}

/** The samples of a part in pieces, at the rate of the first one: a call may have gone on with another codec. */
async function* samplesOf(path: string, key: Uint8Array, { sampleRateHz, channels }: WavFormat): AsyncGenerator<Int16Array> {
  const audio = await RecordedAudio.open(path, key);
  if (audio.wav?.channels !== channels) {
    await audio.close();
    return;
  }
  const frameBytes = 2 * channels;
  const { sampleRateHz: partRateHz } = audio.wav;
  const resamplers =
    partRateHz === sampleRateHz ? [] : Array.from({ length: channels }, () => new SoundResampler(partRateHz, sampleRateHz));
  let rest = Buffer.alloc(0);
  for await (const chunk of audio.read({ first: wavHeaderBytes, last: audio.sizeBytes - 1 })) {
    const bytes = Buffer.concat([rest, chunk as Buffer]);
    const whole = bytes.length - (bytes.length % frameBytes);
    rest = bytes.subarray(whole);
    const samples = new Int16Array(new Uint8Array(bytes.subarray(0, whole)).buffer);
    if (resamplers.length === 0) yield samples;
    else yield interleaved(resamplers.map((resampler, channel) => resampler.process(channelOf(samples, channel, channels))));
  }
  yield interleaved(resamplers.map((resampler) => resampler.end()));
}

function channelOf(samples: Int16Array, channel: number, channels: 1 | 2): Int16Array {
  return channels === 1 ? samples : samples.filter((_, index) => index % 2 === channel);
}

function interleaved([left = new Int16Array(), right]: readonly Int16Array[]): Int16Array {
  if (right === undefined) return left;
  const both = new Int16Array(2 * left.length);
  for (let index = 0; index < left.length; index++) {
    both[2 * index] = left[index] ?? 0;
    both[2 * index + 1] = right[index] ?? 0;
  }
  return both;
}

async function described(directory: string, name: string, key: Uint8Array, { channels, sampleRateHz }: WavFormat): Promise<FinishedFile> {
  const path = join(directory, name);
  for (const synced of [path, directory]) {
    await using handle = await open(synced, "r");
    await handle.sync();
  }
  const audio = await RecordedAudio.open(path, key);
  const hash = createHash("sha256");
  for await (const chunk of audio.read({ first: 0, last: audio.sizeBytes - 1 })) hash.update(chunk as Buffer);
  const { sizeBytes, durationMs, isSealed } = audio;
  return { file: name, isSealed, channels, sampleRateHz, durationMs, sizeBytes, sha256: hash.digest("hex") };
}
