import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import type { HttpClient } from "../../http-client/index.ts";
import { CallwrightError, type Clock, type Logger } from "../../kernel/index.ts";
import { refusal } from "../errors.ts";
import type { PreparedPrompt, PromptItem, PromptSource } from "../plan.ts";
import { fetchAudio, type FetchLimits, type Validators } from "./audio-fetch.ts";
import { DeskClient } from "./desk-client.ts";
import type { DeskJob } from "./desk-job.ts";
import { PromptStore } from "./prompt-store.ts";

/** What the library needs of speech: the bytes of a WAV file. Its refusals are passed on as they are. */
export type SpeechPort = { speak(text: string, voice?: string): Promise<Uint8Array> };

export type PromptLibraryOptions = {
  /** Made when missing; holds nothing but the library's files. */
  readonly cacheDir: string;
  readonly maxCacheBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly synthesizer: SpeechPort;
  readonly httpClient: HttpClient;
  readonly fetchLimits: FetchLimits;
};

export type PromptLibrary = PromptSource & { close(): Promise<void> };

type SoundItem = Parameters<PromptSource["prepare"]>[0];
/** Which sound an item had when it was looked at last. */
type Known = { readonly hash: string; readonly checkedAt: number } & Validators;

/** A file that changed on disk is noticed after this long, one at a URL after the other. Speech does not change. */
const fileFreshMs = 1000;
const urlFreshMs = 60_000;
const mostKnown = 20_000;

/** Opens the library; settles when it knows what its directory holds. */
export async function createPromptLibrary(options: PromptLibraryOptions): Promise<PromptLibrary> {
  return new CachingPromptLibrary(options, await PromptStore.open(options.cacheDir, options.maxCacheBytes));
}

class CachingPromptLibrary implements PromptLibrary {
  readonly #options: PromptLibraryOptions;
  readonly #store: PromptStore;
  readonly #desk = new DeskClient();
  /** By item, in order of their first look: the first goes when there are too many. */
  readonly #known = new Map<string, Known>();
  readonly #jobs = new Map<string, Promise<PreparedPrompt>>();
  readonly #closing = new AbortController();

  constructor(options: PromptLibraryOptions, store: PromptStore) {
    this.#options = options;
    this.#store = store;
  }

  async prepare(item: SoundItem): Promise<PreparedPrompt> {
    const key = item.kind === "speech" ? `speech ${item.voice ?? ""} ${item.text}` : `audio ${item.uri}`;
    const known = this.#known.get(key);
    const isFresh = known !== undefined && this.#options.clock.now() - known.checkedAt < freshMs(item);
    const ready = isFresh ? this.#store.use(known.hash) : undefined;
    if (ready !== undefined) return ready;
    const running = this.#jobs.get(key);
    if (running !== undefined) return running;
    const job = this.#make(key, item, known).finally(() => this.#jobs.delete(key));
    this.#jobs.set(key, job);
    return job;
  }

  close(): Promise<void> {
    this.#closing.abort();
    return this.#desk.close();
  }

  async #make(key: string, item: SoundItem, known: Known | undefined): Promise<PreparedPrompt> {
    const found = await this.#find(key, item, known);
    this.#known.delete(key);
    this.#known.set(key, { ...found, checkedAt: this.#options.clock.now() });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= mostKnown) break;
      this.#known.delete(oldest);
    }
    const prepared = this.#store.use(found.hash);
    if (prepared === undefined) throw refusal("PROMPT_UNREADABLE", { reason: "the sound was dropped while it was made" });
    return prepared;
  }

  async #find(key: string, item: SoundItem, known: Known | undefined): Promise<Omit<Known, "checkedAt">> {
    if (item.kind === "speech") return this.#findOrConvert(hashOf(key), () => this.#speak(item));
    if (/^https?:/i.test(item.uri)) return this.#fetch(key, item.uri, known);
    const path = pathOf(item.uri);
    const { mtimeMs, size } = await statOf(path);
    return this.#findOrConvert(hashOf(key, mtimeMs, size), () => Promise.resolve({ kind: "file", path }));
  }

  async #findOrConvert(hash: string, source: () => Promise<DeskJob["source"]>): Promise<Omit<Known, "checkedAt">> {
    if (this.#store.use(hash) === undefined) await this.#convert(hash, await source());
    return { hash };
  }

  async #speak(item: Extract<PromptItem, { kind: "speech" }>): Promise<DeskJob["source"]> {
    return { kind: "bytes", bytes: await this.#options.synthesizer.speak(item.text, item.voice) };
  }

  async #fetch(key: string, url: string, known: Known | undefined): Promise<Omit<Known, "checkedAt">> {
    const held = known !== undefined && this.#store.use(known.hash) !== undefined ? known : undefined;
    const { httpClient, fetchLimits, logger } = this.#options;
    const validators = { etag: held?.etag, lastModified: held?.lastModified };
    try {
      const fetched = await fetchAudio(httpClient, url, validators, fetchLimits, this.#closing.signal);
      if (fetched.kind === "unchanged") return held ?? { hash: "" };
      const { bytes, etag, lastModified } = fetched;
      return { hash: await this.#convert(hashOf(key), { kind: "fetched", bytes }), etag, lastModified };
    } catch (cause) {
      const isAway = cause instanceof CallwrightError && cause.code === "PROMPT_UNREACHABLE";
      if (!isAway || held === undefined) throw cause;
      logger.warn({ url, cause }, "Audio could not be asked for changes; what was fetched before is played.");
      return held;
    }
  }

  /** The hash under which the store then has the sound. */
  async #convert(name: string, source: DeskJob["source"]): Promise<string> {
    const { hash, samples } = await this.#desk.run({ directory: this.#store.directory, hash: name, source });
    await this.#store.add(hash, samples);
    return hash;
  }
}

function freshMs(item: SoundItem): number {
  if (item.kind === "speech") return Number.POSITIVE_INFINITY;
  return /^https?:/i.test(item.uri) ? urlFreshMs : fileFreshMs;
}

function pathOf(uri: string): string {
  try {
    const path = uri.startsWith("file:") ? fileURLToPath(uri) : uri;
    if (isAbsolute(path)) return path;
  } catch (cause) {
    throw refusal("PROMPT_UNREADABLE", { uri }, { cause });
  }
  throw refusal("PROMPT_UNREADABLE", { uri, reason: "neither an absolute path, nor a file:, http: or https: URL" });
}

async function statOf(path: string): Promise<{ mtimeMs: number; size: number }> {
  try {
    return await stat(path);
  } catch (cause) {
    throw refusal("PROMPT_UNREADABLE", { path, reason: String(cause) }, { cause });
  }
}

function hashOf(...parts: readonly (string | number)[]): string {
  return createHash("sha256").update(parts.join("\u0000")).digest("hex");
}
