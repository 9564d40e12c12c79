import { closeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { BatchPace, type Clock, type Logger, type Timer } from "../../kernel/index.ts";
import type { MediaOrder, MediaReport } from "../orders.ts";
import type { FromWorker, ToWorker, WorkerData, WorkerStart } from "../worker.ts";

export type MediaWorkerListener = {
  reports(reports: readonly MediaReport[]): void;
  /** A new thread took the place of one that died: it knows nothing yet. */
  restarted(): void;
};

const firstRestartMs = 100;
const longestRestartMs = 5000;
/** Half a frame: what is heard is decided every 20 ms, and nobody hears an order that waits for less. */
const paceMs = 10;
/** A thread carries about 1,000 plain calls. */
const callShare = 0.001;
const tieShare = 0.000_001;
/** Of a thread. V8 would give what is new 27 MB within 5,000 short calls, of which a sixth is alive; with this it is 14, and costs no CPU that can be measured. */
const resourceLimits = { maxYoungGenerationSizeMb: 24 };

/** The highest number that a descriptor of a thread can have here: four for each port that there is. */
const mostDescriptors = 0x4_0000;

/** One media thread, replaced when it dies. Orders go in batches: a post alone costs eight times one in a batch. */
export class MediaWorker {
  readonly #start: WorkerStart;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #listener: MediaWorkerListener;
  #worker: Worker | undefined;
  #orders: MediaOrder[] = [];
  readonly #pace: BatchPace;
  #restartTimer: Timer | undefined;
  #restartMs = firstRestartMs;
  #isClosing = false;
  #calls = 0;
  /** The share of its time in which the thread was busy, as it said last, and the calls that came since: they are not in it yet. */
  #busy = 0;
  #callsSince = 0;

  private constructor(start: WorkerStart, clock: Clock, logger: Logger, listener: MediaWorkerListener) {
    this.#start = start;
    this.#clock = clock;
    this.#logger = logger;
    this.#listener = listener;
    this.#pace = new BatchPace(clock, () => this.#flush(), paceMs);
  }

  /** Settles when its thread is ready; rejects when it cannot begin. */
  static async open(start: WorkerStart, clock: Clock, logger: Logger, listener: MediaWorkerListener): Promise<MediaWorker> {
    const media = new MediaWorker(start, clock, logger, listener);
    try {
      await media.#run();
    } catch (cause) {
      media.#isClosing = true;
      media.#restartTimer?.cancel();
      throw cause;
    }
    return media;
  }

  /** How busy the thread is, 1 for wholly; with nothing to tell two apart, the calls that are on it decide. */
  get load(): number {
    return this.#busy + this.#callsSince * callShare + this.#calls * tieShare;
  }

  callPlaced(): void {
    this.#calls += 1;
    this.#callsSince += 1;
  }

  callEnded(): void {
    this.#calls -= 1;
  }

  /** While there is no thread, orders are dropped: `restarted` asks for all of them again. One that is hurried does not wait for others. */
  post(order: MediaOrder, isHurried = false): void {
    if (this.#worker === undefined) return;
    this.#orders.push(order);
    if (isHurried) this.#pace.hurry();
    else this.#pace.want(true);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#restartTimer?.cancel();
    this.#flush();
    const worker = this.#worker;
    if (worker === undefined) return;
    const gone = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
    worker.postMessage({ kind: "close" } satisfies ToWorker);
    await gone;
  }

  #run(): Promise<void> {
    const descriptors = new Uint8Array(new SharedArrayBuffer(mostDescriptors));
    const workerData: WorkerData = { ...this.#start, descriptors };
    const worker = new Worker(new URL("../worker.ts", import.meta.url), { workerData, resourceLimits });
    this.#worker = worker;
    return new Promise((ready, failed) => {
      worker.on("message", (message: FromWorker) => {
        if (message.kind === "reports") this.#listener.reports(message.reports);
        else if (message.kind === "load") {
          this.#busy = message.busy;
          this.#callsSince = 0;
        } else {
          this.#restartMs = firstRestartMs;
          ready();
        }
      });
      worker.on("error", (cause) => {
        this.#logger.error({ cause }, "A media thread died.");
        failed(cause);
      });
      worker.on("exit", () => {
        closeAll(descriptors);
        this.#exited();
      });
    });
  }

  #exited(): void {
    this.#worker = undefined;
    this.#pace.stop();
    this.#orders = [];
    if (this.#isClosing) return;
    this.#restartTimer = this.#clock.after(this.#restartMs, () => {
      this.#restartMs = Math.min(longestRestartMs, this.#restartMs * 2);
      // A failure comes back here through "exit".
      this.#run().catch((cause: unknown) => this.#logger.error({ cause }, "A media thread could not be replaced."));
      this.#listener.restarted();
    });
  }

  #flush(): void {
    this.#pace.begun();
    if (this.#orders.length === 0 || this.#worker === undefined) return;
    this.#worker.postMessage({ kind: "orders", orders: this.#orders } satisfies ToWorker);
    this.#orders = [];
  }
}

/** Those that a thread left behind. Its ports are free from then on. */
function closeAll(descriptors: Uint8Array): void {
  for (let fd = descriptors.indexOf(1); fd >= 0; fd = descriptors.indexOf(1, fd + 1)) closeSync(fd);
}
