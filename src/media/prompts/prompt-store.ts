import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PreparedPrompt, SoundFormat } from "../plan.ts";
import {
  durationMsOf,
  finish,
  isMaster,
  type Master,
  masterPath,
  parseFileName,
  partPath,
  sampleBytes,
  variantPath,
} from "./sound-files.ts";

/** Where a fetched sound came from, kept beside it as `<hash>.origin`. */
export type Origin = { readonly url: string; readonly etag?: string | undefined; readonly lastModified?: string | undefined };

type Entry = { readonly master: Master; readonly variants: Map<SoundFormat, number>; readonly origin?: Origin | undefined };

const originSuffix = ".origin";

/**
 * Decoded sounds on disk, each with what was made of it, by hash; the one used longest ago is dropped first, whole. Found again after a
 * restart, in order of age.
 */
export class PromptStore {
  readonly directory: string;
  readonly #maxBytes: number;
  /** In order of use. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  private constructor(directory: string, maxBytes: number) {
    this.directory = directory;
    this.#maxBytes = maxBytes;
  }

  static async open(directory: string, maxBytes: number): Promise<PromptStore> {
    const store = new PromptStore(directory, maxBytes);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await store.#find();
    return store;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Where its sounds came from, of those that were fetched. */
  origins(): readonly (Origin & { readonly hash: string })[] {
    return [...this.#entries].flatMap(([hash, { origin }]) => (origin === undefined ? [] : [{ ...origin, hash }]));
  }

  /** The sound of `hash`, now the one used last; undefined when it is not there. */
  use(hash: string): Master | undefined {
    const entry = this.#entries.get(hash);
    if (entry === undefined) return undefined;
    this.#entries.delete(hash);
    this.#entries.set(hash, entry);
    return entry.master;
  }

  /** The sound of `hash` in a format; undefined when it is not there. */
  find(hash: string, format: SoundFormat): PreparedPrompt | undefined {
    const master = this.use(hash);
    if (master === undefined) return undefined;
    if (!isMaster(master, format) && this.#entries.get(hash)?.variants.has(format) !== true) return undefined;
    return { path: variantPath(this.directory, master, format), durationMs: durationMsOf(master) };
  }

  /** Counts a sound that was just decoded, and drops the oldest beyond the limit, never this. */
  async add(master: Master, origin?: Origin): Promise<void> {
    const { hash } = master;
    const variants = this.#entries.get(hash)?.variants ?? new Map<SoundFormat, number>();
    if (origin !== undefined) {
      const path = join(this.directory, hash + originSuffix);
      await writeFile(partPath(path), JSON.stringify(origin), { mode: 0o600 });
      await finish(path);
    }
    this.#put({ master, variants, origin });
    await this.#makeRoom(hash);
  }

  /** The same for what was made of it. False when the sound was dropped meanwhile. */
  async addVariant(hash: string, format: SoundFormat, sizeBytes: number): Promise<boolean> {
    const entry = this.#entries.get(hash);
    if (entry === undefined) return false;
    this.#put({ ...entry, variants: new Map([...entry.variants, [format, sizeBytes]]) });
    await this.#makeRoom(hash);
    return true;
  }

  #put(entry: Entry): void {
    const { hash } = entry.master;
    const known = this.#entries.get(hash);
    this.#bytes += bytesOf(entry) - (known === undefined ? 0 : bytesOf(known));
    this.#entries.delete(hash);
    this.#entries.set(hash, entry);
  }

  async #makeRoom(keep: string): Promise<void> {
    for (const [hash, entry] of this.#entries) {
      if (this.#bytes <= this.#maxBytes || hash === keep) return;
      this.#entries.delete(hash);
      this.#bytes -= bytesOf(entry);
      await this.#remove(entry);
    }
  }

  async #remove({ master, variants }: Entry): Promise<void> {
    const { directory } = this;
    const paths = [...variants.keys()].map((format) => variantPath(directory, master, format));
    for (const path of [masterPath(directory, master), join(directory, master.hash + originSuffix), ...paths])
      await rm(path, { force: true });
  }

  async #find(): Promise<void> {
    const found = new Map<string, { master?: Master; at: number; variants: Map<SoundFormat, number>; names: string[] }>();
    for (const name of await readdir(this.directory)) {
      const hash = name.slice(0, 64);
      const entry = found.get(hash) ?? { at: 0, variants: new Map<SoundFormat, number>(), names: [] };
      found.set(hash, entry);
      entry.names.push(name);
      const file = parseFileName(name);
      if (file === undefined) continue;
      const { size, mtimeMs } = await stat(join(this.directory, name));
      if (file.kind === "variant") entry.variants.set(file.format, size);
      else {
        entry.master = { hash, sampleRateHz: file.sampleRateHz, samples: Math.floor(size / sampleBytes) };
        entry.at = mtimeMs;
      }
    }
    const whole: { readonly entry: Entry; readonly at: number }[] = [];
    for (const [hash, { master, at, variants, names }] of found) {
      for (const name of names) if (master === undefined || isLeftOver(name)) await rm(join(this.directory, name), { force: true });
      if (master === undefined) continue;
      const origin = names.includes(hash + originSuffix) ? await this.#originOf(hash) : undefined;
      whole.push({ entry: { master, variants, origin }, at });
    }
    for (const { entry } of whole.toSorted((one, other) => one.at - other.at)) this.#put(entry);
    await this.#makeRoom("");
  }

  /** Undefined for what a crash, or somebody else, left there. */
  async #originOf(hash: string): Promise<Origin | undefined> {
    try {
      const value: unknown = JSON.parse(await readFile(join(this.directory, hash + originSuffix), "utf8"));
      return isOrigin(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }
}

/** What a crash left half done, and what earlier releases made. */
function isLeftOver(name: string): boolean {
  return parseFileName(name) === undefined && !name.endsWith(originSuffix);
}

function isOrigin(value: unknown): value is Origin {
  return typeof value === "object" && value !== null && "url" in value && typeof value.url === "string";
}

function bytesOf({ master, variants }: Entry): number {
  let bytes = master.samples * sampleBytes;
  for (const size of variants.values()) bytes += size;
  return bytes;
}
