import { Worker } from "node:worker_threads";
import type { Clock, Timer } from "../../kernel/index.ts";
import type { FromDesk, ToDesk } from "../desk.ts";
import { mediaErrors, type MediaErrorCode, refusal } from "../errors.ts";
import type { DeskJob, DeskResult } from "./desk-job.ts";
import { Lane } from "./lane.ts";

type Waiting = { readonly done: (result: never) => void; readonly failed: (cause: unknown) => void };

/** The desk says each second that it is alive. After so long without a word it hangs on a file, which nobody else has to wait for. */
const patienceMs = 20_000;

/**
 * The desk thread, begun with its first job and begun anew when it died or hung: its jobs then fail, the next ones run. Jobs take turns on it,
 * each some milliseconds at a time, so a short prompt is ready soon while hours of sound are worked on. There are two lanes for what
 * memory these take: at most 2 long jobs are under way, and 16 others.
 */
export class DeskClient {
  readonly #clock: Clock;
  readonly #long = new Lane(2);
  readonly #short = new Lane(16);
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #watch: Timer | undefined;
  #lastId = 0;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Rejects as the job does; with PROMPT_UNREADABLE when the desk dies of it. */
  run<J extends DeskJob>(job: J, isLong: boolean): Promise<DeskResult<J>> {
    return (isLong ? this.#long : this.#short).run(() => this.#post(job));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker?.terminate();
    this.#watch?.cancel();
  }

  #post<J extends DeskJob>(job: J): Promise<DeskResult<J>> {
    if (this.#isClosed) return Promise.reject(refusal("PROMPT_UNREADABLE", { reason: "the desk is closed" }));
    this.#worker ??= this.#start();
    this.#lastId += 1;
    const id = this.#lastId;
    const result = new Promise<DeskResult<J>>((done, failed) => {
      this.#waiting.set(id, { done, failed });
    });
    this.#worker.postMessage({ id, job } satisfies ToDesk);
    this.#wait();
    return result;
  }

  #start(): Worker {
    const worker = new Worker(new URL("../desk.ts", import.meta.url));
    worker.on("message", (answer: FromDesk) => {
      if (answer.kind !== "alive") this.#answered(answer);
      this.#wait();
    });
    worker.on("error", (cause: unknown) => this.#lose(worker, cause));
    worker.on("exit", () => this.#lose(worker, new Error("the desk thread ended")));
    return worker;
  }

  #answered(answer: Exclude<FromDesk, { kind: "alive" }>): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.kind === "done") waiting?.done(answer.result as never);
    else waiting?.failed(isMediaCode(answer.code) ? refusal(answer.code, answer.details) : new Error(answer.code));
  }

  /** From now on, for its next word; while nothing is waited for it may be silent. */
  #wait(): void {
    this.#watch?.cancel();
    this.#watch = undefined;
    const worker = this.#worker;
    if (this.#waiting.size === 0 || worker === undefined) return;
    this.#watch = this.#clock.after(patienceMs, () => {
      this.#lose(worker, new Error("the desk hung"));
      void worker.terminate();
    });
  }

  #lose(worker: Worker, cause: unknown): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    this.#watch?.cancel();
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { failed } of lost) failed(refusal("PROMPT_UNREADABLE", { reason: String(cause) }, { cause }));
  }
}

function isMediaCode(code: string): code is MediaErrorCode {
  return Object.hasOwn(mediaErrors, code);
}
