import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";

export type ChildExit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type ChildOptions = {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
};

/** One process that a test started: its output line by line, its exit, and its end. It only ever signals its own pid. */
export class StartedProcess implements AsyncDisposable {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  #output = "";
  #exit: ChildExit | undefined;
  #failure: Error | undefined;

  constructor(command: string, args: readonly string[], options: ChildOptions = {}) {
    this.name = command;
    this.#child = spawn(command, args, { ...options, stdio: ["pipe", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8");
      stream?.on("data", (text: string) => {
        this.#output += text;
        this.#wake();
      });
    }
    // A peer that has ended closes its stdin: the write that meets this is answered by the exit, not by an exception.
    this.#child.stdin?.on("error", () => this.#wake());
    this.#child.on("error", (error) => {
      this.#failure = error;
      this.#wake();
    });
    this.#child.on("close", (code, signal) => {
      this.#exit = { code, signal };
      this.#wake();
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.name} did not start`, { cause: this.#failure });
    return this.#child.pid;
  }

  /** Everything on stdout and stderr until now, in the order of arrival. */
  get output(): string {
    return this.#output;
  }

  get hasExited(): boolean {
    return this.#exit !== undefined;
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** The first match of `pattern` in the output from `fromOffset` on; fails when the process ends first or after `timeoutMs`. */
  async waitForOutput(pattern: RegExp, timeoutMs = 10_000, fromOffset = 0): Promise<RegExpExecArray> {
    return await this.#until(`output ${String(pattern)}`, timeoutMs, () => {
      const found = pattern.exec(this.#output.slice(fromOffset));
      if (found !== null) return found;
      if (this.#exit !== undefined) throw new Error(`${this.name} ended before ${String(pattern)}:\n${this.#output.slice(-4000)}`);
      return undefined;
    });
  }

  async waitForExit(timeoutMs = 10_000): Promise<ChildExit> {
    return await this.#until("exit", timeoutMs, () => this.#exit);
  }

  /** Sends one signal to this process alone. */
  signal(name: NodeJS.Signals): void {
    if (this.#exit === undefined) this.#child.kill(name);
  }

  /** Ends it: `signal`, and SIGKILL when it is still there after `graceMs`. */
  async stop(signal: NodeJS.Signals = "SIGTERM", graceMs = 5_000): Promise<ChildExit> {
    if (this.#child.pid === undefined) return { code: null, signal: null };
    this.signal(signal);
    try {
      return await this.waitForExit(graceMs);
    } catch {
      this.signal("SIGKILL");
      return await this.waitForExit();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #wake(): void {
    for (const look of Array.from(this.#waiting)) look();
  }

  async #until<T>(what: string, timeoutMs: number, look: () => T | undefined): Promise<T> {
    const over = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const tryOnce = () => {
      if (this.#failure !== undefined) return reject(new Error(`${this.name} failed`, { cause: this.#failure }));
      try {
        const found = look();
        if (found !== undefined) resolve(found);
      } catch (error) {
        reject(error);
      }
    };
    this.#waiting.add(tryOnce);
    tryOnce();
    const timeout = delay(timeoutMs, undefined, { signal: over.signal }).then(
      () => reject(new Error(`${this.name}: no ${what} within ${timeoutMs} ms:\n${this.#output.slice(-4000)}`)),
      () => undefined,
    );
    try {
      return await promise;
    } finally {
      over.abort();
      this.#waiting.delete(tryOnce);
      await timeout;
    }
  }
}
