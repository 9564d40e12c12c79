/**
 * `npm run fuzz -- <target> --seconds N [--seed N]`: changed copies of known inputs against the parsers, the stack and the media that comes in, led by which code
 * they reach. Progress on stderr, one JSON line on stdout; exit code 1 when something was found. What is found is kept in
 * test/fixtures/fuzz/<target> and tried by the tests for ever. Why not a ready fuzzer: docs/adr/0024-a-fuzzer-of-our-own.md.
 */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import type { LoopOptions, LoopReport } from "./loop.ts";
import { isTargetName, type TargetName, targetNames } from "./targets.ts";

const maxBytes = 65_000;
/** An input that has not come back after this never will. */
const patienceMs = 20_000;

export type FuzzResult = {
  readonly target: TargetName;
  readonly seed: number;
  readonly seconds: number;
  readonly runs: number;
  readonly corpus: number;
  /** Characters of src/sip, src/sdp and src/rtp that ran. */
  readonly covered: number;
  readonly found: readonly { readonly why: string; readonly file: string }[];
};

/** Runs for this long, or until an input hangs. `keep` stores an input that failed and returns where. */
export async function fuzz(
  target: TargetName,
  { seconds, seed, keep, tell }: { seconds: number; seed: number; keep: (bytes: Uint8Array) => string; tell: (line: string) => void },
): Promise<FuzzResult> {
  const current = new SharedArrayBuffer(8 + maxBytes);
  const header = new Int32Array(current, 0, 2);
  const worker = new Worker(new URL("loop.ts", import.meta.url), {
    workerData: { target, seed, forMs: seconds * 1_000, maxBytes, current } satisfies LoopOptions,
  });
  const found: { why: string; file: string }[] = [];
  const note = (why: string, bytes: Uint8Array) => {
    const [first = ""] = why.split("\n");
    found.push({ why: first, file: keep(bytes) });
    tell(`${target}: ${why}`);
  };
  const inHand = () => new Uint8Array(current, 8).slice(0, header[0]);
  let last = { runs: 0, corpus: 0, covered: 0 };
  const { promise, resolve } = Promise.withResolvers<void>();
  let seen = 0;
  let sinceMs = performance.now();
  const watch = setInterval(() => {
    const now = Atomics.load(header, 1);
    if (now !== seen) [seen, sinceMs] = [now, performance.now()];
    else if (performance.now() - sinceMs > patienceMs) {
      note("hangs", inHand());
      resolve();
    }
  }, 1_000);
  worker.on("message", (report: LoopReport) => {
    if (report.kind === "found") return note(report.why, report.bytes);
    last = report;
    tell(`${target}: ${report.runs} runs, ${report.corpus} inputs kept, ${report.covered} characters reached, ${found.length} found`);
    if (report.kind === "done") resolve();
  });
  worker.on("error", (error) => {
    note(`ended the process: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, inHand());
    resolve();
  });
  await promise;
  clearInterval(watch);
  await worker.terminate();
  return { target, seed, seconds, runs: last.runs, corpus: last.corpus, covered: last.covered, found };
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seconds: { type: "string", default: "60" }, seed: { type: "string", default: String(Date.now() % 2 ** 31) } },
  });
  const [target = ""] = positionals;
  const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
  if (!isTargetName(target) || !(seconds > 0) || !Number.isSafeInteger(seed)) {
    console.error(`npm run fuzz -- <target> [--seconds N] [--seed N]   targets: ${targetNames.join(", ")}`);
    return 2;
  }
  const folder = join(import.meta.dirname, "../../test/fixtures/fuzz", target);
  const keep = (bytes: Uint8Array) => {
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${createHash("sha256").update(bytes).digest("hex").slice(0, 12)}.bin`);
    writeFileSync(file, bytes);
    return file;
  };
  const result = await fuzz(target, { seconds, seed, keep, tell: (line) => console.error(line) });
  console.log(JSON.stringify(result));
  return result.found.length > 0 ? 1 : 0;
}

if (import.meta.main) process.exitCode = await main();
