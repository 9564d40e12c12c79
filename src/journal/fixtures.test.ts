/** Journals that released versions wrote: each must be read, as its JSON file says, for ever. A release adds its own; none is ever changed. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { JournalRecord } from "../calls/index.ts";
import { decodeRecord } from "./record-format.ts";
import { readSegment } from "./segment-file.ts";

const fixtures = join(import.meta.dirname, "../../test/fixtures/journal");

async function read(path: string): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  const frames = readSegment(path);
  let step = await frames.next();
  for (; step.done !== true; step = await frames.next()) {
    for (const frame of step.value) if (frame.kind === "record") records.push(decodeRecord(frame.head, frame.body));
  }
  expect(step.value.reason).toBeUndefined();
  return records;
}

describe.each(readdirSync(fixtures))("version %s", (version) => {
  const names = readdirSync(join(fixtures, version)).filter((name) => name.endsWith(".journal"));

  test.each(names)("%s is read as it was written", async (name) => {
    const path = join(fixtures, version, name);
    expect(await read(path)).toEqual(JSON.parse(readFileSync(path.replace(/\.journal$/, ".json"), "utf8")));
  });

  test("there is one", () => expect(names).not.toEqual([]));
});
