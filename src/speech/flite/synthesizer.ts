import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Clock, Logger, Timer } from "../../kernel/index.ts";
import { speechRefusal } from "../errors.ts";
import type { Synthesizer } from "../synthesizer.ts";
import { longestText, speakableText } from "./text.ts";
import { type FliteVoice, fliteVoices, type SpeechOrder, type SpeechResult, type WorkerSettings } from "./worker-protocol.ts";

export type FliteSynthesizerOptions = {
  /** A folder of the synthesizer's own is made in it, and removed by `close`. */
  readonly tempDir: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Texts that may wait; default 200. */
  readonly capacity?: number;
  /** A voice that takes longer is stopped; default 20000. */
  readonly timeLimitMs?: number;
  /** The module the worker runs; for tests of a worker that fails. */
  readonly workerUrl?: URL;
};

type Job = { readonly order: SpeechOrder; readonly resolve: (wav: Uint8Array) => void; readonly reject: (error: Error) => void };

/** flite compiled to WebAssembly: no key, no download. One worker, which is replaced when it hangs or dies. */
export function createFliteSynthesizer(options: FliteSynthesizerOptions): Synthesizer {
  return new FliteSynthesizer(options);
}

class FliteSynthesizer implements Synthesizer {
  readonly voices = fliteVoices;
  readonly #options: FliteSynthesizerOptions;
  readonly #waiting: Job[] = [];
  readonly #folder: Promise<string>;
  #current: { readonly job: Job; readonly limit: Timer } | undefined;
  /** Made for the first text; undefined again after it hung or died. */
  #worker: Worker | undefined;
  #closed = false;

  constructor(options: FliteSynthesizerOptions) {
    this.#options = options;
    this.#folder = mkdir(options.tempDir, { recursive: true }).then(() => mkdtemp(join(options.tempDir, "flite-")));
    // Whoever speaks or closes meets the failure; nobody may have done so yet.
    this.#folder.catch((error: unknown) => options.logger.error({ err: error }, "speech has no folder to work in"));
  }

  async speak(text: string, voice: string = fliteVoices[0]): Promise<Uint8Array> {
    if (!isVoice(voice)) throw speechRefusal("SPEECH_VOICE_UNKNOWN", { voice, voices: fliteVoices });
    const speakable = text.length > longestText ? "" : speakableText(text);
    if (speakable === "") throw speechRefusal("SPEECH_TEXT_UNSPEAKABLE", { length: text.length, longest: longestText });
    const folder = await this.#folder.catch((cause: unknown) => {
      throw speechRefusal("SPEECH_FAILED", { reason: "no folder to work in" }, { cause });
    });
    if (this.#closed) throw speechRefusal("SPEECH_FAILED", { reason: "closed" });
    if (this.#waiting.length >= (this.#options.capacity ?? 200)) throw speechRefusal("SPEECH_BUSY");
    return new Promise((resolve, reject) => {
      this.#waiting.push({ order: { text: speakable, voice }, resolve, reject });
      this.#startNext(folder);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#settle((job) => job.reject(speechRefusal("SPEECH_FAILED", { reason: "closed" })));
    for (const job of this.#waiting.splice(0)) job.reject(speechRefusal("SPEECH_FAILED", { reason: "closed" }));
    await this.#worker?.terminate();
    const folder = await this.#folder.catch(() => undefined);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }

  #startNext(folder: string): void {
    if (this.#closed || this.#current !== undefined) return;
    const job = this.#waiting.shift();
    if (job === undefined) return;
    const { clock, timeLimitMs = 20_000 } = this.#options;
    const worker = (this.#worker ??= this.#startWorker(folder));
    const limit = clock.after(timeLimitMs, () => this.#replace(worker, folder, `took longer than ${timeLimitMs} ms`));
    this.#current = { job, limit };
    worker.postMessage(job.order);
  }

  #startWorker(folder: string): Worker {
    const url = this.#options.workerUrl ?? new URL("./worker.ts", import.meta.url);
    const settings: WorkerSettings = { folder };
    // Node prints a warning for its WASI.
    const worker = new Worker(url, { workerData: settings, execArgv: ["--disable-warning=ExperimentalWarning"] });
    worker.on("message", (result: SpeechResult) => {
      if (this.#worker !== worker) return;
      this.#settle((job) =>
        "wav" in result ? job.resolve(result.wav) : job.reject(speechRefusal("SPEECH_FAILED", { reason: result.failure })),
      );
      this.#startNext(folder);
    });
    worker.on("error", (error) => this.#replace(worker, folder, String(error)));
    worker.on("exit", () => this.#replace(worker, folder, "the worker ended"));
    return worker;
  }

  /** Gives up the worker and the text it was at; the next text gets a new one. */
  #replace(worker: Worker, folder: string, reason: string): void {
    if (this.#worker !== worker || this.#closed) return;
    this.#worker = undefined;
    const text = this.#current?.job.order.text.slice(0, 80);
    this.#options.logger.error({ reason, text }, "speech worker replaced");
    this.#settle((job) => job.reject(speechRefusal("SPEECH_FAILED", { reason })));
    worker.terminate().then(
      () => this.#startNext(folder),
      (error: unknown) => this.#options.logger.error({ err: error }, "speech worker does not end"),
    );
  }

  #settle(end: (job: Job) => void): void {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    current.limit.cancel();
    end(current.job);
  }
}

function isVoice(voice: string): voice is FliteVoice {
  return fliteVoices.some((known) => known === voice);
}
