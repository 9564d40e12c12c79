import type {
  Finish,
  RecordingFilter,
  RecordingPage,
  RecordingStore,
  StoredRecording,
  UnfinishedRecording,
} from "../../../src/recordings/index.ts";

type Row = { -readonly [K in keyof UnfinishedRecording]: UnfinishedRecording[K] } & { isUnfinished: boolean; dueAt: number };

/** Of a recording that has just begun, with these changes. */
export function recordingOf(id: string, changes: Partial<StoredRecording> = {}): StoredRecording {
  return {
    id,
    accountId: "acme",
    callId: "call",
    partyId: "party",
    state: "recording",
    startedBy: null,
    format: "wav",
    channels: 1,
    hears: "peer",
    startedAt: 1000,
    endedAt: null,
    endReason: null,
    durationMs: null,
    sampleRateHz: null,
    sizeBytes: null,
    sha256: null,
    isEncrypted: null,
    file: null,
    expiresAt: null,
    ...changes,
  };
}

/** The recordings of a store, in memory. */
export class MemoryRecordings implements RecordingStore {
  rows: Row[] = [];
  isAway = false;
  /** By call, the users who took part in it. */
  readonly users = new Map<string, readonly string[]>();

  add(...recordings: readonly StoredRecording[]): void {
    for (const recording of recordings) {
      if (this.rows.some(({ id }) => id === recording.id)) continue;
      this.rows.push({ ...recording, attempts: 0, dueAt: 0, isUnfinished: recording.state === "finishing" });
    }
  }

  async get(accountId: string, recordingId: string, now: number): Promise<StoredRecording | undefined> {
    return this.#there(now).find((row) => row.accountId === accountId && row.id === recordingId);
  }

  async list(accountId: string, filter: RecordingFilter, { limit, before }: RecordingPage, now: number) {
    const { callId, userId, liveCallIds = [], startedFrom = 0, startedBefore = Infinity } = filter;
    const found = this.#there(now)
      .filter((row) => row.accountId === accountId && (callId === undefined || row.callId === callId))
      .filter((row) => row.startedAt >= startedFrom && row.startedAt < startedBefore)
      .filter((row) => userId === undefined || liveCallIds.includes(row.callId) || this.users.get(row.callId)?.includes(userId) === true)
      .filter((row) => before === undefined || isOlder(row, before))
      .toSorted((one, other) => (isOlder(one, other) ? 1 : -1));
    return { items: found.slice(0, limit), more: found.length > limit };
  }

  async unfinished(now: number, limit: number, except: readonly string[]): Promise<readonly UnfinishedRecording[]> {
    this.#ask();
    return this.rows
      .filter(({ id, isUnfinished, dueAt }) => isUnfinished && dueAt <= now && !except.includes(id))
      .toSorted((one, other) => one.dueAt - other.dueAt || (one.id < other.id ? -1 : 1))
      .slice(0, limit)
      .map((row) => ({ ...shown(row), attempts: row.attempts }));
  }

  async finished(recordingId: string, finish: Finish): Promise<void> {
    this.#change(recordingId, { ...finish, attempts: 0 });
  }

  async cleared(recordingId: string): Promise<void> {
    this.#change(recordingId, { isUnfinished: false });
  }

  async postpone(recordingId: string, until: number): Promise<void> {
    const row = this.rows.find(({ id }) => id === recordingId);
    this.#change(recordingId, { dueAt: until, attempts: (row?.attempts ?? 0) + 1 });
  }

  async expire(accountId: string, recordingId: string, now: number): Promise<boolean> {
    const row = this.rows.find((one) => one.accountId === accountId && one.id === recordingId);
    if (row?.state !== "ready" && row?.state !== "failed") return false;
    this.#change(recordingId, { expiresAt: now });
    return true;
  }

  async expired(now: number, limit: number): Promise<readonly StoredRecording[]> {
    this.#ask();
    return this.rows
      .filter(({ expiresAt }) => expiresAt !== null && expiresAt <= now)
      .slice(0, limit)
      .map(shown);
  }

  async remove(recordingId: string): Promise<void> {
    this.#ask();
    this.rows = this.rows.filter(({ id }) => id !== recordingId);
  }

  async open(): Promise<readonly string[]> {
    this.#ask();
    return this.rows.filter(isOpen).map(({ id }) => id);
  }

  async abandon(recordingIds: readonly string[], at: number): Promise<void> {
    for (const { id } of this.rows.filter((row) => isOpen(row) && recordingIds.includes(row.id)))
      this.#change(id, { state: "finishing", isUnfinished: true, endedAt: at, endReason: "lost" });
  }

  #there(now: number): readonly StoredRecording[] {
    this.#ask();
    return this.rows.filter(({ expiresAt }) => expiresAt === null || expiresAt > now).map(shown);
  }

  #change(recordingId: string, changes: Partial<Row>): void {
    this.#ask();
    this.rows = this.rows.map((row) => (row.id === recordingId ? { ...row, ...changes } : row));
  }

  #ask(): void {
    if (this.isAway) throw new Error("away");
  }
}

function shown({ attempts: _attempts, dueAt: _dueAt, isUnfinished: _isUnfinished, ...recording }: Row): StoredRecording {
  return recording;
}

function isOpen({ state }: StoredRecording): boolean {
  return state === "recording" || state === "paused";
}

function isOlder(one: StoredRecording, other: Pick<StoredRecording, "startedAt" | "id">): boolean {
  return one.startedAt < other.startedAt || (one.startedAt === other.startedAt && one.id < other.id);
}
