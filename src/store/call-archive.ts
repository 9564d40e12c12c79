/** Takes what the journal ships: ended calls and events, with the cursor in the same transaction, so that each record arrives once. */
import { sql } from "kysely";
import type { Call, CallArchive, ShippedRecord, ShippingBatch } from "../calls/index.ts";
import type { Database } from "./database.ts";
import { insertOutbox } from "./outbox.ts";
import { shipRecordings } from "./recordings.ts";

export class StoredArchive implements CallArchive {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async cursor(): Promise<number> {
    const { cursor } = await this.#db.selectFrom("shipping").select("cursor").executeTakeFirstOrThrow();
    return cursor;
  }

  async ship({ cursor, records, calls }: ShippingBatch): Promise<void> {
    await this.#db.transaction().execute(async (transaction) => {
      const { cursor: former } = await transaction.selectFrom("shipping").select("cursor").forUpdate().executeTakeFirstOrThrow();
      // A commit whose answer was lost: the batch is here.
      if (former >= cursor) return;
      const fresh = records.filter(({ position }) => position > former);
      await insertEvents(transaction, fresh);
      await shipRecordings(transaction, fresh);
      if (calls.length > 0) await insertCalls(transaction, calls);
      const owed = fresh.flatMap(({ position, outbox = [] }) => outbox.map((item) => ({ position, item })));
      if (owed.length > 0) await insertOutbox(transaction, owed);
      await transaction.updateTable("shipping").set({ cursor }).execute();
    });
  }
}

async function insertEvents(db: Database, records: readonly ShippedRecord[]): Promise<void> {
  const accountIds: string[] = [];
  const positions: number[] = [];
  const indexes: number[] = [];
  const callIds: string[] = [];
  const times: number[] = [];
  const events: string[] = [];
  for (const { position, at, streams } of records) {
    let index = 0;
    for (const part of streams) {
      for (const event of part.events) {
        accountIds.push(part.accountId);
        positions.push(position);
        indexes.push(index++);
        callIds.push(part.callId);
        times.push("at" in event ? event.at : at);
        events.push(JSON.stringify(event));
      }
    }
  }
  if (events.length === 0) return;
  await sql`
    insert into call_events (account_id, position, index, call_id, at, event)
    select * from unnest(
      ${texts(accountIds)},
      ${numbers(positions)},
      ${numbers(indexes)}::int[],
      ${texts(callIds)},
      ${numbers(times)},
      ${texts(events)}::json[])`.execute(db);
}

async function insertCalls(db: Database, calls: readonly Call[]): Promise<void> {
  await sql`
    insert into calls (id, account_id, created_at, ended_at, direction, from_number, to_number, user_ids, result, state)
    select id, account_id, created_at, ended_at, direction, from_number, to_number, string_to_array(user_ids, ','), result, state from unnest(
      ${texts(calls.map(({ id }) => id))},
      ${texts(calls.map(({ accountId }) => accountId))},
      ${numbers(calls.map(({ createdAt }) => createdAt))},
      ${numbers(calls.map(({ endedAt, changedAt }) => endedAt ?? changedAt))},
      ${texts(calls.map(({ direction }) => direction))},
      ${texts(calls.map(({ from }) => plain(from)))},
      ${texts(calls.map(({ to }) => plain(to)))},
      ${texts(calls.map((call) => usersOf(call).join(",")))},
      ${texts(calls.map(({ outcome }) => outcome?.result ?? "failed"))},
      ${texts(calls.map((call) => JSON.stringify(call)))}::json[])
      as call (id, account_id, created_at, ended_at, direction, from_number, to_number, user_ids, result, state)
    on conflict (id) do nothing`.execute(db);
}

/**
 * A column of many rows as one text, a line for each: that costs both sides least (measured against array literals and JSON rows). The
 * first line is empty and left out again, since no lines and one empty line would look alike.
 */
function texts(lines: readonly string[]) {
  return sql`(string_to_array(${`\n${lines.join("\n")}`}, chr(10)))[2:]`;
}

function numbers(values: readonly number[]) {
  return sql`${`{${values.join(",")}}`}::bigint[]`;
}

/** What came from the network may hold characters that PostgreSQL does not store, or that separate lines here. */
function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, " ");
}

/** Who created the call or was in it. */
function usersOf(call: Call): readonly string[] {
  const inside = Object.values(call.parties).flatMap(({ address }) => (address.kind === "user" ? [address.userId] : []));
  return [...new Set("by" in call.origin ? [call.origin.by, ...inside] : inside)];
}
