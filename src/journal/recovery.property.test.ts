import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { stepOf } from "../../test/support/journal/example-records.ts";
import { writerHere } from "../../test/support/journal/writer-here.ts";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import type { RecordDraft } from "../calls/index.ts";
import { type Logger, silentLogger, systemClock } from "../kernel/index.ts";
import { openJournal } from "./journal.ts";
import { segmentPath } from "./segment-file.ts";

const clock = systemClock();

function open(directory: string, logger: Logger = silentLogger, segmentBytes = 1 << 20) {
  return openJournal({ directory, clock, logger, reserveBytes: 0, segmentBytes, startWriter: writerHere(clock) });
}

async function written(directory: string, drafts: readonly RecordDraft[], segmentBytes?: number): Promise<void> {
  const journal = await open(directory, silentLogger, segmentBytes);
  for (const draft of drafts) journal.append(draft);
  await journal.close();
}

async function readBack(directory: string, logger?: Logger): Promise<RecordDraft[]> {
  const journal = await open(directory, logger);
  const records = await Array.fromAsync(journal.recover());
  await journal.close();
  return records.map(({ position: _position, epoch: _epoch, ...draft }) => draft);
}

const draftsOf = (values: readonly (readonly [string, string])[]) =>
  values.map(([callId, value], index) => stepOf(callId, index + 1, { value }));
const values = fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.string({ unit: "grapheme", maxLength: 40 })), {
  minLength: 1,
  maxLength: 12,
});

test("what was appended in any order, in segments of any size, is read back as it was", async () => {
  await fc.assert(
    fc.asyncProperty(values, fc.integer({ min: 1, max: 2000 }), async (chosen, segmentBytes) => {
      using directory = temporaryDirectory();
      const drafts = draftsOf(chosen);
      await written(directory.path, drafts, segmentBytes);
      expect(await readBack(directory.path)).toEqual(drafts);
    }),
    { numRuns: 40 },
  );
});

test("a cut at any byte of the newest segment leaves the records before it, and the journal goes on from there", async () => {
  await fc.assert(
    fc.asyncProperty(
      values,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.uint8Array({ maxLength: 20 }),
      async (chosen, share, rubbish) => {
        using directory = temporaryDirectory();
        const drafts = draftsOf(chosen);
        await written(directory.path, drafts);
        const path = segmentPath(directory.path, 1);
        const whole = readFileSync(path);
        const length = Math.floor(share * whole.length);
        // Else it would be what was cut off.
        fc.pre(rubbish[0] === undefined || rubbish[0] !== whole[length]);
        truncateSync(path, length);
        appendFileSync(path, rubbish);
        const kept = await readBack(directory.path);
        expect(kept).toEqual(drafts.slice(0, kept.length));
        expect(readFileSync(path).length).toBeLessThanOrEqual(length);

        const journal = await open(directory.path);
        expect(journal.append(stepOf("z", 1))).toBe(kept.length + 1);
        await journal.close();
        expect(await readBack(directory.path)).toEqual([...kept, stepOf("z", 1)]);
      },
    ),
    { numRuns: 40 },
  );
});

test("a damaged record before the newest segment is told, and what follows it in that segment is set aside", async () => {
  using directory = temporaryDirectory();
  const drafts = draftsOf([
    ["a", "one"],
    ["a", "two"],
    ["a", "three"],
  ]);
  await written(directory.path, drafts);
  await written(directory.path, [stepOf("b", 1)]);
  const path = segmentPath(directory.path, 1);
  const bytes = readFileSync(path);
  bytes[bytes.indexOf("two")] = 0x21;
  writeFileSync(path, bytes);
  const told: [object, string][] = [];
  const logger: Logger = { ...silentLogger, error: (fields, message) => told.push([fields, message]) };
  expect(await readBack(directory.path, logger)).toEqual([drafts[0], stepOf("b", 1)]);
  expect(told).toEqual([
    [
      expect.objectContaining({ reason: "checksum differs", segment: path }),
      "A journal segment is damaged: the records from the damage to its end were set aside.",
    ],
  ]);
  expect(readFileSync(`${path}.damaged`).includes("three")).toBe(true);
  told.length = 0;
  expect(await readBack(directory.path, logger)).toHaveLength(2);
  expect(told).toEqual([]);
});

test("a record larger than one read comes back whole", async () => {
  using directory = temporaryDirectory();
  const drafts = [stepOf("a", 1), stepOf("a", 2, { value: "é".repeat(700_000) }), stepOf("a", 3)];
  await written(directory.path, drafts);
  expect(await readBack(directory.path)).toEqual(drafts);
  expect(existsSync(`${segmentPath(directory.path, 1)}.damaged`)).toBe(false);
});
