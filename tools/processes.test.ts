import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run, survivorsIn } from "./processes.ts";

const node = process.execPath;

test("collects both outputs of a command and tells how it ended", async () => {
  const script = "process.stdout.write('one '); process.stderr.write('two'); process.exitCode = Number(process.argv[1])";
  const failed = await run(node, ["-e", script, "3"], "/");
  expect([failed.ok, failed.output.split(" ").toSorted()]).toEqual([false, ["one", "two"]]);
  expect((await run(node, ["-e", script, "0"], "/")).ok).toBe(true);
});

test("a command that does not exist is a failure with its name", async () => {
  const { ok, output } = await run("/nowhere/program", [], "/");
  expect([ok, output]).toEqual([false, expect.stringContaining("/nowhere/program")]);
});

test.runIf(process.platform === "linux").each([
  ["works in it", (folder: string) => ({ cwd: folder })],
  ["has it in its environment", (folder: string) => ({ env: { TMPDIR: folder } })],
])("sees a process that belongs to a folder, because it %s, until it has ended", async (_, options) => {
  const folder = mkdtempSync(join(tmpdir(), "callwright-survivor-"));
  const script = "console.log('up'); setInterval(() => {}, 1000)";
  const child = spawn(node, ["-e", script], { ...options(folder), stdio: ["ignore", "pipe", "ignore"] });
  try {
    await once(child.stdout, "data");
    expect(survivorsIn(folder).map(({ pid }) => pid)).toEqual([child.pid]);
  } finally {
    child.kill("SIGKILL");
    await once(child, "close");
    rmSync(folder, { recursive: true });
  }
  expect(survivorsIn(folder)).toEqual([]);
});
