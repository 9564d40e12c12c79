import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Measurement } from "./media/measurement.ts";
import { rows } from "./media/rows.ts";
import { writeSounds } from "./media/sounds.ts";
import { positive } from "./options.ts";
import { progress } from "./setting.ts";

/** What ends within six minutes, and what takes half an hour. */
const quick = { calls: "100,400", seconds: "5" };
const full = { calls: "100,400,1000,2000", seconds: "10" };

/** What media costs without signalling: a table of ways to use the engine, each at several numbers of calls. Each row is printed when it is there. */
export async function benchMedia(args: readonly string[]): Promise<object> {
  const options = {
    only: { type: "string", default: rows.map(({ name }) => name).join(",") },
    calls: { type: "string" },
    seconds: { type: "string" },
    workers: { type: "string", default: "1" },
    sockets: { type: "string", default: "polled" },
    full: { type: "boolean", default: false },
    profile: { type: "string" },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const defaults = values.full ? full : quick;
  const calls = (values.calls ?? defaults.calls).split(",").map((count) => positive("calls", count));
  const seconds = positive("seconds", values.seconds ?? defaults.seconds);
  const workers = positive("workers", values.workers);
  const { sockets } = values;
  if (sockets !== "polled" && sockets !== "node") throw new Error(`--sockets is "${sockets}": polled or node`);
  const names = values.only.split(",");
  const unknown = names.find((name) => !rows.some((row) => row.name === name));
  if (unknown !== undefined) throw new Error(`--only: there is no row ${unknown}, but ${rows.map(({ name }) => name).join(", ")}`);

  const directory = await mkdtemp(join(tmpdir(), "media-bench-"));
  const measured: object[] = [];
  try {
    const sounds = await writeSounds(directory);
    for (const row of rows.filter(({ name }) => names.includes(name))) {
      for (const count of values.calls === undefined ? (row.calls ?? calls) : calls) {
        progress(`${row.name} at ${count}`);
        await using measurement = new Measurement(row, {
          calls: count,
          seconds,
          workers,
          sockets,
          directory,
          sounds,
          profileDirectory: values.profile,
        });
        const result = await measurement.run();
        measured.push(result);
        process.stdout.write(`${JSON.stringify(result)}\n`);
      }
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return { rows: measured };
}
