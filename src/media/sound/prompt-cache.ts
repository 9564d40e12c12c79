import { readFile } from "node:fs/promises";

/** Raw prompt files in memory, the ones used longest ago dropped first. One load at a time for each file; players keep what they play. */
export class PromptCache {
  readonly #maxBytes: number;
  readonly #files = new Map<string, Uint8Array>();
  readonly #loading = new Map<string, Promise<Uint8Array>>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Rejects with the error of the file system. */
  async load(path: string): Promise<Uint8Array> {
    const found = this.#files.get(path);
    if (found !== undefined) {
      this.#files.delete(path);
      this.#files.set(path, found);
      return found;
    }
    const loading = this.#loading.get(path);
    if (loading !== undefined) return loading;
    const job = readFile(path);
    this.#loading.set(path, job);
    try {
      const bytes = await job;
      this.#keep(path, bytes);
      return bytes;
    } finally {
      this.#loading.delete(path);
    }
  }

  #keep(path: string, bytes: Uint8Array): void {
    this.#files.set(path, bytes);
    this.#bytes += bytes.length;
    for (const [oldest, dropped] of this.#files) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#files.delete(oldest);
      this.#bytes -= dropped.length;
    }
  }
}
