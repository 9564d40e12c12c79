import { createHash } from "node:crypto";
import { open, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { codecByName, encode, sampleRateHz } from "../codec/codec.ts";
import { resample } from "../codec/resampler.ts";
import { parseWav } from "../codec/wav-reader.ts";
import { refusal } from "../errors.ts";
import { type CodecName, codecs } from "../plan.ts";

/** Work of the desk: WAV audio becomes one raw file per codec in `directory`, named by `hash`. */
export type DeskJob = {
  readonly directory: string;
  /** For what was fetched, one half of the name; the other is the sound itself. */
  readonly hash: string;
  readonly source:
    | { readonly kind: "file"; readonly path: string }
    | { readonly kind: "bytes"; readonly bytes: Uint8Array }
    | { readonly kind: "fetched"; readonly bytes: Uint8Array<ArrayBuffer> };
};

export type DeskResult = { readonly hash: string; readonly samples: number };

/** A file on this machine is the operator's own; it is only kept from filling the memory. */
const maxFileBytes = 128 * 1024 * 1024;

const suffixes: Readonly<Record<CodecName, string>> = { PCMU: ".ulaw", PCMA: ".alaw" };

/** Where the raw sound of `hash` lies. */
export function rawFiles(directory: string, hash: string): Readonly<Record<CodecName, string>> {
  return { PCMU: join(directory, hash + suffixes.PCMU), PCMA: join(directory, hash + suffixes.PCMA) };
}

/** Rejects with PROMPT_UNREADABLE or PROMPT_TOO_LARGE. */
export async function runDeskJob({ source, directory, hash: given }: DeskJob): Promise<DeskResult> {
  const bytes = source.kind === "file" ? await readLocal(source.path) : source.bytes;
  const hash = source.kind === "fetched" ? createHash("sha256").update(given).update(bytes).digest("hex") : given;
  return { hash, samples: await writeRaw(bytes, directory, hash) };
}

async function readLocal(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path, "r");
    const { size } = await file.stat();
    if (size > maxFileBytes) throw refusal("PROMPT_TOO_LARGE", { path, maxBytes: maxFileBytes });
    return await file.readFile();
  } catch (cause) {
    if (cause instanceof Error && "category" in cause) throw cause;
    throw refusal("PROMPT_UNREADABLE", { path, reason: String(cause) }, { cause });
  }
}

async function writeRaw(bytes: Uint8Array, directory: string, hash: string): Promise<number> {
  const wav = parseWav(bytes);
  if (!wav.ok) throw refusal("PROMPT_UNREADABLE", { reason: wav.reason, at: wav.at });
  const samples = resample(wav.value.samples, wav.value.sampleRateHz, sampleRateHz);
  const files = rawFiles(directory, hash);
  for (const name of codecs) {
    const raw = new Uint8Array(samples.length);
    encode(codecByName[name], samples, raw);
    // Whole or not at all: a reader, also one after a crash, never finds half a file.
    await writeFile(`${files[name]}.part`, raw, { mode: 0o600 });
    await rename(`${files[name]}.part`, files[name]);
  }
  return samples.length;
}
