/**
 *     recording, paused ── ended ── finishing ── one file is made ── ready
 *                                              └ nothing, or not all ── failed
 *
 * The first three follow from events of the call, with the journal's shipping; the last two are the finisher's.
 */
export type RecordingState = "recording" | "paused" | "finishing" | "ready" | "failed";

export type StoredRecording = {
  readonly id: string;
  readonly accountId: string;
  readonly callId: string;
  readonly partyId: string;
  readonly state: RecordingState;
  /** User id; null for a flow. */
  readonly startedBy: string | null;
  readonly format: "wav" | "mp3";
  readonly channels: 1 | 2;
  readonly hears: "peer" | "both";
  /** Epoch milliseconds, as all times. */
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** Why it ended: stopped, maximum, silence, digit, failed, or lost when nobody could say. */
  readonly endReason: string | null;
  /** By the clock until it is finished, then of the file. */
  readonly durationMs: number | null;
  readonly sampleRateHz: number | null;
  /** Of what a listener gets, as is the digest, in hex. */
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
  readonly isEncrypted: boolean | null;
  /** Path below the directory of recordings; null while there is no finished file. */
  readonly file: string | null;
  /** From then on it is not there for anybody, and is removed. */
  readonly expiresAt: number | null;
};

export type RecordingFilter = {
  readonly callId?: string | undefined;
  /** Of calls that this user created or took part in, live ones being those of `liveCallIds`. */
  readonly userId?: string | undefined;
  readonly liveCallIds?: readonly string[] | undefined;
  readonly startedFrom?: number | undefined;
  readonly startedBefore?: number | undefined;
};

/** Newest first. `before` is the last one of the page before, which need not be there any more. */
export type RecordingPage = { readonly limit: number; readonly before?: Pick<StoredRecording, "startedAt" | "id"> | undefined };

/** What is still to be done for a recording that has ended. */
export type UnfinishedRecording = StoredRecording & {
  /** Attempts that failed. */
  readonly attempts: number;
};

export type Finish = Pick<
  StoredRecording,
  "durationMs" | "sampleRateHz" | "sizeBytes" | "sha256" | "isEncrypted" | "file" | "expiresAt"
> & {
  readonly state: "ready" | "failed";
  readonly channels: 1 | 2;
};

/** Rows of recordings. All methods reject while the database is away. */
export type RecordingStore = {
  get(accountId: string, recordingId: string, now: number): Promise<StoredRecording | undefined>;
  list(
    accountId: string,
    filter: RecordingFilter,
    page: RecordingPage,
    now: number,
  ): Promise<{ readonly items: readonly StoredRecording[]; readonly more: boolean }>;
  /** Those that have ended and are due, and those that are finished and not cleared. */
  unfinished(now: number, limit: number, except: readonly string[]): Promise<readonly UnfinishedRecording[]>;
  finished(recordingId: string, finish: Finish): Promise<void>;
  /** Nothing is left of it but its one file. */
  cleared(recordingId: string): Promise<void>;
  /** An attempt failed. */
  postpone(recordingId: string, until: number): Promise<void>;
  /** False when it is not finished, or not there. */
  expire(accountId: string, recordingId: string, now: number): Promise<boolean>;
  expired(now: number, limit: number): Promise<readonly StoredRecording[]>;
  remove(recordingId: string): Promise<void>;
  /** Of those that have not ended, as far as the store knows. */
  open(): Promise<readonly string[]>;
  /** They have ended, whatever became of them. */
  abandon(recordingIds: readonly string[], at: number): Promise<void>;
};
