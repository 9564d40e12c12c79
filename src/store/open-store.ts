/** The store: everything that is kept in PostgreSQL, behind the ports of other layers. */
import { sql } from "kysely";
import type { CallArchive, CallHistory } from "../calls/index.ts";
import type { Directory } from "../directory/index.ts";
import type { Clock, Logger } from "../kernel/index.ts";
import type { AgentStateStore } from "../queues/index.ts";
import type { RecordingStore } from "../recordings/index.ts";
import type { BindingStore } from "../sip/index.ts";
import type { OutboxStore } from "../webhooks/index.ts";
import { PostgresAgentStates } from "./agent-states.ts";
import { StoredBindings } from "./bindings.ts";
import { StoredArchive } from "./call-archive.ts";
import { StoredHistory } from "./call-history.ts";
import type { DataDirectory } from "./data-directory.ts";
import { type Connection, type Database, openDatabase } from "./database.ts";
import { loadDirectory } from "./directory.ts";
import { storeRefusal } from "./errors.ts";
import { EventRetention } from "./event-retention.ts";
import { migrate } from "./migrations.ts";
import { StoredOutbox } from "./outbox.ts";
import { RecordingRows } from "./recordings.ts";
import { type PostgresServer, startPostgresServer } from "./postgres-server.ts";

export type StoreOptions = {
  readonly data: DataDirectory;
  /** A PostgreSQL database elsewhere; without it a local server is started and supervised. */
  readonly databaseUrl?: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Hears, in plain sentences, what takes time at the start. */
  readonly progress?: (message: string) => void;
  /** False in tests: the local server does not sync to the disk. */
  readonly syncs?: boolean;
};

export type Store = {
  readonly directory: Directory;
  readonly history: CallHistory;
  readonly archive: CallArchive;
  readonly bindings: BindingStore;
  readonly agentStates: AgentStateStore;
  readonly outbox: OutboxStore;
  readonly recordings: RecordingStore;
  /** The local server; undefined with a database elsewhere. */
  readonly server: PostgresServer | undefined;
  /** Milliseconds until the database answered. Throws STORE_UNAVAILABLE. */
  ping(): Promise<number>;
  /** Ends connections, then the local server. */
  close(): Promise<void>;
};

/** Ordinary statements are far below; a list over millions of calls may reach it and is refused. */
const statementMs = 4000;
/** Shipping and the directory keep their own connections, so that slow lists do not hold them up. */
const writers = 3;
const readers = 4;
const migrationMs = 600_000;

/** Opens the store: server, schema, directory. Throws STORE_START_FAILED, STORE_NO_POSTGRES or STORE_UNAVAILABLE. */
export async function openStore(options: StoreOptions): Promise<Store> {
  await using undo = new AsyncDisposableStack();
  const server = options.databaseUrl === undefined ? await startServer(options) : undefined;
  if (server !== undefined) undo.defer(() => server.stop());
  const connection: Connection = server?.connection ?? { connectionString: options.databaseUrl ?? "" };
  await bringUpToDate(connection, options);
  const writing = openDatabase({ connection, size: writers, statementMs, logger: options.logger });
  undo.defer(() => writing.destroy());
  const reading = openDatabase({ connection, size: readers, statementMs, logger: options.logger });
  undo.defer(() => reading.destroy());
  const directory = await loadDirectory(writing, options.data.secret, options.logger);
  const retention = new EventRetention(writing, options.clock, options.logger);
  undo.defer(() => retention.stop());
  const owned = undo.move();
  return {
    directory,
    server,
    history: new StoredHistory(reading),
    archive: new StoredArchive(writing),
    bindings: new StoredBindings(writing),
    agentStates: new PostgresAgentStates(writing),
    outbox: new StoredOutbox(writing),
    recordings: new RecordingRows(reading),
    ping: () => ping(reading, options.clock),
    close: () => owned.disposeAsync(),
  };
}

async function startServer({ data, clock, logger, progress, syncs }: StoreOptions): Promise<PostgresServer> {
  return await startPostgresServer({
    dataDirectory: data.path,
    clock,
    logger,
    ...(progress === undefined ? {} : { progress }),
    ...(syncs === undefined ? {} : { syncs }),
  });
}

async function bringUpToDate(connection: Connection, { logger, databaseUrl }: StoreOptions): Promise<void> {
  const db = openDatabase({ connection, size: 1, statementMs: migrationMs, logger });
  try {
    await migrate(db);
  } catch (cause) {
    const where = databaseUrl === undefined ? "the local database server" : "the database of DATABASE_URL";
    const message = `The tables in ${where} could not be prepared: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw storeRefusal("STORE_UNAVAILABLE", { message }, { cause });
  } finally {
    await db.destroy();
  }
}

async function ping(db: Database, clock: Clock): Promise<number> {
  const asked = clock.monotonicMs();
  try {
    await sql`select 1`.execute(db);
  } catch (cause) {
    throw storeRefusal("STORE_UNAVAILABLE", {}, { cause });
  }
  return clock.monotonicMs() - asked;
}
