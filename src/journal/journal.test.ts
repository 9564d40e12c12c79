import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stepOf } from "../../test/support/journal/example-records.ts";
import { FailingDisk, systemError, writerHere } from "../../test/support/journal/writer-here.ts";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import type { JournalRecord } from "../calls/index.ts";
import { CallwrightError, type Logger, silentLogger, systemClock } from "../kernel/index.ts";
import { type JournalOptions, openJournal } from "./journal.ts";

const small = { clock: systemClock(), logger: silentLogger, reserveBytes: 4096 };

function open(directory: string, options: Partial<JournalOptions> = {}) {
  return openJournal({ directory, ...small, ...options });
}

async function all(records: AsyncIterable<JournalRecord>): Promise<JournalRecord[]> {
  return await Array.fromAsync(records);
}

function durableUpTo(
  journal: { readonly durable: number; onDurable(handler: (position: number) => void): void },
  position: number,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  journal.onDurable((durable) => durable >= position && resolve());
  if (journal.durable >= position) resolve();
  return promise;
}

function listening(): { readonly logger: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    info: (_, message) => lines.push(`info ${message}`),
    warn: (_, message) => lines.push(`warn ${message}`),
    error: (_, message) => lines.push(`error ${message}`),
    child: () => logger,
  };
  return { logger, lines };
}

test("with the writer thread: positions come at once, durability in order, and the records are there after a restart", async () => {
  using directory = temporaryDirectory();
  const journal = await open(directory.path);
  const seen: number[] = [];
  journal.onDurable((position) => seen.push(position));
  const drafts = Array.from({ length: 100 }, (_, index) => stepOf("c", index + 1));
  const positions = drafts.map((draft) => journal.append(draft));
  expect(positions).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  expect(journal.durable).toBe(0);
  await durableUpTo(journal, 100);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  await journal.close();

  const again = await open(directory.path);
  expect(again).toMatchObject({ epoch: 2, lastPosition: 100, durable: 100 });
  expect(await all(again.recover())).toEqual(drafts.map((draft, index) => ({ ...draft, position: index + 1, epoch: 1 })));
  expect(again.append(stepOf("c", 101))).toBe(101);
  await again.close();
});

test("files are for the owner alone", async () => {
  using directory = temporaryDirectory();
  const journal = await open(join(directory.path, "journal"));
  journal.append(stepOf("c", 1));
  await journal.close();
  expect(statSync(join(directory.path, "journal")).mode & 0o777).toBe(0o700);
  const modes = readdirSync(join(directory.path, "journal")).map((name) => [
    name,
    statSync(join(directory.path, "journal", name)).mode & 0o777,
  ]);
  expect(modes).toEqual([
    ["0000000000000001.journal", 0o600],
    ["alive", 0o600],
    ["epoch", 0o600],
    ["reserve", 0o600],
  ]);
});

test("recovery gives the calls that have not ended, whole, and leaves the others", async () => {
  using directory = temporaryDirectory();
  const journal = await open(directory.path, { segmentBytes: 300 });
  for (const draft of [stepOf("a", 1), stepOf("b", 1), stepOf("a", 2, { isLast: true }), stepOf("c", 1), stepOf("b", 2)])
    journal.append(draft);
  await journal.close();
  const again = await open(directory.path);
  const streams = (await all(again.recover())).map(({ position, streams: [part] }) => [position, part?.callId, part?.seq]);
  expect(streams).toEqual([
    [2, "b", 1],
    [4, "c", 1],
    [5, "b", 2],
  ]);
  await again.close();
});

test("segments go when their calls have ended and are shipped; a call that ended in one that went stays dead", async () => {
  using directory = temporaryDirectory();
  const segmentFiles = () => readdirSync(directory.path).filter((name) => name.endsWith(".journal"));
  const journal = await open(directory.path, { segmentBytes: 1, startWriter: writerHere(small.clock) });
  journal.append({ ...stepOf("long", 1), streams: [...stepOf("long", 1).streams, ...stepOf("short", 1).streams] });
  journal.append(stepOf("short", 2, { isLast: true }));
  journal.append(stepOf("other", 1, { isLast: true }));
  journal.append(stepOf("new", 1));
  await durableUpTo(journal, 4);
  journal.release(1);
  expect(segmentFiles()).toHaveLength(4);
  journal.release(4);
  await journal.close();
  expect(segmentFiles()).toEqual(["0000000000000001.journal", "0000000000000004.journal"]);

  const again = await open(directory.path, { segmentBytes: 1 });
  const alive = (await all(again.recover())).flatMap(({ streams }) => streams.map(({ callId }) => callId));
  expect(alive).toEqual(["long", "new"]);
  again.append(stepOf("long", 2, { isLast: true }));
  again.append(stepOf("new", 2, { isLast: true }));
  again.append(stepOf("last", 1));
  await durableUpTo(again, 7);
  again.release(7);
  await again.close();
  expect(segmentFiles()).toEqual(["0000000000000007.journal"]);
});

test("positions are not used again when every segment has gone but an empty one", async () => {
  using directory = temporaryDirectory();
  const first = await open(directory.path, { floor: 41 });
  expect(first.append(stepOf("a", 1, { isLast: true }))).toBe(42);
  await first.close();
  const second = await open(directory.path);
  expect(second.append(stepOf("b", 1))).toBe(43);
  await second.close();
});

test.each(["ENOSPC", "EIO"])("while the disk says %s nothing is acknowledged; afterwards everything is, in order", async (code) => {
  using directory = temporaryDirectory();
  const clock = new VirtualClock();
  const failing = new FailingDisk();
  const { logger, lines } = listening();
  const journal = await open(directory.path, { clock, logger, reserveBytes: 0, startWriter: writerHere(clock, failing.disk) });
  const seen: number[] = [];
  journal.onDurable((position) => seen.push(position));
  journal.append(stepOf("c", 1));
  await clock.advanceAsync(0);
  expect(seen).toEqual([1]);

  let attempts = 0;
  failing.refuse = (operation) => {
    if (operation !== (code === "EIO" ? "syncData" : "write")) return;
    attempts++;
    throw systemError(code);
  };
  for (let seq = 2; seq <= 10; seq++) {
    journal.append(stepOf("c", seq));
    await clock.advanceAsync(300);
  }
  expect(journal.healthy).toBe(false);
  expect(seen).toEqual([1]);
  expect(attempts).toBeGreaterThan(3);
  expect(attempts).toBeLessThan(10);

  failing.refuse = () => undefined;
  await clock.advanceAsync(2000);
  expect(journal.healthy).toBe(true);
  expect(journal.durable).toBe(10);
  expect(lines).toEqual([
    "error The journal cannot be written: no new calls are taken until it can.",
    "info The journal can be written again.",
  ]);
  await journal.close();
  expect(clock.armed).toBe(0);

  const again = await open(directory.path, { startWriter: writerHere(small.clock) });
  expect((await all(again.recover())).map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  await again.close();
});

test("a full disk takes the reserve: live calls go on, new ones are refused until there is room", async () => {
  using directory = temporaryDirectory();
  const clock = new VirtualClock();
  const failing = new FailingDisk();
  const { logger, lines } = listening();
  let free = 1 << 20;
  const disk = { ...failing.disk, freeBytes: () => free };
  const journal = await open(directory.path, { clock, logger, startWriter: writerHere(clock, disk) });
  await clock.advanceAsync(0);
  expect(readdirSync(directory.path)).toContain("reserve");
  journal.append(stepOf("a", 1), { newCall: true });
  await clock.advanceAsync(0);

  free = 0;
  failing.refuse = (operation) => {
    if (operation === "write" && readdirSync(directory.path).includes("reserve")) throw systemError("ENOSPC");
  };
  journal.append(stepOf("a", 2));
  await clock.advanceAsync(10);
  expect(journal).toMatchObject({ durable: 2, healthy: true });
  expect(() => journal.append(stepOf("b", 1), { newCall: true })).toThrow(
    expect.objectContaining({ code: "JOURNAL_FULL" }) as CallwrightError,
  );
  expect(journal.append(stepOf("a", 3))).toBe(3);

  failing.refuse = () => undefined;
  free = 1 << 20;
  await clock.advanceAsync(1000);
  expect(journal.append(stepOf("b", 1), { newCall: true })).toBe(4);
  expect(lines).toEqual([
    "error The disk is full but for the space kept for live calls: no new calls are taken.",
    "info The disk has room again.",
  ]);
  await journal.close();
});

test("the sign of life says when the former process was there last", async () => {
  using directory = temporaryDirectory();
  const clock = new VirtualClock(5_000_000);
  const journal = await open(directory.path, { clock, startWriter: writerHere(clock) });
  expect(journal.lastAliveAt).toBeUndefined();
  await clock.advanceAsync(7500);
  await journal.close();
  const again = await open(directory.path, { clock, startWriter: writerHere(clock) });
  expect(again.lastAliveAt).toBe(5_007_000);
  await again.close();
});

test("a lost writer thread is told once, and closing still ends", async () => {
  using directory = temporaryDirectory();
  const causes: unknown[] = [];
  let die: ((cause: unknown) => void) | undefined;
  const journal = await open(directory.path, {
    onLost: (cause) => causes.push(cause),
    startWriter: (_settings, _report, died) => {
      die = died;
      return { send: () => undefined };
    },
  });
  journal.append(stepOf("a", 1));
  die?.("gone");
  die?.("gone");
  expect(causes).toEqual(["gone"]);
  expect(journal.healthy).toBe(false);
  await journal.close();
  expect(journal.durable).toBe(0);
});
