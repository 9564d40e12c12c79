import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** "reset" begins the measurement of packets anew; both are answered with a report. */
export type FarEndQuestion = "report" | "reset";

export type FarEndReport = {
  readonly sipPort: number;
  /** Calls answered, and calls ended by the server's BYE, since the start. */
  readonly answered: number;
  readonly ended: number;
  /** RTP packets and streams since the last reset. */
  readonly packets: number;
  readonly streams: number;
  /** Distance between two packets of one stream as this process saw them; 20 is ideal. */
  readonly medianSpacingMs: number;
  readonly p99SpacingMs: number;
  readonly maxSpacingMs: number;
};

/** The far end, started and asked from here. */
export class FarEndProcess implements AsyncDisposable {
  readonly sipPort: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, sipPort: number) {
    this.#child = child;
    this.sipPort = sipPort;
  }

  static async start(): Promise<FarEndProcess> {
    const child = fork(new URL("./far-end.ts", import.meta.url), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const { sipPort } = await ask(child, "report");
    return new FarEndProcess(child, sipPort);
  }

  /** One question at a time: answers carry no number. */
  async ask(question: FarEndQuestion): Promise<FarEndReport> {
    return await ask(this.#child, question);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.disconnect();
    await exited;
  }
}

async function ask(child: ChildProcess, question: FarEndQuestion): Promise<FarEndReport> {
  const { promise, resolve, reject } = Promise.withResolvers<FarEndReport>();
  child.once("message", resolve);
  child.once("exit", reject);
  child.send(question);
  try {
    return await promise;
  } finally {
    child.off("message", resolve);
    child.off("exit", reject);
  }
}
