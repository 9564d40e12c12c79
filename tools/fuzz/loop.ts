/** The fuzzing loop, in a worker so that run.ts can end it when an input never comes back. */
import { parentPort, workerData } from "node:worker_threads";
import { Coverage } from "./coverage.ts";
import { mutated, type Random, randomFrom } from "./mutate.ts";
import { type Target, type TargetName, targets } from "./targets.ts";

export type LoopOptions = {
  readonly target: TargetName;
  readonly seed: number;
  readonly forMs: number;
  readonly maxBytes: number;
  /** The input at work: its length, how many ran before, and its bytes. Written here, read by run.ts. */
  readonly current: SharedArrayBuffer;
};

export type LoopReport =
  | { readonly kind: "progress" | "done"; readonly runs: number; readonly corpus: number; readonly covered: number }
  | { readonly kind: "found"; readonly why: string; readonly bytes: Uint8Array };

/** Looking at the counters costs as much as some hundred inputs, finding which of a batch was new several times its size. */
const batchSizes = { least: 8, most: 512 };
const keptAtMost = 5_000;
/** Long ones say little more and slow down all that are made of them. */
const longestKept = 4_096;

/** CPU time that an input may take. Twenty times what the slowest needed, and far less than work that grows with the square. */
export function allowedMs(bytes: number): number {
  return 50 + bytes * 0.002;
}

export class Loop {
  readonly corpus: Uint8Array[] = [];
  runs = 0;
  readonly #target: Target;
  readonly #options: LoopOptions;
  readonly #found: (why: string, bytes: Uint8Array) => void;
  readonly #coverage = new Coverage((url) => /\/src\/(?:sip|sdp|rtp)\//.test(url));
  readonly #random: Random;
  readonly #known = new Set<string>();
  readonly #header: Int32Array;
  readonly #shared: Uint8Array;
  #batchSize = batchSizes.least;

  constructor(target: Target, options: LoopOptions, found: (why: string, bytes: Uint8Array) => void) {
    this.#target = target;
    this.#options = options;
    this.#found = found;
    this.#random = randomFrom(options.seed);
    this.#header = new Int32Array(options.current, 0, 2);
    this.#shared = new Uint8Array(options.current, 8);
  }

  get covered(): number {
    return this.#coverage.total;
  }

  start(): void {
    for (const seed of this.#target.seeds()) {
      this.#try(seed);
      this.corpus.push(seed);
    }
    this.#coverage.take();
  }

  batch(): void {
    const { maxBytes } = this.#options;
    const inputs = Array.from({ length: this.#batchSize }, () => mutated(this.corpus, this.#random, maxBytes));
    for (const input of inputs) this.#try(input);
    const isNew = this.#coverage.peek() > 0;
    this.#batchSize = isNew ? Math.max(batchSizes.least, this.#batchSize >> 1) : Math.min(batchSizes.most, this.#batchSize * 2);
    if (isNew) this.#keepThoseWithNew(inputs);
  }

  close(): void {
    this.#coverage.close();
  }

  /** Counters tell of many inputs at once, so the ones that reached something new are found by halving. */
  #keepThoseWithNew(inputs: readonly Uint8Array[]): void {
    const [input] = inputs;
    if (inputs.length === 1 && input !== undefined) {
      // Looking has set the counters back.
      this.#failure(input);
      this.#coverage.take();
      if (this.corpus.length < keptAtMost && input.length <= longestKept) this.corpus.push(input);
      return;
    }
    const middle = inputs.length >> 1;
    for (const half of [inputs.slice(0, middle), inputs.slice(middle)]) {
      for (const each of half) this.#failure(each);
      if (half.length > 0 && this.#coverage.peek() > 0) this.#keepThoseWithNew(half);
    }
  }

  #try(bytes: Uint8Array): void {
    this.runs++;
    this.#header[0] = bytes.length;
    this.#shared.set(bytes.subarray(0, this.#shared.length));
    Atomics.add(this.#header, 1, 1);
    const startedMs = performance.now();
    const isSlow = () => !this.#known.has("slow") && performance.now() - startedMs > allowedMs(bytes.length);
    const why = this.#failure(bytes) ?? (isSlow() ? this.#slowness(bytes) : undefined);
    if (why === undefined || this.#known.has(keyOf(why))) return;
    this.#known.add(keyOf(why));
    this.#found(why, this.#smaller(bytes, why));
  }

  #failure(bytes: Uint8Array): string | undefined {
    try {
      this.#target.run(bytes);
      return undefined;
    } catch (error) {
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
  }

  /** The machine may have been busy: only what is slow three times, in time of the processor, is slow. */
  #slowness(bytes: Uint8Array): string | undefined {
    let leastMs = Infinity;
    for (let time = 0; time < 3; time++) {
      const before = process.threadCpuUsage();
      this.#failure(bytes);
      const { user, system } = process.threadCpuUsage(before);
      leastMs = Math.min(leastMs, (user + system) / 1_000);
    }
    return leastMs > allowedMs(bytes.length) ? `slow: ${leastMs.toFixed(0)} ms for ${bytes.length} bytes` : undefined;
  }

  /** Takes parts away as long as it fails in the same way. */
  #smaller(bytes: Uint8Array, why: string): Uint8Array {
    if (why.startsWith("slow")) return bytes;
    let small = Buffer.from(bytes);
    for (let size = small.length >> 1; size > 0; size >>= 1) {
      for (let at = 0; at + size <= small.length; ) {
        const less = Buffer.concat([small.subarray(0, at), small.subarray(at + size)]);
        const again = this.#failure(less);
        if (again !== undefined && keyOf(again) === keyOf(why)) small = less;
        else at += size;
      }
    }
    return small;
  }
}

/** One fault is reported once: the first line of its message and the line of ours that threw. */
function keyOf(why: string): string {
  const lines = why.split("\n");
  return why.startsWith("slow")
    ? "slow"
    : `${lines[0]?.slice(0, 60).replace(/\d+/g, "#")} ${lines.find((line) => line.includes("/src/") || line.includes("/fuzz/"))}`;
}

if (parentPort !== null) {
  const options = workerData as LoopOptions;
  const port = parentPort;
  const loop = new Loop(targets[options.target], options, (why, bytes) =>
    port.postMessage({ kind: "found", why, bytes } satisfies LoopReport),
  );
  const report = (kind: "progress" | "done") =>
    port.postMessage({ kind, runs: loop.runs, corpus: loop.corpus.length, covered: loop.covered } satisfies LoopReport);
  const startedMs = performance.now();
  let toldMs = startedMs;
  loop.start();
  while (performance.now() - startedMs < options.forMs) {
    loop.batch();
    // What was left for later by an input, such as a registration, runs here.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    if (performance.now() - toldMs < 5_000) continue;
    toldMs = performance.now();
    report("progress");
  }
  report("done");
  loop.close();
}
