/** Appends to the journal in the directory named by the first argument and prints each durable position, until it is killed. */
import { openJournal } from "../../../src/journal/journal.ts";
import { silentLogger, systemClock } from "../../../src/kernel/index.ts";
import { stepOf } from "./example-records.ts";

const clock = systemClock();
const journal = await openJournal({
  directory: process.argv[2] ?? "",
  clock,
  logger: silentLogger,
  segmentBytes: 20_000,
  reserveBytes: 4096,
});
journal.onDurable((position) => process.stdout.write(`${position}\n`));
for (;;) {
  for (let burst = 0; burst < 10; burst++) journal.append(stepOf("c", journal.lastPosition + 1));
  await new Promise((resolve) => setImmediate(resolve));
}
