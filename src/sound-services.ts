/** What calls play, from wherever it comes: speech, files, URLs, uploads and recordings. */
import { join } from "node:path";
import type { Config } from "./config/index.ts";
import type { Directory } from "./directory/index.ts";
import type { HttpClient } from "./http-client/index.ts";
import type { Clock, Logger } from "./kernel/index.ts";
import { createPromptLibrary, openSoundShelf, soundPath, type SoundShelf } from "./media/index.ts";
import { recordingsDirectory } from "./recording-services.ts";
import type { RecordingStore } from "./recordings/index.ts";
import type { Synthesizer } from "./speech/index.ts";

export type SoundServicesOptions = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: Config["sounds"];
  readonly data: { readonly path: string };
  readonly directory: Directory;
  readonly recordings: RecordingStore;
  readonly synthesizer: Synthesizer;
  readonly httpClient: HttpClient;
};

export type SoundServices = {
  readonly prompts: Awaited<ReturnType<typeof createPromptLibrary>>;
  readonly shelf: SoundShelf;
};

const mebibyte = 1024 * 1024;

export async function openSounds(options: SoundServicesOptions): Promise<SoundServices> {
  const { clock, log, config, data, directory, recordings, synthesizer, httpClient } = options;
  const soundsDir = join(data.path, "sounds");
  const maxBytes = config.maxMib * mebibyte;
  const prepareMs = config.readyS * 1000;
  const prompts = await createPromptLibrary({
    cacheDir: join(data.path, "prompts"),
    maxCacheBytes: config.cacheMib * mebibyte,
    clock,
    logger: log,
    synthesizer,
    httpClient,
    fetchLimits: { maxBytes, timeoutMs: prepareMs },
    maxSoundMs: config.maxMinutes * 60_000,
    prepareMs,
    sounds: async (accountId, name) => {
      const sound = directory.sounds.get(accountId, name) ?? directory.sounds.byName(accountId, name);
      return sound === undefined ? undefined : soundPath(soundsDir, sound.id);
    },
    // One that is encrypted would lie in the clear among the prompts.
    recordings: async (accountId, id) => {
      const found = await recordings.get(accountId, id, clock.now());
      return found === undefined || found.file === null || found.isEncrypted === true
        ? undefined
        : join(recordingsDirectory(data.path), found.file);
    },
  });
  const uploaded = new Set(directory.accounts.list().flatMap(({ id }) => directory.sounds.list(id).map((sound) => sound.id)));
  const shelf = await openSoundShelf({ directory: soundsDir, maxBytes, library: prompts, isOwned: (id) => uploaded.has(id) });
  return { prompts, shelf };
}
