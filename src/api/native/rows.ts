/** What every list of configured rows shares. */
import type { Rows } from "../../directory/index.ts";
import type { List } from "../contract/answers.ts";
import { apiRefusal } from "../http/errors.ts";
import { type Paging, pageOfRows } from "../http/paging.ts";
import { timeOf } from "./time.ts";

type Row = { readonly id: string; readonly accountId: string; readonly createdAt: number; readonly updatedAt: number };

export function entryOf(row: Row) {
  return { id: row.id, createdAt: timeOf(row.createdAt), updatedAt: timeOf(row.updatedAt) };
}

/** Throws API_RESOURCE_UNKNOWN. */
export function rowOf<T extends Row>(rows: Rows<T>, accountId: string, id: string): T {
  const row = rows.get(accountId, id);
  if (row === undefined) throw apiRefusal("API_RESOURCE_UNKNOWN");
  return row;
}

/** Throws API_RESOURCE_UNKNOWN. */
export async function removeRow<T extends Row>(rows: Rows<T>, accountId: string, id: string): Promise<void> {
  if (!(await rows.remove(accountId, id))) throw apiRefusal("API_RESOURCE_UNKNOWN");
}

export function listRows<T extends Row, View>(rows: Rows<T>, accountId: string, paging: Paging, viewOf: (row: T) => View): List<View> {
  const { items, nextCursor } = pageOfRows(rows.list(accountId), paging);
  return { items: items.map(viewOf), nextCursor };
}

/** Throws API_MEMBER_INVALID when `id` names no row of `rows`. */
export function requireRow<T extends Row>(rows: Rows<T>, accountId: string, id: string, path: string): void {
  if (rows.get(accountId, id) !== undefined) return;
  throw apiRefusal("API_MEMBER_INVALID", { errors: [{ path, message: "names nothing in this account" }] });
}
