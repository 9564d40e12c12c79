/** What a former run left: reads every segment once, cuts a torn tail, sets damage aside, and fills the ledger. */
import { appendFile, open, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "../kernel/index.ts";
import { realDisk } from "./disk.ts";
import { readSegment, type SegmentEnd, segmentOf, segmentPath } from "./segment-file.ts";
import { SegmentLedger } from "./segment-ledger.ts";
import { aliveFileName } from "./segment-writer.ts";

export type Remains = {
  readonly ledger: SegmentLedger;
  /** The last position that was used, 0 on a new directory. */
  readonly lastPosition: number;
  /** Number of this start, from 1. */
  readonly epoch: number;
  readonly lastAliveAt: number | undefined;
};

export async function takeStock(directory: string, logger: Logger): Promise<Remains> {
  const firsts = (await readdir(directory)).map(segmentOf).filter((first) => first !== undefined);
  firsts.sort((a, b) => a - b);
  const ledger = new SegmentLedger();
  let lastPosition = 0;
  let lastAt: number | undefined;
  for (const first of firsts) {
    const segment = readSegment(segmentPath(directory, first));
    let step = await segment.next();
    if (step.done !== true) ledger.begin(first);
    for (; step.done !== true; step = await segment.next()) {
      for (const frame of step.value) {
        if (frame.kind === "end-note") ledger.endNote(frame.callIds);
        else {
          ledger.record(frame.head.position, frame.head.calls, frame.head.ended);
          lastPosition = frame.head.position;
          lastAt = Math.max(lastAt ?? 0, frame.head.at);
        }
      }
    }
    const end = step.value;
    // An empty one was begun and never got a whole record; its name still says which positions were given out before.
    lastPosition = Math.max(lastPosition, first - 1);
    if (end.reason !== undefined) await cut(directory, first, end, first === firsts.at(-1), logger);
  }
  const aliveAt = await modifiedAt(join(directory, aliveFileName));
  const lastAliveAt = aliveAt === undefined && lastAt === undefined ? undefined : Math.max(aliveAt ?? 0, lastAt ?? 0);
  return { ledger, lastPosition, epoch: await nextEpoch(directory), lastAliveAt };
}

/**
 * Takes everything after the last whole record out of a segment. At the end of the newest one that is a write which the crash cut
 * short and nobody was told of. Anywhere else it is damage: it goes to a `.damaged` file beside the segment, for people to look at.
 */
async function cut(directory: string, first: number, end: SegmentEnd, isNewest: boolean, logger: Logger): Promise<void> {
  const path = segmentPath(directory, first);
  const fields = { segment: path, offset: end.offset, bytes: end.fileBytes - end.offset, reason: end.reason };
  await using file = await open(path, "r+");
  if (isNewest) logger.info(fields, "The journal's last write was cut short by the crash; its incomplete end was removed.");
  else {
    const rest = Buffer.alloc(end.fileBytes - end.offset);
    await file.read(rest, 0, rest.length, end.offset);
    await appendFile(`${path}.damaged`, rest, { mode: 0o600, flush: true });
    logger.error(
      { ...fields, kept: `${path}.damaged` },
      "A journal segment is damaged: the records from the damage to its end were set aside.",
    );
  }
  await file.truncate(end.offset);
  await file.sync();
}

async function nextEpoch(directory: string): Promise<number> {
  const path = join(directory, "epoch");
  const former = (await modifiedAt(path)) === undefined ? 0 : Number.parseInt(await readFile(path, "utf8"), 10);
  const epoch = (Number.isSafeInteger(former) ? former : 0) + 1;
  await writeFile(`${path}.new`, `${epoch}\n`, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
  realDisk.syncDirectory(directory);
  return epoch;
}

async function modifiedAt(path: string): Promise<number | undefined> {
  try {
    return Math.round((await stat(path)).mtimeMs);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw cause;
  }
}
