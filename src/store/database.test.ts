import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestStore, type TestStore } from "../../test/support/store/open-test-store.ts";
import { type Database, isAway } from "./database.ts";

let opened: TestStore;
let db: Database;
beforeAll(async () => {
  opened = await openTestStore();
  db = opened.connect({ statementMs: 300 });
});
afterAll(async () => {
  await opened[Symbol.asyncDispose]();
});

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test("a connection that breaks between two statements of a transaction fails the transaction and nothing else", async () => {
  const broken = db.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(transaction);
    await sql`select pg_terminate_backend(${rows[0]?.pid}, 2000)`.execute(db);
    await sql`select pg_sleep(0.05)`.execute(db);
    await sql`select 1`.execute(transaction);
  });
  expect(isAway(await failure(broken))).toBe(true);
  expect((await sql<{ one: number }>`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }]);
});

test("a statement that takes too long is ended and counts as away", async () => {
  expect(isAway(await failure(sql`select pg_sleep(5)`.execute(db)))).toBe(true);
});

test("a mistake of ours does not count as away", async () => {
  expect(isAway(await failure(sql`select nonsense`.execute(db)))).toBe(false);
  expect(isAway(new TypeError("x is not a function"))).toBe(false);
});

test("bigint comes as a number", async () => {
  expect((await sql<{ n: number }>`select 9007199254740991::bigint as n`.execute(db)).rows).toEqual([{ n: 9_007_199_254_740_991 }]);
});
