import { createHash } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { refusal } from "../errors.ts";
import { type ByteSource, fileSource, memorySource } from "./decode/byte-source.ts";
import { openSound } from "./decode/open-sound.ts";
import type { SoundReader } from "./decode/sound-reader.ts";
import { finish, type Master, masterPath, partPath, sampleBytes } from "./sound-files.ts";
import { SoundResampler } from "../codec/sound-resampler.ts";

/** Makes of a file of sound, whatever it is, one of samples: `<hash>.master-<rate>` in `directory`. */
export type DecodeJob = {
  readonly kind: "decode";
  readonly directory: string;
  /** For what was fetched, one half of the name; the other is what is in the file. */
  readonly hash: string;
  readonly isFetched: boolean;
  readonly source: { readonly kind: "file"; readonly path: string } | { readonly kind: "bytes"; readonly bytes: Uint8Array };
  readonly maxMs: number;
};

export type Decoded = { readonly master: Master; readonly what: string; readonly contentType: string };

/** The fastest rate that is kept; no codec has more. */
const fastestKeptHz = 48_000;
/** The tables of a resampler grow with what two rates do not share. One that is no multiple of this is taken for the next: 3 cents at most. */
const rateStepHz = 25;
/** So much more than the file may come out of it. Speech at the lowest rate of Opus is 128 times as large as samples, of MP3 50 times. */
const largestExpansion = 256;
const freeExpansionBytes = 8 * 1024 * 1024;
const hashedBytes = 256 * 1024;

/** Rejects with PROMPT_UNREADABLE or PROMPT_TOO_LARGE. */
export async function decodeSound(job: DecodeJob): Promise<Decoded> {
  const { source } = job;
  if (source.kind === "bytes") return decode(job, memorySource(source.bytes));
  try {
    await using file = await open(source.path, "r");
    return await decode(job, await fileSource(file));
  } catch (cause) {
    if (cause instanceof Error && "category" in cause) throw cause;
    throw refusal("PROMPT_UNREADABLE", { path: source.path, reason: String(cause) }, { cause });
  }
}

async function decode(job: DecodeJob, source: ByteSource): Promise<Decoded> {
  const hash = job.isFetched ? await hashWith(job.hash, source) : job.hash;
  const opened = await openSound(source);
  if (!opened.ok) throw refusal("PROMPT_UNREADABLE", { reason: opened.reason });
  const reader = opened.value;
  try {
    const master = await writeMaster(job, hash, reader, source.sizeBytes);
    return { master, what: reader.kind, contentType: reader.contentType };
  } finally {
    reader.close();
  }
}

async function writeMaster({ directory, maxMs }: DecodeJob, hash: string, reader: SoundReader, sizeBytes: number): Promise<Master> {
  const fromHz = Math.round(reader.sampleRateHz / rateStepHz) * rateStepHz;
  const sampleRateHz = Math.min(fastestKeptHz, fromHz);
  const path = masterPath(directory, { hash, sampleRateHz });
  const part = partPath(path);
  const mostSamples = Math.floor((maxMs / 1000) * sampleRateHz);
  const mostExpanded = (freeExpansionBytes + sizeBytes * largestExpansion) / sampleBytes;
  const resampler = new SoundResampler(fromHz, sampleRateHz);
  let samples = 0;
  try {
    await using file = await open(part, "w", 0o600);
    for (let block = await reader.next(); block !== undefined; block = await reader.next()) {
      samples += await writeSamples(file, resampler.process(block));
      if (samples > mostSamples) throw refusal("PROMPT_TOO_LARGE", { reason: `longer than ${Math.round(maxMs / 1000)} s` });
      if (samples > mostExpanded)
        throw refusal("PROMPT_TOO_LARGE", { reason: `more than ${largestExpansion} times its own length comes out of it` });
    }
    samples += await writeSamples(file, resampler.end());
    if (samples === 0) throw refusal("PROMPT_UNREADABLE", { reason: `${reader.kind}, without any sound in it` });
  } catch (cause) {
    await rm(part, { force: true });
    throw cause;
  }
  await finish(path);
  return { hash, sampleRateHz, samples };
}

async function writeSamples(file: FileHandle, samples: Int16Array): Promise<number> {
  if (samples.length > 0) await file.writeFile(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  return samples.length;
}

async function hashWith(name: string, source: ByteSource): Promise<string> {
  const hash = createHash("sha256").update(name);
  for (let at = 0; at < source.sizeBytes; at += hashedBytes) hash.update(await source.read(at, hashedBytes));
  return hash.digest("hex");
}

/** Of a path or URL, and whatever else tells one sound from another. */
export function hashOf(...parts: readonly (string | number)[]): string {
  return createHash("sha256").update(parts.join("\u0000")).digest("hex");
}

/** Where what is fetched is put before it is decoded. */
export function downloadPath(directory: string, id: string): string {
  return partPath(join(directory, `fetched-${id}`));
}
