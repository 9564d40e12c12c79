import { openDataDirectory } from "../../../src/store/data-directory.ts";
import { type Database, openDatabase } from "../../../src/store/database.ts";
import { openStore, type Store } from "../../../src/store/open-store.ts";
import { type Logger, silentLogger, systemClock } from "../../../src/kernel/index.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

export type TestStore = AsyncDisposable & {
  readonly store: Store;
  readonly path: string;
  readonly secret: Uint8Array;
  /** Another pool of connections to its database; closed with the store. */
  connect(options?: { readonly statementMs?: number }): Database;
};

/** A store with a PostgreSQL server of its own in a temporary directory; disposing ends the server and removes the directory. */
export async function openTestStore(logger: Logger = silentLogger): Promise<TestStore> {
  await using undo = new AsyncDisposableStack();
  const directory = undo.use(temporaryDirectory());
  const clock = systemClock();
  const data = await openDataDirectory(directory.path, clock);
  undo.defer(() => data.close());
  const store = await openStore({ data, clock, logger, syncs: false });
  undo.defer(() => store.close());
  const owned = undo.move();
  const connect: TestStore["connect"] = ({ statementMs = 4000 } = {}) => {
    const { server } = store;
    if (server === undefined) throw new Error("the test store has a server");
    const db = openDatabase({ connection: server.connection, size: 2, statementMs, logger: silentLogger });
    owned.defer(() => db.destroy());
    return db;
  };
  return { store, path: directory.path, secret: data.secret, connect, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
