import { join } from "node:path";
import { expect, test } from "vitest";
import { StartedProcess } from "../../test/support/child-process.ts";
import { stepOf } from "../../test/support/journal/example-records.ts";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { silentLogger, systemClock } from "../kernel/index.ts";
import { openJournal } from "./journal.ts";

const program = join(import.meta.dirname, "../../test/support/journal/append-until-killed.ts");

test("killed again and again while it writes: everything that was acknowledged is there, without a gap", async () => {
  using directory = temporaryDirectory();
  for (let round = 1; round <= 4; round++) {
    await using writer = new StartedProcess(process.execPath, [program, directory.path]);
    await writer.waitForOutput(/\n(?:\d+\n){20}/);
    writer.signal("SIGKILL");
    await writer.waitForExit();
    const acknowledged = Math.max(...writer.output.trim().split("\n").slice(0, -1).map(Number));

    const journal = await openJournal({ directory: directory.path, clock: systemClock(), logger: silentLogger, reserveBytes: 4096 });
    const records = await Array.fromAsync(journal.recover());
    await journal.close();
    expect(journal.epoch).toBe(round * 2);
    expect(records.length).toBeGreaterThanOrEqual(acknowledged);
    expect(records.map(({ position }) => position)).toEqual(records.map((_, index) => index + 1));
    expect(records.at(-1)).toMatchObject(stepOf("c", records.length));
  }
});
