/** Finished calls and past events, by account. */
import { type ExpressionBuilder, type SqlBool, sql } from "kysely";
import type { Call, CallEventEnvelope, CallFilter, CallHistory, CallList, CallPage } from "../calls/index.ts";
import { answered, type Database } from "./database.ts";
import type { Tables } from "./schema.ts";

/** Throws STORE_UNAVAILABLE when the database is away or a question takes too long. */
export class StoredHistory implements CallHistory {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async get(accountId: string, callId: string): Promise<Call | undefined> {
    const query = this.#db.selectFrom("calls").select("state").where("accountId", "=", accountId).where("id", "=", callId);
    const row = await answered(query.executeTakeFirst());
    return row && stateOf(row);
  }

  async list(accountId: string, filter: CallFilter, page: CallPage): Promise<CallList> {
    if (filter.live === true) return { items: [], more: false, ...(page.total === true ? { total: 0 } : {}) };
    const direction = page.order === "oldest" ? "asc" : "desc";
    let query = this.#db
      .selectFrom("calls")
      .select("state")
      .where((calls) => filtered(calls, accountId, filter))
      .orderBy("createdAt", direction)
      .orderBy("id", direction)
      .limit(page.limit + 1);
    if (page.offset !== undefined) query = query.offset(page.offset);
    if (page.before !== undefined) query = query.where(beyond(accountId, page.before, direction));
    const rows = await answered(query.execute());
    const items = rows.slice(0, page.limit).map(stateOf);
    const total = page.total === true ? { total: await this.#count(accountId, filter) } : {};
    return { items, more: rows.length > page.limit, ...total };
  }

  /** As many more than `limit` as complete the last record: the next question goes by position. */
  async events(accountId: string, afterPosition: number, limit: number): Promise<readonly CallEventEnvelope[] | undefined> {
    const { prunedTo } = await answered(this.#db.selectFrom("shipping").select("prunedTo").executeTakeFirstOrThrow());
    if (afterPosition < prunedTo) return undefined;
    const mine = this.#db
      .selectFrom("callEvents")
      .where("accountId", "=", accountId)
      .where("position", ">", afterPosition)
      .orderBy("position")
      .orderBy("index");
    const rows = await answered(mine.selectAll().limit(limit).execute());
    const last = rows.at(-1);
    if (rows.length === limit && last !== undefined) {
      rows.push(...(await answered(mine.selectAll().where("position", "=", last.position).where("index", ">", last.index).execute())));
    }
    return rows.map(({ position, index, callId, at, event }) => ({ id: `${position}.${index}`, accountId, callId, at, event }));
  }

  async #count(accountId: string, filter: CallFilter): Promise<number> {
    const query = this.#db
      .selectFrom("calls")
      .select((calls) => calls.fn.countAll<number>().as("total"))
      .where((calls) => filtered(calls, accountId, filter));
    return (await answered(query.executeTakeFirstOrThrow())).total;
  }
}

/** What a later release added, with the value it had before. */
function stateOf({ state }: { readonly state: Call }): Call {
  return { ...state, userData: state.userData ?? {} };
}

function filtered(calls: ExpressionBuilder<Tables, "calls">, accountId: string, filter: CallFilter) {
  const conditions = [calls("accountId", "=", accountId)];
  if (filter.ids !== undefined) conditions.push(calls("id", "=", sql<string>`any(${filter.ids})`));
  if (filter.userId !== undefined) conditions.push(calls("userIds", "@>", sql<string[]>`${[filter.userId]}::text[]`));
  if (filter.createdFrom !== undefined) conditions.push(calls("createdAt", ">=", filter.createdFrom));
  if (filter.createdBefore !== undefined) conditions.push(calls("createdAt", "<", filter.createdBefore));
  if (filter.from !== undefined) conditions.push(calls(sql<number>`strpos(from_number, ${filter.from})`, ">", 0));
  if (filter.to !== undefined) conditions.push(calls(sql<number>`strpos(to_number, ${filter.to})`, ">", 0));
  return calls.and(conditions);
}

/**
 * What comes after the call `before` in the order of the page. That call may be live, so unknown here: its id then says when it was
 * created, as ids begin with 12 hex digits of epoch milliseconds.
 */
function beyond(accountId: string, before: string, direction: "asc" | "desc") {
  const createdAt = Number.parseInt(before.slice(0, 12), 16) || 0;
  const cursor = sql`(coalesce((select created_at from calls where account_id = ${accountId} and id = ${before}), ${createdAt}), ${before})`;
  return direction === "desc" ? sql<SqlBool>`(created_at, id) < ${cursor}` : sql<SqlBool>`(created_at, id) > ${cursor}`;
}
