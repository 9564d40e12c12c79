/** One table of the directory, whole in memory. It changes after the database has committed, never before. */
import { type RawBuilder, sql } from "kysely";
import { directoryRefusal, type Rows } from "../directory/index.ts";
import type { DirectoryWrites } from "./directory-writes.ts";
import { RowIndex } from "./row-index.ts";

export type Row = { readonly id: string; readonly accountId: string; readonly createdAt: number };

/** How a row is written; columns have the names of its members in snake case. */
export type TableShape<T> = {
  readonly table: string;
  readonly columns: readonly (keyof T & string)[];
  /** Values of columns that are not stored as they are. */
  readonly encode?: (row: T) => { readonly [K in keyof T]?: unknown };
  readonly decode?: (columns: Readonly<Record<string, unknown>>) => T;
};

export class MemoryTable<T extends Row> implements Rows<T> {
  readonly shape: TableShape<T>;
  readonly #writes: DirectoryWrites;
  readonly #rows = new Map<string, T>();
  readonly #byAccount = new RowIndex<T>((row) => row.accountId);
  readonly #indexes: RowIndex<T>[] = [this.#byAccount];

  constructor(shape: TableShape<T>, writes: DirectoryWrites) {
    this.shape = shape;
    this.#writes = writes;
  }

  /** A further way to find rows. */
  index(keyOf: (row: T) => string | null): RowIndex<T> {
    const index = new RowIndex(keyOf);
    this.#indexes.push(index);
    return index;
  }

  byId(id: string): T | undefined {
    return this.#rows.get(id);
  }

  get(accountId: string, id: string): T | undefined {
    const row = this.#rows.get(id);
    return row?.accountId === accountId ? row : undefined;
  }

  list(accountId: string): readonly T[] {
    return this.#byAccount.get(accountId);
  }

  all(): Iterable<T> {
    return this.#rows.values();
  }

  async insert(row: T): Promise<void> {
    const { table, columns } = this.shape;
    const names = sql.join(columns.map((column) => sql.ref(column)));
    await this.#writes.run(
      (db) => sql`insert into ${sql.table(table)} (${names}) values (${sql.join(this.#values(row))})`.execute(db),
      () => this.remember(row),
    );
  }

  async update(row: T): Promise<void> {
    const { table, columns } = this.shape;
    const values = this.#values(row);
    const changes = columns.flatMap((column, index) =>
      column === "id" || column === "accountId" ? [] : [sql`${sql.ref(column)} = ${values[index]}`],
    );
    await this.#writes.run(
      (db) => sql`update ${sql.table(table)} set ${sql.join(changes)} where id = ${row.id} and account_id = ${row.accountId}`.execute(db),
      ({ numAffectedRows }) => {
        if (numAffectedRows !== 1n) throw directoryRefusal("DIRECTORY_GONE", { id: row.id });
        this.remember(row);
      },
    );
  }

  async remove(accountId: string, id: string): Promise<boolean> {
    return await this.#writes.run(
      (db) => sql`delete from ${sql.table(this.shape.table)} where id = ${id} and account_id = ${accountId}`.execute(db),
      ({ numAffectedRows }) => {
        if (numAffectedRows !== 1n) return false;
        this.forget(id);
        return true;
      },
    );
  }

  remember(row: T): void {
    const former = this.#rows.get(row.id);
    this.#rows.set(row.id, row);
    for (const index of this.#indexes) index.put(row, former);
  }

  forget(id: string): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    this.#rows.delete(id);
    for (const index of this.#indexes) index.drop(row);
  }

  /** Takes the place of everything in memory. */
  replace(rows: readonly T[]): void {
    for (const id of this.#rows.keys()) this.forget(id);
    for (const row of rows) this.remember(row);
  }

  #values(row: T): readonly RawBuilder<unknown>[] {
    const encoded: { readonly [K in keyof T]?: unknown } = this.shape.encode?.(row) ?? {};
    return this.shape.columns.map((column) => sql`${column in encoded ? encoded[column] : row[column]}`);
  }
}
