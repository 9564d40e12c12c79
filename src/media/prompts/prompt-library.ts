import { rm, stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import type { HttpClient } from "../../http-client/index.ts";
import { CallwrightError, type Clock, type Logger } from "../../kernel/index.ts";
import { refusal } from "../errors.ts";
import type { PreparedPrompt, PromptSource, SoundFormat } from "../plan.ts";
import { type DecodeJob, downloadPath, hashOf } from "./decode-sound.ts";
import { DeskClient } from "./desk-client.ts";
import { download, type FetchLimits } from "./download.ts";
import { type Origin, PromptStore } from "./prompt-store.ts";
import { durationMsOf } from "./sound-files.ts";

/** What the library needs of speech: the bytes of a WAV file. Its refusals are passed on as they are. */
export type SpeechPort = { speak(text: string, voice?: string): Promise<Uint8Array> };

/** Where a thing that an account owns lies, as an absolute path; undefined when the account has none of that name. */
export type AccountFiles = (accountId: string, name: string) => Promise<string | undefined>;

export type PromptLibraryOptions = {
  /** Made when missing; holds nothing but the library's files. */
  readonly cacheDir: string;
  readonly maxCacheBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly synthesizer: SpeechPort;
  readonly httpClient: HttpClient;
  readonly fetchLimits: FetchLimits;
  /** How long a sound may be. */
  readonly maxSoundMs: number;
  /** How long a prompt may take to be ready; then it fails with PROMPT_TIMEOUT, and its sound is there for the next. */
  readonly prepareMs: number;
  /** `sound:<id or name>` and `recording:<id>`. */
  readonly sounds?: AccountFiles;
  readonly recordings?: AccountFiles;
};

/** What a file of sound is. */
export type SoundFacts = { readonly what: string; readonly contentType: string; readonly durationMs: number };

export type PromptLibrary = PromptSource & {
  /** Decodes a file, so that it is ready for `prepare`. Rejects with PROMPT_UNREADABLE or PROMPT_TOO_LARGE. */
  examine(path: string): Promise<SoundFacts>;
  close(): Promise<void>;
};

type SoundItem = Parameters<PromptSource["prepare"]>[0];
/** Which sound an item had when it was looked at last. */
type Known = { readonly hash: string; readonly checkedAt: number; readonly origin?: Origin | undefined };

/** A file that changed on disk is noticed after this long, one at a URL after the other. Speech does not change. */
const fileFreshMs = 1000;
const urlFreshMs = 60_000;
const mostKnown = 20_000;
/** What is larger, or longer, waits in a lane of its own. */
const longBytes = 1024 * 1024;
const longMs = 5 * 60_000;

/** Opens the library; settles when it knows what its directory holds. */
export async function createPromptLibrary(options: PromptLibraryOptions): Promise<PromptLibrary> {
  return new CachingPromptLibrary(options, await PromptStore.open(options.cacheDir, options.maxCacheBytes));
}

class CachingPromptLibrary implements PromptLibrary {
  readonly #options: PromptLibraryOptions;
  readonly #store: PromptStore;
  readonly #desk: DeskClient;
  /** By item, in order of their latest look: the first goes when there are too many. */
  readonly #known = new Map<string, Known>();
  /** What is being done, by what it is done for. */
  readonly #jobs = new Map<string, Promise<unknown>>();
  readonly #closing = new AbortController();
  #downloads = 0;

  constructor(options: PromptLibraryOptions, store: PromptStore) {
    this.#options = options;
    this.#store = store;
    this.#desk = new DeskClient(options.clock);
    for (const { hash, ...origin } of store.origins())
      this.#remember(keyOfUri(origin.url), { hash, checkedAt: Number.NEGATIVE_INFINITY, origin });
  }

  async prepare(item: SoundItem, format: SoundFormat): Promise<PreparedPrompt> {
    const key = keyOf(item);
    const ready = this.#isFresh(key, item) ? this.#store.find(this.#known.get(key)?.hash ?? "", format) : undefined;
    return ready ?? this.#inTime(this.#once(`${format} ${key}`, () => this.#make(key, item, format)));
  }

  async examine(path: string): Promise<SoundFacts> {
    const { mtimeMs, size } = await statOf(path);
    const job: DecodeJob = { ...this.#decodeJob(hashOfFile(path, mtimeMs, size)), source: { kind: "file", path } };
    const { master, what, contentType } = await this.#desk.run(job, size > longBytes);
    await this.#store.add(master);
    return { what, contentType, durationMs: durationMsOf(master) };
  }

  close(): Promise<void> {
    this.#closing.abort();
    return this.#desk.close();
  }

  /** The same job for all who ask while it is done. */
  #once<T>(name: string, job: () => Promise<T>): Promise<T> {
    // A name says what its job gives.
    const running = this.#jobs.get(name) as Promise<T> | undefined;
    if (running !== undefined) return running;
    const begun = job().finally(() => this.#jobs.delete(name));
    this.#jobs.set(name, begun);
    return begun;
  }

  #inTime<T>(job: Promise<T>): Promise<T> {
    const { clock, prepareMs } = this.#options;
    return new Promise((resolve, reject) => {
      const timer = clock.after(prepareMs, () => reject(refusal("PROMPT_TIMEOUT", { prepareMs })));
      job.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  async #make(key: string, item: SoundItem, format: SoundFormat): Promise<PreparedPrompt> {
    const hash = await this.#once(key, () => this.#look(key, item));
    const found = this.#store.find(hash, format) ?? (await this.#once(`${format} of ${hash}`, () => this.#encode(hash, format)));
    if (found === undefined) throw refusal("PROMPT_UNREADABLE", { reason: "the sound was dropped while it was made" });
    return found;
  }

  async #encode(hash: string, format: SoundFormat): Promise<PreparedPrompt | undefined> {
    const { directory } = this.#store;
    const master = this.#store.use(hash);
    if (master === undefined) return undefined;
    const { sizeBytes } = await this.#desk.run({ kind: "encode", directory, master, format }, durationMsOf(master) > longMs);
    await this.#store.addVariant(hash, format, sizeBytes);
    return this.#store.find(hash, format);
  }

  /** The hash of what `item` has now. */
  async #look(key: string, item: SoundItem): Promise<string> {
    const known = this.#known.get(key);
    if (known !== undefined && this.#isFresh(key, item) && this.#store.use(known.hash) !== undefined) return known.hash;
    const { hash, origin } = await this.#find(key, item, known);
    this.#remember(key, { hash, origin, checkedAt: this.#options.clock.now() });
    return hash;
  }

  async #find(key: string, item: SoundItem, known: Known | undefined): Promise<Omit<Known, "checkedAt">> {
    if (item.kind === "speech") {
      const { text, voice } = item;
      const spoken = async () => ({ kind: "bytes", bytes: await this.#options.synthesizer.speak(text, voice) }) as const;
      return this.#decodeOnce(hashOf(key), 0, spoken);
    }
    if (isUrl(item.uri)) return this.#fetch(key, item.uri, known);
    const path = await this.#pathOf(item);
    const { mtimeMs, size } = await statOf(path);
    return this.#decodeOnce(hashOfFile(path, mtimeMs, size), size, () => Promise.resolve({ kind: "file", path }));
  }

  async #decodeOnce(hash: string, sizeBytes: number, source: () => Promise<DecodeJob["source"]>): Promise<Omit<Known, "checkedAt">> {
    if (this.#store.use(hash) === undefined) {
      const { master } = await this.#desk.run({ ...this.#decodeJob(hash), source: await source() }, sizeBytes > longBytes);
      await this.#store.add(master);
    }
    return { hash };
  }

  async #fetch(key: string, url: string, known: Known | undefined): Promise<Omit<Known, "checkedAt">> {
    const held = known !== undefined && this.#store.use(known.hash) !== undefined ? known : undefined;
    const { httpClient: client, clock, fetchLimits, logger } = this.#options;
    this.#downloads += 1;
    const path = downloadPath(this.#store.directory, String(this.#downloads));
    try {
      const fetched = await download({ client, clock, signal: this.#closing.signal }, url, path, held?.origin ?? {}, fetchLimits);
      if (fetched.kind === "unchanged" && held !== undefined) return held;
      if (fetched.kind === "unchanged") throw refusal("PROMPT_UNREACHABLE", { url, status: 304 });
      const { etag, lastModified, sizeBytes } = fetched;
      const job: DecodeJob = { ...this.#decodeJob(hashOf(key)), isFetched: true, source: { kind: "file", path } };
      const { master } = await this.#desk.run(job, sizeBytes > longBytes);
      const origin = { url, etag, lastModified };
      await this.#store.add(master, origin);
      return { hash: master.hash, origin };
    } catch (cause) {
      const isAway = cause instanceof CallwrightError && cause.code === "PROMPT_UNREACHABLE";
      if (!isAway || held === undefined) throw cause;
      logger.warn({ url, cause }, "Audio could not be asked for changes; what was fetched before is played.");
      return held;
    } finally {
      await rm(path, { force: true });
    }
  }

  async #pathOf({ uri, accountId }: Extract<SoundItem, { kind: "audio" }>): Promise<string> {
    const [, kind, name = ""] = /^(sound|recording):(.*)$/s.exec(uri) ?? [];
    if (kind === undefined) return localPathOf(uri);
    const files = kind === "sound" ? this.#options.sounds : this.#options.recordings;
    const path = accountId === undefined ? undefined : await files?.(accountId, name);
    if (path === undefined) throw refusal("PROMPT_UNKNOWN", { uri });
    return path;
  }

  #decodeJob(hash: string): Omit<DecodeJob, "source"> {
    return { kind: "decode", directory: this.#store.directory, hash, isFetched: false, maxMs: this.#options.maxSoundMs };
  }

  #isFresh(key: string, item: SoundItem): boolean {
    const known = this.#known.get(key);
    return known !== undefined && this.#options.clock.now() - known.checkedAt < freshMs(item);
  }

  #remember(key: string, known: Known): void {
    this.#known.delete(key);
    this.#known.set(key, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= mostKnown) break;
      this.#known.delete(oldest);
    }
  }
}

function keyOf(item: SoundItem): string {
  if (item.kind === "speech") return `speech ${item.voice ?? ""} ${item.text}`;
  return item.accountId === undefined ? keyOfUri(item.uri) : `audio of ${item.accountId} ${item.uri}`;
}

function keyOfUri(uri: string): string {
  return `audio ${uri}`;
}

function isUrl(uri: string): boolean {
  return /^https?:/i.test(uri);
}

function freshMs(item: SoundItem): number {
  if (item.kind === "speech") return Number.POSITIVE_INFINITY;
  return isUrl(item.uri) ? urlFreshMs : fileFreshMs;
}

function hashOfFile(path: string, mtimeMs: number, size: number): string {
  return hashOf("file", path, mtimeMs, size);
}

function localPathOf(uri: string): string {
  try {
    const path = uri.startsWith("file:") ? fileURLToPath(uri) : uri;
    if (isAbsolute(path)) return path;
  } catch (cause) {
    throw refusal("PROMPT_UNREADABLE", { uri }, { cause });
  }
  throw refusal("PROMPT_UNREADABLE", { uri, reason: "neither an absolute path, nor a file:, http:, https:, sound: or recording: URL" });
}

async function statOf(path: string): Promise<{ readonly mtimeMs: number; readonly size: number }> {
  const found = await stat(path).catch((cause: unknown) => {
    throw refusal("PROMPT_UNREADABLE", { path, reason: String(cause) }, { cause });
  });
  // A pipe or a device would be waited for, or read, for ever.
  if (!found.isFile()) throw refusal("PROMPT_UNREADABLE", { path, reason: "not a file" });
  return found;
}
