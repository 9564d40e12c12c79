import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { samplesPerMs } from "../codec/codec.ts";
import type { PreparedPrompt } from "../plan.ts";
import { rawFiles } from "./desk-job.ts";

/** The raw sound kept on disk, by hash, the one used longest ago dropped first. Found again after a restart, in order of age. */
export class PromptStore {
  readonly directory: string;
  readonly #maxSamples: number;
  /** Hash → samples, which are also the bytes of each of its two files; in order of use. */
  readonly #entries = new Map<string, number>();
  #samples = 0;

  private constructor(directory: string, maxBytes: number) {
    this.directory = directory;
    this.#maxSamples = maxBytes / 2;
  }

  static async open(directory: string, maxBytes: number): Promise<PromptStore> {
    const store = new PromptStore(directory, maxBytes);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const names = new Set(await readdir(directory));
    const found: { hash: string; samples: number; at: number }[] = [];
    for (const name of names) {
      // What a crash left behind.
      if (name.endsWith(".part")) await rm(join(directory, name), { force: true });
      const hash = name.endsWith(".ulaw") ? name.slice(0, -".ulaw".length) : undefined;
      if (hash === undefined || !names.has(`${hash}.alaw`)) continue;
      const { size, mtimeMs } = await stat(join(directory, name));
      found.push({ hash, samples: size, at: mtimeMs });
    }
    for (const { hash, samples } of found.toSorted((one, other) => one.at - other.at)) await store.add(hash, samples);
    return store;
  }

  /** The sound of `hash`, now the one used last; undefined when it is not there. */
  use(hash: string): PreparedPrompt | undefined {
    const samples = this.#entries.get(hash);
    if (samples === undefined) return undefined;
    this.#entries.delete(hash);
    this.#entries.set(hash, samples);
    return { files: rawFiles(this.directory, hash), durationMs: Math.floor(samples / samplesPerMs) };
  }

  /** Counts files that were just written, and drops the oldest beyond the limit, never these. */
  async add(hash: string, samples: number): Promise<void> {
    this.#samples += samples - (this.#entries.get(hash) ?? 0);
    this.#entries.delete(hash);
    this.#entries.set(hash, samples);
    for (const [oldest, dropped] of this.#entries) {
      if (this.#samples <= this.#maxSamples || oldest === hash) return;
      this.#entries.delete(oldest);
      this.#samples -= dropped;
      for (const path of Object.values(rawFiles(this.directory, oldest))) await rm(path, { force: true });
    }
  }
}
