import { Worker } from "node:worker_threads";
import type { FromDesk, ToDesk } from "../desk.ts";
import { type MediaErrorCode, refusal } from "../errors.ts";
import type { DeskJob, DeskResult } from "./desk-job.ts";

type Waiting = { readonly done: (result: DeskResult) => void; readonly failed: (cause: unknown) => void };

/** The desk thread, begun with its first job and begun anew when it died: its jobs then fail, the next ones run. */
export class DeskClient {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #lastId = 0;
  #isClosed = false;

  /** What was fetched is handed over, not copied: the caller has it no more. */
  run(job: DeskJob): Promise<DeskResult> {
    if (this.#isClosed) return Promise.reject(refusal("PROMPT_UNREADABLE", { reason: "the desk is closed" }));
    this.#worker ??= this.#start();
    this.#lastId += 1;
    const id = this.#lastId;
    const result = new Promise<DeskResult>((done, failed) => {
      this.#waiting.set(id, { done, failed });
    });
    this.#worker.postMessage({ id, job } satisfies ToDesk, job.source.kind === "fetched" ? [job.source.bytes.buffer] : []);
    return result;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL("../desk.ts", import.meta.url));
    worker.on("message", (answer: FromDesk) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.kind === "done") waiting?.done(answer.result);
      else waiting?.failed(refusal(answer.code as MediaErrorCode, answer.details));
    });
    worker.on("error", (cause: unknown) => this.#lose(worker, cause));
    worker.on("exit", () => this.#lose(worker, new Error("the desk thread ended")));
    return worker;
  }

  #lose(worker: Worker, cause: unknown): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    for (const { failed } of this.#waiting.values()) failed(refusal("PROMPT_UNREADABLE", { reason: String(cause) }, { cause }));
    this.#waiting.clear();
  }
}
