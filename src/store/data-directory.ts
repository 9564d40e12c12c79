/** The data directory: everything that must outlive the process, for one server at a time. */
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../kernel/index.ts";
import { lockDataDirectory } from "./data-lock.ts";
import { storeRefusal } from "./errors.ts";

const keyBytes = 32;
const keyFile = "secret.key";

export type DataDirectory = {
  readonly path: string;
  /** For the journal's segments. */
  readonly journal: string;
  /** 32 random bytes, made once: what derived ids and the encryption of stored secrets rest on. */
  readonly secret: Uint8Array;
  /** Gives the lock back. */
  close(): Promise<void>;
};

/**
 * Makes the directory when it is missing, takes its lock and reads its key.
 * Throws STORE_DATA_IN_USE, STORE_DATA_UNUSABLE or STORE_KEY_INVALID.
 */
export async function openDataDirectory(path: string, clock: Clock): Promise<DataDirectory> {
  const unlock = prepare(path, clock);
  try {
    const secret = await readOrMakeKey(join(path, keyFile));
    return { path, journal: join(path, "journal"), secret, close: async () => unlock() };
  } catch (error) {
    unlock();
    throw error;
  }
}

function prepare(path: string, clock: Clock): () => void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (process.getuid?.() === 0 && isOurs(path)) chmodSync(path, 0o711);
    return lockDataDirectory(path, clock);
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && "syscall" in cause)) throw cause;
    const message = `The data directory ${path} cannot be used (${cause.message}). Choose one that this user may write, by CALLWRIGHT_DATA_DIR.`;
    throw storeRefusal("STORE_DATA_UNUSABLE", { message, path }, { cause });
  }
}

/**
 * As root the database runs as another user, who must be able to pass through; everything in here is for its owner alone. A directory
 * that holds somebody else's files keeps its mode.
 */
function isOurs(path: string): boolean {
  return (statSync(path).mode & 0o777) === 0o700 && (readdirSync(path).length === 0 || existsSync(join(path, keyFile)));
}

async function readOrMakeKey(path: string): Promise<Buffer> {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) {
    const draft = `${path}.new`;
    rmSync(draft, { force: true });
    const file = await open(draft, "wx", 0o600);
    await file.writeFile(randomBytes(keyBytes));
    await file.sync();
    await file.close();
    await rename(draft, path);
  }
  const key = readFileSync(path);
  if (key.length !== keyBytes) throw storeRefusal("STORE_KEY_INVALID", { path });
  return key;
}
