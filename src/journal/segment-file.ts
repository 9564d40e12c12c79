/** Reading segment files: `<first position, 16 digits>.journal`, records one after the other. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { decodeFrame, type Frame } from "./record-format.ts";

const suffix = ".journal";

export function segmentPath(directory: string, first: number): string {
  return join(directory, `${String(first).padStart(16, "0")}${suffix}`);
}

/** The first position that a file name stands for; undefined when it is no segment. */
export function segmentOf(fileName: string): number | undefined {
  return /^\d{16}\.journal$/.test(fileName) ? Number(fileName.slice(0, -suffix.length)) : undefined;
}

/** Where whole records end, and why. `reason` undefined: the file ends right there. */
export type SegmentEnd = { readonly offset: number; readonly fileBytes: number; readonly reason?: string };

const chunkBytes = 512 * 1024;

/**
 * The whole frames of a segment, as many at a time as one read gives; the return value says where they end. Bodies are valid until
 * the next step. A step keeps the thread for a few milliseconds at most.
 */
export async function* readSegment(path: string): AsyncGenerator<readonly Frame[], SegmentEnd> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  let buffer = Buffer.allocUnsafe(chunkBytes);
  let held = 0;
  let start = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, held, buffer.length - held, start + held);
    held += bytesRead;
    const { frames, next, reason } = framesOf(buffer.subarray(0, held));
    if (frames.length > 0) yield frames;
    if (reason !== "more") return { offset: start + next, fileBytes: size, reason };
    if (bytesRead === 0) return { offset: start + next, fileBytes: size, ...(held === next ? {} : { reason: "cut short" }) };
    const larger = next === 0 && held === buffer.length ? Buffer.allocUnsafe(buffer.length * 2) : buffer;
    buffer.copy(larger, 0, next, held);
    buffer = larger;
    held -= next;
    start += next;
  }
}

function framesOf(bytes: Buffer): { readonly frames: readonly Frame[]; readonly next: number; readonly reason: string } {
  const frames: Frame[] = [];
  for (let next = 0; ; ) {
    const result = decodeFrame(bytes, next);
    if (!result.ok) return { frames, next, reason: result.reason };
    frames.push(result.value.frame);
    next = result.value.next;
  }
}
