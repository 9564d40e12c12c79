import { sql } from "kysely";
import { expect, test } from "vitest";
import { endedCall, exampleId } from "../../test/support/store/example-calls.ts";
import { openTestStore } from "../../test/support/store/open-test-store.ts";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { eventually } from "../../test/support/waiting.ts";
import { type CallwrightError, silentLogger, systemClock } from "../kernel/index.ts";
import { openDataDirectory } from "./data-directory.ts";
import { openDatabase } from "./database.ts";
import { openStore } from "./open-store.ts";
import { startPostgresServer } from "./postgres-server.ts";

const clock = systemClock();
const account = (id: string) => ({ id, name: id, createdAt: 1, updatedAt: 1 });
const call = endedCall(exampleId(1_700_000_000_000, 1), "a");

function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "done",
    (error: CallwrightError) => error.code,
  );
}

test("while the database is away, reads from memory go on and everything else is refused at once", async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  const { directory, history, archive, server } = store;
  await directory.accounts.insert(account("a"));
  expect(await store.ping()).toBeGreaterThanOrEqual(0);
  await server?.stop();

  expect(directory.accounts.get("a")).toEqual(account("a"));
  expect(await codeOf(directory.accounts.insert(account("b")))).toBe("DIRECTORY_UNAVAILABLE");
  expect(directory.accounts.get("b")).toBeUndefined();
  expect(await codeOf(history.get("a", call.id))).toBe("STORE_UNAVAILABLE");
  expect(await codeOf(history.list("a", {}, { limit: 1 }))).toBe("STORE_UNAVAILABLE");
  expect(await codeOf(history.events("a", 0, 1))).toBe("STORE_UNAVAILABLE");
  expect(await codeOf(store.ping())).toBe("STORE_UNAVAILABLE");
  await expect(archive.ship({ cursor: 1, records: [], calls: [call] })).rejects.toThrow();
});

test("after the database was killed, the same store works again by itself", async () => {
  await using opened = await openTestStore();
  const { directory, history, archive, server } = opened.store;
  await directory.accounts.insert(account("a"));
  const killed = server?.pid ?? 0;
  process.kill(killed, "SIGKILL");
  await eventually("another server runs", () => server?.pid !== undefined && server.pid !== killed);
  await eventually(
    "the archive takes a batch",
    async () => (await codeOf(archive.ship({ cursor: 5, records: [], calls: [call] }))) === "done",
  );
  await eventually("the directory takes a row", async () =>
    ["done", "DIRECTORY_DUPLICATE"].includes(await codeOf(directory.accounts.insert(account("b")))),
  );
  expect(directory.accounts.list().map(({ id }) => id)).toEqual(["a", "b"]);
  expect(await history.get("a", call.id)).toEqual(call);
  expect(await archive.cursor()).toBe(5);
});

test("after a write with an unknown outcome, the next one first reads what the database has", async () => {
  await using opened = await openTestStore();
  const { directory, server } = opened.store;
  if (server === undefined) throw new Error("the test store has a server");
  await directory.accounts.insert(account("a"));
  await server.stop();
  expect(await codeOf(directory.accounts.insert(account("b")))).toBe("DIRECTORY_UNAVAILABLE");

  await using undo = new AsyncDisposableStack();
  const again = await startPostgresServer({ dataDirectory: opened.path, clock, logger: silentLogger, syncs: false });
  undo.defer(() => again.stop());
  const db = openDatabase({ connection: again.connection, size: 1, statementMs: 4000, logger: silentLogger });
  undo.defer(() => db.destroy());
  // As if the insert had been committed and its answer lost.
  await sql`insert into accounts (id, name, created_at, updated_at) values ('b', 'b', 1, 1)`.execute(db);
  await directory.accounts.insert(account("c"));
  expect(directory.accounts.list().map(({ id }) => id)).toEqual(["a", "b", "c"]);
});

test("a database of somebody else's is used as it is, twice, and not stopped", async () => {
  await using opened = await openTestStore();
  const { server } = opened.store;
  if (server === undefined) throw new Error("the test store has a server");
  const { host, user, database } = server.connection;
  const databaseUrl = `postgres://${user}@localhost/${database}?host=${encodeURIComponent(host)}`;
  using directory = temporaryDirectory();
  await using undo = new AsyncDisposableStack();
  const data = await openDataDirectory(directory.path, clock);
  undo.defer(() => data.close());
  const stores = await Promise.all([1, 2].map(() => openStore({ data, databaseUrl, clock, logger: silentLogger })));
  for (const store of stores) undo.defer(() => store.close());
  expect(stores.map((store) => store.server)).toEqual([undefined, undefined]);
  await stores[0]?.directory.accounts.insert(account("shared"));
  await undo.disposeAsync();
  expect(await opened.store.ping()).toBeGreaterThanOrEqual(0);
});

test("a database that cannot be reached is told with where it was looked for", async () => {
  using directory = temporaryDirectory();
  await using undo = new AsyncDisposableStack();
  const data = await openDataDirectory(directory.path, clock);
  undo.defer(() => data.close());
  const databaseUrl = `postgres://nobody@localhost/none?host=${encodeURIComponent(directory.path)}`;
  await expect(openStore({ data, databaseUrl, clock, logger: silentLogger })).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    message: expect.stringContaining("DATABASE_URL") as string,
  });
});
