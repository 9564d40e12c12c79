import { AskedProcess } from "./asked-process.ts";

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
  readonly #process: AskedProcess<FarEndQuestion, FarEndReport>;

  private constructor(started: AskedProcess<FarEndQuestion, FarEndReport>, sipPort: number) {
    this.#process = started;
    this.sipPort = sipPort;
  }

  static async start(): Promise<FarEndProcess> {
    const started = new AskedProcess<FarEndQuestion, FarEndReport>(new URL("./far-end.ts", import.meta.url));
    const { sipPort } = await started.ask("report");
    return new FarEndProcess(started, sipPort);
  }

  async ask(question: FarEndQuestion): Promise<FarEndReport> {
    return await this.#process.ask(question);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
