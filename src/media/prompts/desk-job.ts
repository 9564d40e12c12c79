import { type DecodeJob, type Decoded, decodeSound } from "./decode-sound.ts";
import { type EncodeJob, type Encoded, encodeSound } from "./encode-sound.ts";

/** Work of the desk. Each is done a few milliseconds at a time, so that those under way take turns. */
export type DeskJob = DecodeJob | EncodeJob;
export type DeskResult<J extends DeskJob> = J extends DecodeJob ? Decoded : Encoded;

/** Rejects with PROMPT_UNREADABLE or PROMPT_TOO_LARGE. */
export function runDeskJob(job: DeskJob): Promise<Decoded | Encoded> {
  return job.kind === "decode" ? decodeSound(job) : encodeSound(job);
}
