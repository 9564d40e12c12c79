/** Requests that are owed, until they are delivered or given up. */
import { sql } from "kysely";
import type { OutboxItem } from "../calls/index.ts";
import type { DueQuery, OutboxStore, OwedItem } from "../webhooks/index.ts";
import type { Database } from "./database.ts";

export class StoredOutbox implements OutboxStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async due({ now, limit, exceptKeys, exceptHosts }: DueQuery): Promise<readonly OwedItem[]> {
    return await this.#db
      .selectFrom("outbox as item")
      .select(["id", "accountId", "key", "url", "host", "body", "attempts"])
      .where("dueAt", "<=", now)
      .where(sql<boolean>`item.key <> all(${[...exceptKeys]}::text[])`)
      .where(sql<boolean>`item.host <> all(${[...exceptHosts]}::text[])`)
      .where(sql<boolean>`not exists (select 1 from outbox earlier
        where earlier.key = item.key and (earlier.position, earlier.index) < (item.position, item.index))`)
      .orderBy("dueAt")
      .orderBy("position")
      .orderBy("index")
      .limit(limit)
      .execute();
  }

  async settle(id: string): Promise<void> {
    await this.#db.deleteFrom("outbox").where("id", "=", id).execute();
  }

  async postpone(id: string, key: string, until: number): Promise<void> {
    await sql`
      update outbox set due_at = greatest(due_at, ${until}::bigint), attempts = attempts + case when id = ${id} then 1 else 0 end
      where key = ${key}`.execute(this.#db);
  }
}

type ShippedItem = { readonly position: number; readonly item: OutboxItem };

/** A repeat of an item that is here already changes nothing. */
export async function insertOutbox(db: Database, shipped: readonly ShippedItem[]): Promise<void> {
  const rows = shipped.map(({ position, item: { id, accountId, key, url, body, notBefore = 0 } }, index) => ({
    id,
    account_id: accountId,
    key,
    position,
    index,
    url,
    host: URL.parse(url)?.host ?? "",
    body: JSON.stringify(body),
    due_at: notBefore,
  }));
  await sql`
    insert into outbox (id, account_id, key, position, index, url, host, body, attempts, due_at)
    select id, account_id, key, position, index, url, host, body::json, 0, due_at
    from json_to_recordset(${JSON.stringify(rows)}::json) as row (
      id text, account_id text, key text, position bigint, index integer, url text, host text, body text, due_at bigint)
    on conflict (id) do nothing`.execute(db);
}
