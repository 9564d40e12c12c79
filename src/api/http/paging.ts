/** Lists in pages: `limit` and an opaque `cursor`, answered by `items` and `nextCursor`. */
import { apiRefusal } from "./errors.ts";

export const pageLimit = { least: 1, most: 200, usual: 25 } as const;

export type Paging = { readonly limit?: number | undefined; readonly cursor?: string | undefined };

export type Page<T> = { readonly items: readonly T[]; readonly nextCursor: string | null };

/** A cursor for what comes after the entry that `mark` names. Its form is ours to change, so it is not readable at a glance. */
export function formatCursor(mark: string): string {
  return Buffer.from(`1:${mark}`).toString("base64url");
}

/** Throws API_MEMBER_INVALID. */
export function parseCursor(cursor: string): string {
  const text = Buffer.from(cursor, "base64url").toString("utf8");
  if (!text.startsWith("1:")) {
    const message = "must be a nextCursor that an earlier page gave";
    throw apiRefusal("API_MEMBER_INVALID", { errors: [{ path: "cursor", message }] });
  }
  return text.slice(2);
}

/**
 * One page of rows that are oldest first. The cursor names the last row's time and id, so it stays good when that row is removed, and rows
 * added meanwhile come later.
 */
export function pageOfRows<T extends { readonly id: string; readonly createdAt: number }>(rows: readonly T[], paging: Paging): Page<T> {
  const after = paging.cursor === undefined ? undefined : parseCursor(paging.cursor);
  const limit = paging.limit ?? pageLimit.usual;
  const start = after === undefined ? 0 : rows.findIndex((row) => markOf(row) > after);
  const items = start < 0 ? [] : rows.slice(start, start + limit);
  const last = items.at(-1);
  const more = start >= 0 && start + limit < rows.length;
  return { items, nextCursor: more && last !== undefined ? formatCursor(markOf(last)) : null };
}

function markOf(row: { readonly id: string; readonly createdAt: number }): string {
  return `${String(row.createdAt).padStart(15, "0")} ${row.id}`;
}
