import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestStore, type TestStore } from "../../test/support/store/open-test-store.ts";
import { itemOf, outboxStoreCase } from "../../test/support/webhooks/outbox-store.case.ts";
import type { OutboxItem, ShippedRecord } from "../calls/index.ts";
import type { Database } from "./database.ts";

let opened: TestStore;
let db: Database;
let cursor = 0;
beforeAll(async () => {
  opened = await openTestStore();
  db = opened.connect();
});
afterAll(async () => {
  await opened[Symbol.asyncDispose]();
});

/** One record with these items, shipped. */
async function add(items: readonly OutboxItem[]): Promise<void> {
  cursor += 1;
  await opened.store.archive.ship({ cursor, records: [owing(cursor, items)], calls: [] });
}

const owing = (position: number, outbox: readonly OutboxItem[]): ShippedRecord => ({ position, at: 0, streams: [], outbox });

describe("as every outbox", () => {
  outboxStoreCase(async () => {
    await db.deleteFrom("outbox").execute();
    return { store: opened.store.outbox, add };
  });
});

const ids = async () => (await db.selectFrom("outbox").select("id").orderBy("position").orderBy("index").execute()).map(({ id }) => id);

test("a batch whose answer was lost puts nothing in again, not even what was delivered meanwhile", async () => {
  await db.deleteFrom("outbox").execute();
  await add([itemOf("a"), itemOf("b")]);
  await opened.store.outbox.settle("a");
  const again = owing(cursor, [itemOf("a"), itemOf("b")]);
  await opened.store.archive.ship({ cursor, records: [again], calls: [] });
  cursor += 1;
  await opened.store.archive.ship({ cursor, records: [again, owing(cursor, [itemOf("c")])], calls: [] });
  expect(await ids()).toEqual(["b", "c"]);
});

test("items come in the transaction of their records, or not at all", async () => {
  await db.deleteFrom("outbox").execute();
  const broken = owing(cursor + 1, [itemOf("x", { key: "no\u0000text" })]);
  await expect(opened.store.archive.ship({ cursor: cursor + 1, records: [broken], calls: [] })).rejects.toThrow();
  expect([await ids(), await opened.store.archive.cursor()]).toEqual([[], cursor]);
});
