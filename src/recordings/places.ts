/** Where recordings are, and what they are encrypted with. */
import { join } from "node:path";
import { derive, isId } from "../kernel/index.ts";

const idLetters = 24;
/** Of an id they are a time of four and a half hours, so that no folder has too many files. */
const folderLetters = 6;

/** Path of a part, below the directory of recordings. What an earlier release began has a name that is unique in its call only. */
export function partFile(accountId: string, callId: string, name: string): string {
  const isUnique = isId(name.slice(0, idLetters));
  return isUnique ? join(folderOf(accountId, name), `${name}.wav`) : join(accountId, callId, `${name}.wav`);
}

export function folderOf(accountId: string, recordingId: string): string {
  return join(accountId, recordingId.slice(0, folderLetters));
}

/** 32 bytes as base64, of one recording, from the key of the data directory. */
export function recordingKey(secret: Uint8Array, recordingId: string): string {
  return Buffer.from(derive(secret, 32, "recording", recordingId), "hex").toString("base64");
}
