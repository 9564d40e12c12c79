/** Recordings: their rows follow from events of calls, in the transaction that ships them; the rest of their life is the finisher's. */
import { type ExpressionBuilder, sql, type SqlBool } from "kysely";
import type { CallEvent, ShippedRecord } from "../calls/index.ts";
import { isId } from "../kernel/index.ts";
import type {
  Finish,
  RecordingFilter,
  RecordingPage,
  RecordingState,
  RecordingStore,
  StoredRecording,
  UnfinishedRecording,
} from "../recordings/index.ts";
import { answered, type Database } from "./database.ts";
import type { Tables } from "./schema.ts";

const columns = [
  "id",
  "accountId",
  "callId",
  "partyId",
  "state",
  "startedBy",
  "format",
  "channels",
  "hears",
  "startedAt",
  "endedAt",
  "endReason",
  "durationMs",
  "sampleRateHz",
  "sizeBytes",
  "sha256",
  "isEncrypted",
  "file",
  "expiresAt",
] as const;

const open = ["recording", "paused"] as const;

export class RecordingRows implements RecordingStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async get(accountId: string, recordingId: string, now: number): Promise<StoredRecording | undefined> {
    const query = this.#db
      .selectFrom("recordings")
      .select(columns)
      .where("accountId", "=", accountId)
      .where("id", "=", recordingId)
      .where((rows) => isThere(rows, now));
    return await answered(query.executeTakeFirst());
  }

  async list(accountId: string, filter: RecordingFilter, { limit, before }: RecordingPage, now: number) {
    let query = this.#db
      .selectFrom("recordings")
      .select(columns)
      .where("accountId", "=", accountId)
      .where((rows) => rows.and([isThere(rows, now), ...conditions(rows, filter)]))
      .orderBy("startedAt", "desc")
      .orderBy("id", "desc")
      .limit(limit + 1);
    if (before !== undefined) query = query.where(sql<SqlBool>`(started_at, id) < (${before.startedAt}::bigint, ${before.id})`);
    const rows = await answered(query.execute());
    return { items: rows.slice(0, limit), more: rows.length > limit };
  }

  async unfinished(now: number, limit: number, except: readonly string[]): Promise<readonly UnfinishedRecording[]> {
    return await this.#db
      .selectFrom("recordings")
      .select([...columns, "attempts"])
      .where("isUnfinished", "=", true)
      .where("dueAt", "<=", now)
      .where(sql<SqlBool>`id <> all(${[...except]}::text[])`)
      .orderBy("dueAt")
      .orderBy("id")
      .limit(limit)
      .execute();
  }

  async finished(recordingId: string, finish: Finish): Promise<void> {
    await this.#db
      .updateTable("recordings")
      .set({ ...finish, attempts: 0 })
      .where("id", "=", recordingId)
      .execute();
  }

  async cleared(recordingId: string): Promise<void> {
    await this.#db.updateTable("recordings").set({ isUnfinished: false }).where("id", "=", recordingId).execute();
  }

  async postpone(recordingId: string, until: number): Promise<void> {
    await this.#db
      .updateTable("recordings")
      .set((rows) => ({ dueAt: until, attempts: rows("attempts", "+", 1) }))
      .where("id", "=", recordingId)
      .execute();
  }

  async expire(accountId: string, recordingId: string, now: number): Promise<boolean> {
    const query = this.#db
      .updateTable("recordings")
      .set({ expiresAt: now })
      .where("accountId", "=", accountId)
      .where("id", "=", recordingId)
      .where("state", "in", ["ready", "failed"]);
    const { numUpdatedRows } = await answered(query.executeTakeFirstOrThrow());
    return numUpdatedRows > 0n;
  }

  async expired(now: number, limit: number): Promise<readonly StoredRecording[]> {
    return await this.#db
      .selectFrom("recordings")
      .select(columns)
      .where("expiresAt", "<=", now)
      .orderBy("expiresAt")
      .limit(limit)
      .execute();
  }

  async remove(recordingId: string): Promise<void> {
    await this.#db.deleteFrom("recordings").where("id", "=", recordingId).execute();
  }

  async open(): Promise<readonly string[]> {
    const rows = await this.#db.selectFrom("recordings").select("id").where("state", "in", open).execute();
    return rows.map(({ id }) => id);
  }

  async abandon(recordingIds: readonly string[], at: number): Promise<void> {
    await this.#db
      .updateTable("recordings")
      .set({ state: "finishing", isUnfinished: true, endedAt: at, endReason: "lost" })
      .where(sql<SqlBool>`id = any(${[...recordingIds]}::text[])`)
      .where("state", "in", open)
      .execute();
  }
}

type Rows = ExpressionBuilder<Tables, "recordings">;

function isThere(rows: Rows, now: number) {
  return rows.or([rows("expiresAt", "is", null), rows("expiresAt", ">", now)]);
}

function conditions(rows: Rows, { callId, userId, liveCallIds = [], startedFrom, startedBefore }: RecordingFilter) {
  const all = [];
  if (callId !== undefined) all.push(rows("callId", "=", callId));
  if (startedFrom !== undefined) all.push(rows("startedAt", ">=", startedFrom));
  if (startedBefore !== undefined) all.push(rows("startedAt", "<", startedBefore));
  if (userId !== undefined)
    all.push(
      sql<SqlBool>`(call_id = any(${[...liveCallIds]}::text[])
        or exists (select 1 from calls where calls.id = recordings.call_id and calls.user_ids @> ${[userId]}::text[]))`,
    );
  return all;
}

type Change = {
  readonly id: string;
  readonly state: RecordingState;
  readonly ended_at?: number;
  readonly end_reason?: string;
  readonly duration_ms?: number;
};
type Row = Change & {
  readonly account_id: string;
  readonly call_id: string;
  readonly party_id: string;
  readonly started_by?: string;
  readonly format: string;
  readonly channels: number;
  readonly hears: string;
  readonly started_at: number;
};

/** What the events of these records say of recordings. Those that an earlier release began have no id of their own, and no row. */
export async function shipRecordings(db: Database, records: readonly ShippedRecord[]): Promise<void> {
  const begun = new Map<string, Row>();
  const changed = new Map<string, Change>();
  for (const { streams } of records) {
    for (const { accountId, callId, events } of streams) {
      for (const event of events) {
        const change = changeOf(event);
        if (change === undefined || !isId(change.id)) continue;
        const row = begun.get(change.id);
        if (event.kind === "recording.begun") begun.set(change.id, { ...rowOf(accountId, callId, event), ...change });
        else if (row !== undefined) begun.set(change.id, { ...row, ...change });
        else changed.set(change.id, { ...changed.get(change.id), ...change });
      }
    }
  }
  if (begun.size > 0) await insertRows(db, [...begun.values()]);
  if (changed.size > 0) await changeRows(db, [...changed.values()]);
}

function changeOf(event: CallEvent): Change | undefined {
  switch (event.kind) {
    case "recording.begun":
    case "recording.resumed":
      return { id: event.recordingId, state: "recording" };
    case "recording.paused":
      return { id: event.recordingId, state: "paused" };
    case "recording.ended": {
      const { recordingId: id, at, reason, durationMs } = event;
      return { id, state: "finishing", ended_at: at, end_reason: reason, duration_ms: durationMs };
    }
    default:
      return undefined;
  }
}

function rowOf(accountId: string, callId: string, event: Extract<CallEvent, { kind: "recording.begun" }>): Omit<Row, "id" | "state"> {
  const { partyId, by, format = "wav", channels = 1, hears, at } = event;
  return {
    account_id: accountId,
    call_id: callId,
    party_id: partyId,
    ...(by !== undefined && { started_by: by }),
    format,
    channels: hears === "both" ? channels : 1,
    hears,
    started_at: at,
  };
}

async function insertRows(db: Database, rows: readonly Row[]): Promise<void> {
  await sql`
    insert into recordings (id, account_id, call_id, party_id, state, is_unfinished, started_by, format, channels, hears, started_at,
      ended_at, end_reason, duration_ms)
    select id, account_id, call_id, party_id, state, state = 'finishing', started_by, format, channels, hears, started_at,
      ended_at, end_reason, duration_ms
    from json_to_recordset(${JSON.stringify(rows)}::json) as row (
      id text, account_id text, call_id text, party_id text, state text, started_by text, format text, channels integer, hears text,
      started_at bigint, ended_at bigint, end_reason text, duration_ms bigint)
    on conflict (id) do nothing`.execute(db);
}

async function changeRows(db: Database, rows: readonly Change[]): Promise<void> {
  await sql`
    update recordings set state = row.state, is_unfinished = row.state = 'finishing', ended_at = row.ended_at, end_reason = row.end_reason,
      duration_ms = row.duration_ms
    from json_to_recordset(${JSON.stringify(rows)}::json) as row (
      id text, state text, ended_at bigint, end_reason text, duration_ms bigint)
    where recordings.id = row.id and recordings.state in ('recording', 'paused')`.execute(db);
}
