/** Copies of records of values by id, which is how a call holds its parts. */

export type ById<T> = Readonly<Record<string, T>>;

export function mapValues<T>(record: ById<T>, change: (value: T) => T): ById<T> {
  const result: Record<string, T> = {};
  for (const [id, value] of Object.entries(record)) result[id] = change(value);
  return result;
}

/** The record with one value changed; unchanged when there is none with that id. */
export function changeValue<T>(record: ById<T>, id: string, change: (value: T) => T): ById<T> {
  const value = record[id];
  return value === undefined ? record : { ...record, [id]: change(value) };
}

/** `value` without some of its optional members. Not by `delete`: copies of such an object cost more than twice as much. */
export function without<T extends object, K extends keyof T>(value: T, ...keys: readonly K[]): Omit<T, K> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !(keys as readonly string[]).includes(key))) as Omit<T, K>;
}
