/** The media process: the engine as the server has it, given plans instead of calls. Its parent asks over the IPC channel; see messages.ts. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BroadcastChannel } from "node:worker_threads";
import { createHttpClient } from "../../src/http-client/index.ts";
import { silentLogger, systemClock } from "../../src/kernel/index.ts";
import { type CodecName, createMediaEngine, createPromptLibrary, type MediaEvent, noMedia } from "../../src/media/index.ts";
import { createFliteSynthesizer } from "../../src/speech/index.ts";
import { formats, framesOf } from "./formats.ts";
import type { CallPlans, EngineQuestion, EngineReport, SoundItem, ThreadReport } from "./messages.ts";
import { type ProbeAnswer, probeChannel, type ProbeQuestion } from "./thread-probe.ts";

class MediaProcess {
  readonly #workers: number;
  readonly #library: Awaited<ReturnType<typeof createPromptLibrary>>;
  readonly #engine: Awaited<ReturnType<typeof createMediaEngine>>;
  readonly #probe = new BroadcastChannel(probeChannel);
  readonly #calls = new Map<string, { readonly plans: CallPlans["plans"]; revision: number }>();
  #open = 0;
  #allClosed = Promise.withResolvers<void>();
  #counts = noCounts();
  readonly #failures = new Set<string>();

  private constructor(
    workers: number,
    library: Awaited<ReturnType<typeof createPromptLibrary>>,
    engine: Awaited<ReturnType<typeof createMediaEngine>>,
  ) {
    this.#workers = workers;
    this.#library = library;
    this.#engine = engine;
    engine.onEvent((callId, _endpointId, event) => this.#observe(callId, event));
  }

  static async open({ workers, sockets, directory }: Extract<EngineQuestion, { kind: "open" }>): Promise<MediaProcess> {
    const clock = systemClock();
    // What goes wrong is told by the events.
    const logger = silentLogger;
    const library = await createPromptLibrary({
      cacheDir: join(directory, "prompts"),
      maxCacheBytes: 2 ** 30,
      clock,
      logger,
      synthesizer: createFliteSynthesizer({ tempDir: join(directory, "speech"), logger, clock }),
      httpClient: createHttpClient({ clock, allowPrivateUrls: true }),
      maxSoundMs: 3_600_000,
      prepareMs: 60_000,
      fetchLimits: { timeoutMs: 1_000, maxBytes: 1 },
    });
    const engine = await createMediaEngine({ workers, sockets, host: "127.0.0.1", clock, logger, logLevel: "error", prompts: library });
    return new MediaProcess(workers, library, engine);
  }

  async answer(question: EngineQuestion): Promise<EngineReport> {
    let frames: readonly Uint8Array[] = [];
    switch (question.kind) {
      case "frames":
        frames = await this.#frames(question.item, question.codec);
        break;
      case "apply":
        for (const call of question.calls) this.#begin(call);
        break;
      case "end":
        await this.#end();
        break;
      case "profile":
        await this.#ask(question);
        break;
      case "open":
      case "report":
    }
    const threads = await this.#ask({ kind: "report", collects: question.kind === "report" && question.collects === true });
    return { frames, ...this.#counts, failures: [...this.#failures], threads };
  }

  #begin({ callId, plans }: CallPlans): void {
    const [first = noMedia] = plans;
    this.#open += first.endpoints.length;
    this.#calls.set(callId, { plans, revision: 0 });
    this.#engine.apply(callId, first, 0);
  }

  async #end(): Promise<void> {
    this.#counts = noCounts();
    this.#failures.clear();
    this.#allClosed = Promise.withResolvers();
    for (const [callId, { plans }] of this.#calls) this.#engine.apply(callId, noMedia, plans.length);
    if (this.#open > 0) await this.#allClosed.promise;
    this.#calls.clear();
  }

  #observe(callId: string, event: MediaEvent): void {
    const counts = this.#counts;
    switch (event.kind) {
      case "locked":
        counts.locked += 1;
        return;
      case "digit":
        counts.digits += 1;
        return;
      case "recording-ended":
        counts.recordingsEnded += 1;
        if (event.reason === "failed") this.#failures.add("a recording failed");
        return;
      case "port-taken":
        this.#failures.add(`port ${event.localPort} was taken`);
        return;
      case "prompt-ended":
        counts.promptsEnded += 1;
        if (event.reason === "failed") this.#failures.add(`a prompt failed: ${event.error}`);
        else if (event.reason === "finished") this.#next(callId);
        return;
      case "closed": {
        const { packetsSent, packetsReceived, packetsLost, packetsDropped } = event.counters;
        counts.packetsSent += packetsSent;
        counts.packetsReceived += packetsReceived;
        counts.packetsLost += packetsLost;
        counts.packetsDropped += packetsDropped;
        this.#open -= 1;
        if (this.#open === 0) this.#allClosed.resolve();
        return;
      }
      default:
      // The rest is of no matter here.
    }
  }

  #next(callId: string): void {
    const call = this.#calls.get(callId);
    const plan = call?.plans[call.revision + 1];
    if (call === undefined || plan === undefined) return;
    call.revision += 1;
    this.#engine.apply(callId, plan, call.revision);
  }

  async #frames(item: SoundItem, codec: CodecName): Promise<readonly Uint8Array[]> {
    const { path } = await this.#library.prepare(item, codec);
    return framesOf(await readFile(path), formats[codec]);
  }

  /** All media threads. */
  async #ask(question: ProbeQuestion): Promise<ThreadReport> {
    const sum = { heapBytes: 0, collectingMs: 0, busyMs: 0 };
    const { promise, resolve } = Promise.withResolvers<void>();
    let answers = 0;
    const heard = (message: unknown) => {
      const { report } = (message as MessageEvent<ProbeAnswer>).data;
      sum.heapBytes += report.heapBytes;
      sum.collectingMs += report.collectingMs;
      sum.busyMs += report.busyMs;
      answers += 1;
      if (answers === this.#workers) resolve();
    };
    this.#probe.addEventListener("message", heard);
    this.#probe.postMessage(question);
    await promise;
    this.#probe.removeEventListener("message", heard);
    return sum;
  }
}

function noCounts() {
  return {
    locked: 0,
    digits: 0,
    promptsEnded: 0,
    recordingsEnded: 0,
    packetsSent: 0,
    packetsReceived: 0,
    packetsLost: 0,
    packetsDropped: 0,
  };
}

let media: MediaProcess | undefined;

async function answer(question: EngineQuestion): Promise<EngineReport | { readonly refusal: string }> {
  if (question.kind === "open") media = await MediaProcess.open(question);
  if (media === undefined) throw new Error("the first question is not to open");
  try {
    return await media.answer(question);
  } catch (error) {
    return { refusal: String(error) };
  }
}

process.on("message", (question: EngineQuestion) => {
  void answer(question).then((report) => process.send?.(report));
});

// What it has open is of no use to anybody now.
process.on("disconnect", () => process.exit());
