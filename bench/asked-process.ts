import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

export type StartOptions = { readonly env?: NodeJS.ProcessEnv; readonly execArgv?: readonly string[] };

/** A process of the bench, which answers one question at a time over the IPC channel, and ends when it is disposed of. Answers carry no number. */
export class AskedProcess<Question, Answer> implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(module: URL, { env = process.env, execArgv = [] }: StartOptions = {}) {
    // "advanced" takes typed arrays as they are.
    this.#child = fork(module, { stdio: ["ignore", "inherit", "inherit", "ipc"], serialization: "advanced", env, execArgv: [...execArgv] });
    this.#exited = once(this.#child, "exit");
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("the process was not started");
    return this.#child.pid;
  }

  async ask(question: Question): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#child.once("message", resolve);
    if (this.#child.connected) this.#child.send(question as object);
    const ended = this.#exited.then(() => {
      throw new Error("a process of the bench ended before it answered");
    });
    return await Promise.race([promise, ended]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#exited;
  }
}
