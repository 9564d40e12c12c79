import { chmod, glob, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./waiting.ts";

/**
 * A fresh data directory. Its path is short, for the database's socket; others may pass through it, because as root the server lets
 * its database run as an unprivileged user.
 */
export async function createDataDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "cw-"));
  await chmod(directory, 0o711);
  return directory;
}

/** Ends the database that a server left running on this data directory, if there is one, and removes everything. */
export async function removeDataDirectory(directory: string): Promise<void> {
  for (const pid of await databasePids(directory)) {
    // SIGINT is PostgreSQL's fast shutdown: sessions are ended, not waited for.
    process.kill(pid, "SIGINT");
    await eventually(`the end of PostgreSQL ${pid}`, async () => !(await isDatabaseOf(directory, pid)));
  }
  await rm(directory, { recursive: true, force: true });
}

/** The PostgreSQL servers that run on this data directory: the pids in its postmaster.pid files that are alive and really theirs. */
export async function databasePids(directory: string): Promise<readonly number[]> {
  const pids: number[] = [];
  for await (const file of glob("**/postmaster.pid", { cwd: directory })) {
    const pid = Number((await readFile(join(directory, file), "utf8")).split("\n")[0]);
    if (await isDatabaseOf(directory, pid)) pids.push(pid);
  }
  return pids;
}

/** A pid in a file may have been given to somebody else since: the command line decides. */
async function isDatabaseOf(directory: string, pid: number): Promise<boolean> {
  try {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8");
    return command.includes("postgres") && command.includes(directory);
  } catch {
    // No such process any more.
    return false;
  }
}
