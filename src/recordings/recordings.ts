/** Recordings for whoever lists, hears and deletes them. They are begun, paused and stopped by commands to their call. */
import { join } from "node:path";
import type { Clock } from "../kernel/index.ts";
import { RecordedAudio } from "../media/index.ts";
import { recordingRefusal } from "./errors.ts";
import { partFile, recordingKey } from "./places.ts";
import type { RecordingFilter, RecordingPage, RecordingStore, StoredRecording } from "./recording-store.ts";

export type Recordings = {
  /** Undefined when there is none; what a call just began is there as soon as the store has heard of it. */
  get(accountId: string, recordingId: string): Promise<StoredRecording | undefined>;
  list(
    accountId: string,
    filter: RecordingFilter,
    page: RecordingPage,
  ): Promise<{ readonly items: readonly StoredRecording[]; readonly more: boolean }>;
  /** What there is to hear, up to now while it goes on, and the recording as it was then. The caller closes it. Throws RECORDING_SILENT. */
  audio(recording: StoredRecording): Promise<{ readonly audio: RecordedAudio; readonly recording: StoredRecording }>;
  /** Nobody finds it from now on; its files go a moment later. Throws RECORDING_UNDER_WAY. */
  delete(recording: StoredRecording): Promise<void>;
};

export type RecordingsOptions = {
  readonly store: RecordingStore;
  readonly clock: Clock;
  readonly directory: string;
  readonly secret: Uint8Array;
  /** Something is to be removed. */
  deleted(): void;
};

export class StoredRecordings implements Recordings {
  readonly #options: RecordingsOptions;

  constructor(options: RecordingsOptions) {
    this.#options = options;
  }

  get(accountId: string, recordingId: string): Promise<StoredRecording | undefined> {
    return this.#options.store.get(accountId, recordingId, this.#options.clock.now());
  }

  list(accountId: string, filter: RecordingFilter, page: RecordingPage) {
    return this.#options.store.list(accountId, filter, page, this.#options.clock.now());
  }

  async audio(recording: StoredRecording) {
    const { id, accountId, file } = recording;
    try {
      return { audio: await this.#open(recording), recording };
    } catch (cause) {
      // It may have been finished since the row was read, and its parts be gone.
      const now = file === null ? await this.get(accountId, id) : undefined;
      if (now?.file === undefined || now.file === null) throw recordingRefusal("RECORDING_SILENT", { recordingId: id }, { cause });
      return { audio: await this.#open(now), recording: now };
    }
  }

  async #open({ id, accountId, callId, state, file }: StoredRecording): Promise<RecordedAudio> {
    const { directory, secret } = this.#options;
    const isFinished = state === "ready" || state === "failed";
    if (file === null && isFinished) throw new Error("there is no file");
    const path = join(directory, file ?? partFile(accountId, callId, id));
    return await RecordedAudio.open(path, Buffer.from(recordingKey(secret, id), "base64"));
  }

  async delete({ id, accountId }: StoredRecording): Promise<void> {
    const { store, clock, deleted } = this.#options;
    if (!(await store.expire(accountId, id, clock.now()))) throw recordingRefusal("RECORDING_UNDER_WAY", { recordingId: id });
    deleted();
  }
}
