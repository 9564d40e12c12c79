/** The shelf of uploaded sounds with a library that believes a file to be a WAV of a second when it begins with RIFF. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { refusals } from "../../../src/kernel/index.ts";
import { mediaErrors, openSoundShelf, type SoundShelf } from "../../../src/media/index.ts";

export type TestShelf = SoundShelf & AsyncDisposable & { readonly directory: string };

const refusal = refusals(mediaErrors);

export async function testShelf(maxBytes = 10_000): Promise<TestShelf> {
  const directory = await mkdtemp(join(tmpdir(), "sounds-"));
  const shelf = await openSoundShelf({ directory, maxBytes, library: { examine }, isOwned: () => true });
  return Object.assign(shelf, { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) });
}

async function examine(path: string) {
  if ((await readFile(path, "latin1")).startsWith("RIFF")) return { what: "WAV", contentType: "audio/wav", durationMs: 1000 };
  throw refusal("PROMPT_UNREADABLE", { reason: "a FLAC file" });
}
