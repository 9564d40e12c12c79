import { readFileSync } from "node:fs";

/**
 * What tells a process from a later one with the same pid: its start time in clock ticks since boot, field 22 of /proc/<pid>/stat
 * (proc(5)). Undefined when there is no such process or it is a zombie. Without /proc it is "" for every living process.
 */
export function startTimeOf(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause)) throw cause;
    if (cause.code === "ESRCH" || hasProc()) return undefined;
    return isAlive(pid) ? "" : undefined;
  }
  // The command in field 2 may hold spaces and parentheses; fields count on from its last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

function hasProc(): boolean {
  try {
    return readFileSync("/proc/self/stat", "utf8") !== "";
  } catch {
    // There is none on this system.
    return false;
  }
}

/** True when a signal could be sent, or only the right to send it is missing. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return cause instanceof Error && "code" in cause && cause.code === "EPERM";
  }
}
