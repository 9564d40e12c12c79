import { readdir, readFile } from "node:fs/promises";

// proc(5): utime, stime, cutime and cstime are counted in ticks of 1/100 s on Linux; their sum follows the scheduler's exact account.
const tickMs = 10;

type ProcessRow = { readonly parent: number; readonly ownMs: number; readonly endedChildrenMs: number };

/** CPU time of one process with all its threads, without its children, in ms. */
export async function cpuMsOf(pid: number): Promise<number> {
  return (await readRow(pid)).ownMs;
}

/** CPU time of a process and its children, living and ended, in ms: PostgreSQL is one process for each connection. */
export async function cpuMsOfTree(pid: number): Promise<number> {
  const root = await readRow(pid);
  let sum = root.ownMs + root.endedChildrenMs;
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const row = await readRow(Number(name)).catch((error: NodeJS.ErrnoException) => {
      // It ended between the listing and the reading.
      if (error.code === "ENOENT" || error.code === "ESRCH") return undefined;
      throw error;
    });
    if (row?.parent === pid) sum += row.ownMs + row.endedChildrenMs;
  }
  return sum;
}

/** Resident memory of one process in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1024;
}

async function readRow(pid: number): Promise<ProcessRow> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  // The second field is the command in parentheses and may contain anything; the third field, the state, follows its last one.
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const field = (number: number) => fields[number - 3] ?? 0;
  return { parent: field(4), ownMs: (field(14) + field(15)) * tickMs, endedChildrenMs: (field(16) + field(17)) * tickMs };
}
