import { Worker } from "node:worker_threads";
import type { FromFinisher, ToFinisher } from "../finisher.ts";
import type { ClearJob, FinishedFile, FinishJob } from "./finish.ts";

/** Makes finished files of recordings, on a thread of its own. */
export type RecordingFinisher = {
  /** Undefined when nothing was recorded. Rejects with what the disk says, or when the thread died; it can be asked again. */
  finish(job: FinishJob): Promise<FinishedFile | undefined>;
  clear(job: ClearJob): Promise<void>;
  close(): Promise<void>;
};

type Waiting = { readonly done: (file: FinishedFile | undefined) => void; readonly failed: (cause: unknown) => void };
type Order = ToFinisher extends infer O ? (O extends unknown ? Omit<O, "id"> : never) : never;

/** The thread begins with its first job, and anew when it died: its jobs then fail, the next ones run. */
export function createRecordingFinisher(): RecordingFinisher {
  return new FinisherClient();
}

class FinisherClient implements RecordingFinisher {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #lastId = 0;
  #isClosed = false;

  finish(job: FinishJob): Promise<FinishedFile | undefined> {
    return this.#run({ finish: job });
  }

  async clear(job: ClearJob): Promise<void> {
    await this.#run({ clear: job });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker?.terminate();
  }

  #run(order: Order): Promise<FinishedFile | undefined> {
    if (this.#isClosed) return Promise.reject(new Error("the finisher is closed"));
    const worker = (this.#worker ??= this.#start());
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((done, failed) => {
      this.#waiting.set(id, { done, failed });
      worker.postMessage({ id, ...order } satisfies ToFinisher);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL("../finisher.ts", import.meta.url));
    worker.on("message", (answer: FromFinisher) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ("done" in answer) waiting?.done(answer.done);
      else waiting?.failed(new Error(answer.failed));
    });
    worker.on("error", (cause: unknown) => this.#lose(worker, cause));
    worker.on("exit", () => this.#lose(worker, new Error("the finisher thread ended")));
    return worker;
  }

  #lose(worker: Worker, cause: unknown): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    for (const { failed } of this.#waiting.values()) failed(cause);
    this.#waiting.clear();
  }
}
