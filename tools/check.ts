/** Everything about the source that can be judged without running it. `npm run check`; under 20 s. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type Outcome, run } from "./processes.ts";

type Step = {
  readonly name: string;
  /** The program (of node_modules/.bin, or node) and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** How to mend what it finds. */
  readonly mend: string;
};

const root = join(import.meta.dirname, "..");
const bin = (name: string) => join(root, "node_modules/.bin", name);
const typeScriptFolders = ["src", "test", "tools", "bench"];

/** The long ones first, so that they run beside all the others. */
const steps: readonly Step[] = [
  {
    name: "dead code",
    command: [bin("knip")],
    mend: "Delete what nobody uses, or stop exporting it. Exports are for other folders.",
  },
  { name: "types", command: [bin("tsc"), "--noEmit", "-p", "."], mend: "Each line names the place." },
  {
    name: "lint",
    command: [bin("oxlint"), "--type-aware", "--deny-warnings", ...typeScriptFolders],
    mend: "npm run format mends some of it; the rest needs a person.",
  },
  { name: "format", command: [bin("biome"), "format", "--reporter=summary", "."], mend: "npm run format" },
  {
    name: "lock file",
    command: ["npm", "ci", "--dry-run", "--ignore-scripts", "--loglevel=error"],
    mend: "npm install writes a lock that fits package.json. If `Missing:` is said of a package for another system, pin the version before it.",
  },
  {
    name: "layers",
    command: [process.execPath, "tools/check-layers.ts"],
    mend: "Import downwards and through index.ts. The table with its reasons is tools/layers.ts.",
  },
  {
    name: "generated files",
    command: [process.execPath, "tools/generate.ts", "--check"],
    mend: "npm run generate, and commit what it wrote.",
  },
  { name: "names and sizes", command: [process.execPath, "tools/check-names.ts"], mend: "docs/glossary.md has the words." },
];

/** A lock with addresses installs only where those addresses are reachable. */
function lockedAddresses(): Outcome {
  const addresses = readFileSync(join(root, "package-lock.json"), "utf8").match(/"resolved": .*/g) ?? [];
  return { ok: addresses.length === 0, output: addresses.slice(0, 5).join("\n"), seconds: 0 };
}

function report(name: string, { ok, output, seconds }: Outcome, mend: string): boolean {
  console.log(`${ok ? "ok  " : "FAIL"}  ${name.padEnd(16)} ${seconds.toFixed(1)} s`);
  if (!ok) console.log(`${output}\n  → ${mend}\n`);
  return ok;
}

/** Prints a line for each step and, for a failed one, its output and how to mend it. Returns true when all passed. */
export async function check(): Promise<boolean> {
  const startedMs = performance.now();
  const results = [report("lock addresses", lockedAddresses(), "npm install with the .npmrc of this repository writes none.")];
  const waiting = [...steps];
  const work = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const [program, ...args] = step.command;
      results.push(report(step.name, await run(program, args, root), step.mend));
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work));
  const failed = results.filter((ok) => !ok).length;
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`check: ${results.length - failed} passed, ${failed} failed, ${seconds} s`);
  return failed === 0;
}

if (import.meta.main) process.exitCode = (await check()) ? 0 : 1;
