/**
 * `npm test`: the check, then all tests. With CI=true the interop tools are installed first and nothing may be skipped for
 * want of them. Arguments go on to vitest: `npm test -- src/sip`, `npm test -- --project unit`.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { check } from "./check.ts";
import { howToInstall, missingTools } from "./interop-tools.ts";
import { runInForeground, type Survivor, survivorsIn } from "./processes.ts";
import { setupInterop } from "./setup-interop.ts";

const root = join(import.meta.dirname, "..");

type Part = { readonly name: string; readonly ok: boolean; readonly detail: string };

async function inTime(name: string, body: () => Promise<Omit<Part, "name">>): Promise<Part> {
  const startedMs = performance.now();
  const { ok, detail } = await body();
  return { name, ok, detail: `${detail}${detail === "" ? "" : ", "}${((performance.now() - startedMs) / 1000).toFixed(1)} s` };
}

/** All temporary files of the tests go below one folder, so what they leave behind is seen and removed. */
async function runTests(args: readonly string[]): Promise<Omit<Part, "name">> {
  const folder = mkdtempSync(join(tmpdir(), "cw-"));
  // A database that runs as another user must be able to enter.
  chmodSync(folder, 0o755);
  try {
    const results = join(folder, "results.json");
    const vitest = [
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${results}`,
    ];
    const code = await runInForeground(process.execPath, [...vitest, ...args], root, { ...process.env, TMPDIR: folder });
    const survivors = await survivorsAfter(folder, 2000);
    for (const { pid, command } of survivors) {
      console.error(`left behind by a test and ended now: ${pid} ${command}`);
      process.kill(pid, "SIGKILL");
    }
    const counts = countsIn(results);
    const left = survivors.length === 0 ? "" : `, left behind ${survivors.length}`;
    return { ok: code === 0 && survivors.length === 0 && counts !== undefined, detail: `${counts ?? "no results"}${left}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Those who are still there after `graceMs`; what is only slow to end is not left behind. */
async function survivorsAfter(folder: string, graceMs: number): Promise<Survivor[]> {
  const endMs = performance.now() + graceMs;
  for (;;) {
    const survivors = survivorsIn(folder);
    if (survivors.length === 0 || performance.now() > endMs) return survivors;
    await setTimeout(100);
  }
}

function countsIn(file: string): string | undefined {
  try {
    const results: unknown = JSON.parse(readFileSync(file, "utf8"));
    const count = (key: string) => (typeof results === "object" && results !== null ? Number(Reflect.get(results, key)) : Number.NaN);
    return `${count("numPassedTests")} passed, ${count("numFailedTests")} failed, ${count("numPendingTests")} skipped`;
  } catch {
    // vitest ended before it could write them; its own output says why.
    return undefined;
  }
}

const startedMs = performance.now();
const parts: Part[] = [];
if (process.env["CI"] === "true") {
  parts.push(await inTime("interop tools", () => Promise.resolve({ ok: setupInterop(), detail: "" })));
}
parts.push(await inTime("check", async () => ({ ok: await check(), detail: "" })));
parts.push(await inTime("tests", () => runTests(process.argv.slice(2))));

console.log();
for (const { name, ok, detail } of parts) console.log(`${ok ? "passed" : "FAILED"}  ${name.padEnd(14)} ${detail}`);
const missing = missingTools().map(({ command }) => command);
if (missing.length > 0) console.log(`SKIPPED what needs ${missing.join(", ")}: not installed. To run it: ${howToInstall}`);
const ok = parts.every((part) => part.ok);
console.log(`${ok ? "passed" : "FAILED"}  in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
process.exitCode = ok ? 0 : 1;
