/** Rows by a key that several may share; null is not indexed. Within a key, rows keep the order in which they came. */
export class RowIndex<T extends { readonly id: string }> {
  readonly #keyOf: (row: T) => string | null;
  readonly #rows = new Map<string, Map<string, T>>();

  constructor(keyOf: (row: T) => string | null) {
    this.#keyOf = keyOf;
  }

  get(key: string): readonly T[] {
    return [...(this.#rows.get(key)?.values() ?? [])];
  }

  first(key: string): T | undefined {
    return this.#rows.get(key)?.values().next().value;
  }

  put(row: T, former?: T): void {
    const key = this.#keyOf(row);
    if (former !== undefined && this.#keyOf(former) !== key) this.drop(former);
    if (key === null) return;
    const rows = this.#rows.get(key);
    if (rows === undefined) this.#rows.set(key, new Map([[row.id, row]]));
    else rows.set(row.id, row);
  }

  drop(row: T): void {
    const key = this.#keyOf(row);
    const rows = key === null ? undefined : this.#rows.get(key);
    rows?.delete(row.id);
    if (key !== null && rows?.size === 0) this.#rows.delete(key);
  }
}
