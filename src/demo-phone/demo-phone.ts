/** The demo phones as the server starts them and the API steers the first: a worker with SIP sockets of its own, nothing more. */
import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Logger } from "../kernel/index.ts";
import { type DemoPhoneOrder, type DemoPhoneReport, type DemoPhoneSettings, type DemoPhoneStart, usualSettings } from "./settings.ts";

export type DemoPhoneOptions = DemoPhoneStart & {
  /** The number under which callers reach it; shown in its status. */
  readonly number: string;
  readonly logger: Logger;
};

export type DemoPhone = {
  /** Of its SIP socket. */
  readonly port: number;
  status(): Promise<DemoPhoneSettings & { readonly number: string }>;
  /** Takes effect with the next call. */
  configure(change: Partial<DemoPhoneSettings>): Promise<DemoPhoneSettings & { readonly number: string }>;
  /** WAV of the last call, or of the one going on. */
  recording(): Promise<{ readonly bytes: Uint8Array } | undefined>;
  close(): Promise<void>;
};

/** Rejects when its SIP port cannot be had, with the system's code. */
export async function startDemoPhone({ number, logger, ...start }: DemoPhoneOptions): Promise<DemoPhone> {
  await mkdir(dirname(start.recordingPath), { recursive: true, mode: 0o700 });
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: start satisfies DemoPhoneStart, name: "demo phone" });
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  const ready = await new Promise<DemoPhoneReport>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  if (ready.kind === "failed") {
    await worker.terminate();
    throw Object.assign(new Error(`The demo phone did not start: ${ready.reason}`), { code: ready.code });
  }
  worker.on("error", (error) => logger.error({ err: error }, "The demo phone failed; it comes back with the next start"));
  let settings = usualSettings;
  const post = (order: DemoPhoneOrder) => worker.postMessage(order);
  return {
    port: ready.port,
    status: async () => ({ number, ...settings }),
    async configure(change) {
      settings = { ...settings, ...change };
      post({ kind: "configure", settings });
      return { number, ...settings };
    },
    async recording() {
      try {
        return { bytes: await readFile(start.recordingPath) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
    },
    async close() {
      post({ kind: "close" });
      await ended;
    },
  };
}
