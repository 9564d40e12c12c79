/** Recordings from their beginning in a media thread to their end: where they are, what finishes and removes them, who hears them. */
import { join } from "node:path";
import type { Config } from "./config/index.ts";
import type { Clock, Logger } from "./kernel/index.ts";
import { createRecordingFinisher, type MediaEngine } from "./media/index.ts";
import {
  Finishing,
  partFile,
  RecordingRetention,
  type Recordings,
  type RecordingStore,
  recordingKey,
  StoredRecordings,
} from "./recordings/index.ts";

export type RecordingServicesOptions = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: RecordingStore;
  readonly media: Pick<MediaEngine, "onEvent">;
  readonly data: { readonly path: string; readonly secret: Uint8Array };
  readonly config: Config["recordings"];
  /** Ids of the recordings of live calls. */
  running(): ReadonlySet<string>;
};

export type RecordingServices = {
  readonly recordings: Recordings;
  /** The store has heard of recordings that ended. */
  wake(): void;
  close(): Promise<void>;
};

const dayMs = 24 * 3_600_000;

/** For the plans of calls. */
export function recordingPlaces({ path, secret }: RecordingServicesOptions["data"], { areEncrypted }: Config["recordings"]) {
  return {
    recordingPath: (accountId: string, callId: string, name: string) => join(recordingsDirectory(path), partFile(accountId, callId, name)),
    ...(areEncrypted && { recordingKey: (recordingId: string) => recordingKey(secret, recordingId) }),
  };
}

export function openRecordings({ media, data, config, log, running, ...rest }: RecordingServicesOptions): RecordingServices {
  const finisher = createRecordingFinisher();
  const options = { ...rest, logger: log, finisher, directory: recordingsDirectory(data.path), secret: data.secret };
  const keepMs = config.keepDays > 0 ? config.keepDays * dayMs : undefined;
  const finishing = new Finishing({ ...options, keepMs });
  media.onEvent((_callId, _legId, event) => {
    if (event.kind === "recording-ended") finishing.partClosed(event.recordingId);
  });
  const retention = new RecordingRetention({ ...options, running, abandoned: () => finishing.wake() });
  return {
    recordings: new StoredRecordings({ ...options, deleted: () => retention.wake() }),
    wake: () => finishing.wake(),
    async close() {
      await Promise.all([finishing.close(), retention.close()]);
      await finisher.close();
    },
  };
}

export function recordingsDirectory(dataPath: string): string {
  return join(dataPath, "recordings");
}
