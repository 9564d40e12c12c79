import { createHash } from "node:crypto";
import { mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { refusal } from "../errors.ts";
import type { PromptLibrary } from "./prompt-library.ts";
import { finish, partPath } from "./sound-files.ts";

/** What is known of a sound that was taken. */
export type ShelvedSound = {
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly durationMs: number;
  /** Hex. */
  readonly sha256: string;
};

/** The bytes of uploaded sounds, each a file of its own. Whose they are and what they are called is the directory's to know. */
export type SoundShelf = {
  readonly maxBytes: number;
  pathOf(id: string): string;
  /** Takes a sound as it comes. Rejects with PROMPT_UNREADABLE or PROMPT_TOO_LARGE, or as `content` does; then nothing is left of it. */
  add(id: string, content: AsyncIterable<Uint8Array>): Promise<ShelvedSound>;
  remove(id: string): Promise<void>;
};

export type SoundShelfOptions = {
  /** Made when missing; holds nothing else. */
  readonly directory: string;
  readonly maxBytes: number;
  readonly library: Pick<PromptLibrary, "examine">;
  /** Of a file that nobody owns a crash was too early, or too late: it is removed. */
  readonly isOwned: (id: string) => boolean;
};

export function soundPath(directory: string, id: string): string {
  return join(directory, id);
}

export async function openSoundShelf({ directory, maxBytes, library, isOwned }: SoundShelfOptions): Promise<SoundShelf> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const name of await readdir(directory)) if (!isOwned(name)) await rm(join(directory, name), { force: true });
  const remove = (id: string) => rm(soundPath(directory, id), { force: true });
  return {
    maxBytes,
    pathOf: (id) => soundPath(directory, id),
    remove,
    async add(id, content) {
      const path = soundPath(directory, id);
      const { sizeBytes, sha256 } = await write(path, content, maxBytes);
      try {
        const { contentType, durationMs } = await library.examine(path);
        return { contentType, durationMs, sizeBytes, sha256 };
      } catch (cause) {
        await remove(id);
        throw cause;
      }
    },
  };
}

async function write(
  path: string,
  content: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Pick<ShelvedSound, "sizeBytes" | "sha256">> {
  const part = partPath(path);
  const hash = createHash("sha256");
  let sizeBytes = 0;
  try {
    await using file = await open(part, "w", 0o600);
    for await (const bytes of content) {
      sizeBytes += bytes.length;
      if (sizeBytes > maxBytes) throw refusal("PROMPT_TOO_LARGE", { reason: `more than ${maxBytes} bytes` });
      hash.update(bytes);
      await file.writeFile(bytes);
    }
    // What is answered for is on the disk.
    await file.sync();
  } catch (cause) {
    await rm(part, { force: true });
    throw cause;
  }
  await finish(path);
  return { sizeBytes, sha256: hash.digest("hex") };
}
