/** The lock of a data directory: a file with the pid and the start time of the server that uses it. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "../kernel/index.ts";
import { storeRefusal } from "./errors.ts";
import { startTimeOf } from "./process-identity.ts";

type Holder = { readonly pid: number; readonly startTime: string };

/** Taking over a stale lock takes a few milliseconds; a guard older than this was left by a crash in between. */
const guardStaleMs = 10_000;

/** Takes the lock or throws STORE_DATA_IN_USE with the holder's pid in the details. The returned function gives it back. */
export function lockDataDirectory(directory: string, clock: Clock): () => void {
  const path = join(directory, "lock");
  const mine: Holder = { pid: process.pid, startTime: startTimeOf(process.pid) ?? "" };
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(mine), { mode: 0o600 });
  try {
    if (!linkedNew(draft, path)) takeOver(draft, path, clock);
  } finally {
    rmSync(draft, { force: true });
  }
  return () => {
    const holder = holderOf(path);
    if (holder?.pid === mine.pid && holder.startTime === mine.startTime) rmSync(path, { force: true });
  };
}

/** link(2) makes the lock with its content in one step, and only where there is none. */
function linkedNew(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") return false;
    throw cause;
  }
}

/** Replaces a stale lock. Only one process at a time does so: otherwise a slow one could take the lock of a quick one for the stale one. */
function takeOver(draft: string, path: string, clock: Clock): void {
  const guard = `${path}.takeover`;
  try {
    mkdirSync(guard);
  } catch (cause) {
    const madeAt = statSync(guard, { throwIfNoEntry: false })?.mtimeMs;
    if (madeAt !== undefined && clock.now() - madeAt > guardStaleMs) rmdirSync(guard);
    throw storeRefusal(
      "STORE_DATA_IN_USE",
      { message: "Another server is just starting on this data directory. Try again in ten seconds." },
      { cause },
    );
  }
  try {
    const holder = holderOf(path);
    if (holder !== undefined && startTimeOf(holder.pid) === holder.startTime) throw inUse(dirname(path), holder.pid);
    renameSync(draft, path);
  } finally {
    rmdirSync(guard);
  }
}

function inUse(path: string, pid: number) {
  return storeRefusal("STORE_DATA_IN_USE", {
    message: `Another server (process ${pid}) already uses this data directory (${path}). Stop it first, or choose another CALLWRIGHT_DATA_DIR.`,
    pid,
  });
}

/** Undefined when there is no lock or it says nothing: then it was cut short by a crash. */
function holderOf(path: string): Holder | undefined {
  try {
    const content: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof content !== "object" || content === null || !("pid" in content) || !("startTime" in content)) return undefined;
    return { pid: Number(content.pid), startTime: String(content.startTime) };
  } catch (cause) {
    if (cause instanceof SyntaxError || (cause instanceof Error && "code" in cause && cause.code === "ENOENT")) return undefined;
    throw cause;
  }
}
