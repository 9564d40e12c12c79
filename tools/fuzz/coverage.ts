/** Which parts of the source have run, by V8's own counters (precise coverage with blocks): no instrumentation, and TypeScript as it stands. */
import { type Profiler, Session } from "node:inspector";

export class Coverage {
  readonly #session = new Session();
  readonly #isWatched: (url: string) => boolean;
  /** By script: 1 for each character that has run. */
  readonly #ran = new Map<string, Uint8Array>();

  constructor(isWatched: (url: string) => boolean) {
    this.#isWatched = isWatched;
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** How many characters ran since the last call that had never run before. They count as new until `take`. */
  peek(): number {
    return this.#enter(false);
  }

  /** The same, and they are known from now on. */
  take(): number {
    return this.#enter(true);
  }

  /** Characters of the source that have run so far. */
  get total(): number {
    let total = 0;
    for (const ran of this.#ran.values()) for (const each of ran) total += each;
    return total;
  }

  close(): void {
    this.#session.disconnect();
  }

  #counters(): readonly Profiler.ScriptCoverage[] {
    let taken: readonly Profiler.ScriptCoverage[] = [];
    // In the same thread the answer comes before post returns.
    this.#session.post("Profiler.takePreciseCoverage", (error, { result }) => {
      if (error !== null) throw new Error("no coverage", { cause: error });
      taken = result;
    });
    return taken;
  }

  #enter(isKept: boolean): number {
    let found = 0;
    for (const { url, functions } of this.#counters()) {
      if (!this.#isWatched(url)) continue;
      const now = painted(functions);
      let known = this.#ran.get(url) ?? new Uint8Array(0);
      if (isKept && known.length < now.length) {
        const longer = new Uint8Array(now.length);
        longer.set(known);
        this.#ran.set(url, longer);
        known = longer;
      }
      for (let at = 0; at < now.length; at++) {
        if (now[at] !== 1 || known[at] === 1) continue;
        found++;
        if (isKept) known[at] = 1;
      }
    }
    return found;
  }
}

/** 1 for each character that ran. Outer ranges come before inner ones, and the inner ones say what is different in them. */
function painted(functions: readonly Profiler.FunctionCoverage[]): Uint8Array {
  const ran = new Uint8Array(functions.reduce((end, { ranges }) => Math.max(end, ranges[0]?.endOffset ?? 0), 0));
  for (const { ranges } of functions)
    for (const { startOffset, endOffset, count } of ranges) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  return ran;
}
