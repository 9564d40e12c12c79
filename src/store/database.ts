/** The connection to PostgreSQL: pools, time limits, and what an error means. */
import { CamelCasePlugin, Kysely, PostgresDialect } from "kysely";
import { DatabaseError, Pool, types } from "pg";
import type { Logger } from "../kernel/index.ts";
import { storeRefusal } from "./errors.ts";
import type { Tables } from "./schema.ts";

export type Database = Kysely<Tables>;

export type Connection =
  | { readonly connectionString: string }
  | { readonly host: string; readonly user: string; readonly database: string };

export type DatabaseOptions = {
  readonly connection: Connection;
  readonly size: number;
  /** How long a statement may take, in the server and, a little longer, as seen from here. */
  readonly statementMs: number;
  readonly logger: Logger;
};

const connectWithinMs = 2000;
const bigintOid: number = types.builtins.INT8;

/** Opens a pool; connections are made when they are needed. The owner calls `destroy()`. */
export function openDatabase({ connection, size, statementMs, logger }: DatabaseOptions): Database {
  const pool = new Pool({
    ...connection,
    max: size,
    connectionTimeoutMillis: connectWithinMs,
    statement_timeout: statementMs,
    query_timeout: statementMs + 1000,
    keepAlive: true,
    application_name: "callwright",
    types: { getTypeParser: parserOf },
  });
  // A connection may break while nobody uses it, or between two statements of a transaction: the first is for the pool to mend, in the
  // second case the next statement fails. Without listeners either would end the process.
  const lost = (error: Error) => logger.debug({ error: String(error) }, "A database connection was lost.");
  pool.on("error", lost);
  pool.on("connect", (client) => client.on("error", lost));
  return new Kysely<Tables>({
    dialect: new PostgresDialect({ pool }),
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  });
}

/** bigint columns hold milliseconds and positions, both below 2^53; `pg` would give them as text. */
function parserOf(oid: number, format?: "text" | "binary"): unknown {
  if (oid === bigintOid) return Number;
  return types.getTypeParser(oid, format === "binary" ? "text" : format);
}

/**
 * True when an error says that the database is away, too busy or too slow, and so the same statement may succeed later. SQLSTATE classes
 * 08 connection, 53 resources, 57 operator intervention (shutdown, time limit), 58 system.
 */
export function isAway(error: unknown): boolean {
  if (error instanceof DatabaseError) return /^(08|53|57|58)/.test(error.code ?? "");
  // Errors of sockets and of `pg` itself (its time limits, a connection that ended) have no SQLSTATE.
  return (
    error instanceof Error &&
    ("syscall" in error || /timeout|timed out|Connection terminated|Client has encountered|not queryable/i.test(error.message))
  );
}

/** The violated constraint, when the error is one of integrity (class 23). */
export function violationOf(error: unknown): { readonly kind: "unique" | "reference"; readonly constraint: string } | undefined {
  if (!(error instanceof DatabaseError)) return undefined;
  if (error.code === "23505") return { kind: "unique", constraint: error.constraint ?? "" };
  if (error.code === "23503") return { kind: "reference", constraint: error.constraint ?? "" };
  return undefined;
}

/** Throws STORE_UNAVAILABLE when the database is away or the question took too long. */
export async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw isAway(cause) ? storeRefusal("STORE_UNAVAILABLE", {}, { cause }) : cause;
  }
}
