/** Child processes of the tools: run to the end, with their output, and without leaving anything behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export type Outcome = { readonly ok: boolean; readonly output: string; readonly seconds: number };

/** Runs a command and collects what it prints. A command that cannot be started is a failure like any other. */
export function run(command: string, args: readonly string[], cwd: string): Promise<Outcome> {
  const startedMs = performance.now();
  const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => {
    const settle = (ok: boolean) => {
      resolve({ ok, output: Buffer.concat(chunks).toString().trim(), seconds: (performance.now() - startedMs) / 1000 });
    };
    child.on("error", (error) => {
      chunks.push(Buffer.from(`${command}: ${error.message}\n`));
      settle(false);
    });
    child.on("close", (code) => settle(code === 0));
  });
}

/** Runs a command in the foreground; SIGINT, SIGTERM and SIGHUP go on to it. Returns its exit code. */
export function runInForeground(command: string, args: readonly string[], cwd: string, environment: NodeJS.ProcessEnv): Promise<number> {
  const child: ChildProcess = spawn(command, args, { cwd, env: environment, stdio: "inherit" });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      for (const signal of signals) process.off(signal, forward);
      resolve(code ?? 1);
    });
  });
}

export type Survivor = { readonly pid: number; readonly command: string };

/** Other processes that work in `folder`, or name it in their command line or environment. Linux only; elsewhere none are seen. */
export function survivorsIn(folder: string): Survivor[] {
  return pids().flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      const places = [command, readFileSync(`/proc/${pid}/environ`, "utf8"), readlinkSync(`/proc/${pid}/cwd`)];
      return pid !== process.pid && places.some((place) => place.includes(folder)) ? [{ pid, command }] : [];
    } catch {
      // It ended meanwhile, or belongs to somebody else.
      return [];
    }
  });
}

function pids(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    // No /proc on this system.
    return [];
  }
}
