/** What every OutboxStore does. */
import { expect, test } from "vitest";
import type { OutboxItem } from "../../../src/calls/index.ts";
import type { DueQuery, OutboxStore } from "../../../src/webhooks/index.ts";

/** `add` puts items in as shipping does, in their order. Each test uses an empty outbox. */
export type OutboxUnderTest = { readonly store: OutboxStore; readonly add: (items: readonly OutboxItem[]) => Promise<void> };

export function itemOf(id: string, changes: Partial<OutboxItem> = {}): OutboxItem {
  return { id, accountId: "acme", key: "k", url: "https://app.example:8443/x?token=t", body: { id, text: 'é " \\ \n' }, ...changes };
}

async function ids({ store }: OutboxUnderTest, now = 1000, more: Partial<DueQuery> = {}): Promise<readonly string[]> {
  const due = await store.due({ now, limit: 100, exceptKeys: [], exceptHosts: [], ...more });
  return due.map(({ id }) => id);
}

export function outboxStoreCase(open: () => Promise<OutboxUnderTest>): void {
  test("an item is given as it came, with its host and how often it failed", async () => {
    const outbox = await open();
    await outbox.add([itemOf("a", { body: { deep: [1, null, { x: "y" }] } })]);
    expect(await outbox.store.due({ now: 0, limit: 1, exceptKeys: [], exceptHosts: [] })).toEqual([
      {
        id: "a",
        accountId: "acme",
        key: "k",
        url: "https://app.example:8443/x?token=t",
        host: "app.example:8443",
        body: { deep: [1, null, { x: "y" }] },
        attempts: 0,
      },
    ]);
  });

  test("of a key only the first is due; the next one when that is settled", async () => {
    const outbox = await open();
    await outbox.add([itemOf("a"), itemOf("b"), itemOf("other", { key: "k2" })]);
    await outbox.add([itemOf("c")]);
    const order: string[] = [];
    for (let first = "a"; first !== ""; ) {
      const due = await ids(outbox);
      expect(due.filter((id) => id !== "other")).toEqual([first]);
      order.push(first);
      await outbox.store.settle(first);
      first = (await ids(outbox)).find((id) => id !== "other") ?? "";
    }
    expect(order).toEqual(["a", "b", "c"]);
  });

  test("what is postponed holds up its key and no other", async () => {
    const outbox = await open();
    await outbox.add([itemOf("a"), itemOf("b"), itemOf("other", { key: "k2" })]);
    await outbox.store.postpone("a", "k", 5000);
    expect(await ids(outbox, 4999)).toEqual(["other"]);
    expect((await ids(outbox, 5000)).toSorted()).toEqual(["a", "other"]);
    const due = await outbox.store.due({ now: 5000, limit: 9, exceptKeys: ["k2"], exceptHosts: [] });
    expect(due).toMatchObject([{ id: "a", attempts: 1 }]);
    await outbox.store.settle("a");
    expect(await outbox.store.due({ now: 5000, limit: 9, exceptKeys: ["k2"], exceptHosts: [] })).toMatchObject([{ id: "b", attempts: 0 }]);
  });

  test("an item that is not to go before a time waits for it, and what is behind it too", async () => {
    const outbox = await open();
    await outbox.add([itemOf("a", { notBefore: 2000 }), itemOf("b")]);
    expect(await ids(outbox, 1999)).toEqual([]);
    expect(await ids(outbox, 2000)).toEqual(["a"]);
  });

  test("keys and hosts that have enough to do are left out, and no more come than wanted", async () => {
    const outbox = await open();
    await outbox.add([
      itemOf("a", { key: "1", url: "http://one.example/" }),
      itemOf("b", { key: "2", url: "http://two.example/" }),
      itemOf("c", { key: "3", url: "http://one.example/" }),
    ]);
    expect((await ids(outbox, 1000, { exceptHosts: ["one.example"] })).toSorted()).toEqual(["b"]);
    expect((await ids(outbox, 1000, { exceptKeys: ["1", "2"] })).toSorted()).toEqual(["c"]);
    expect(await ids(outbox, 1000, { limit: 2 })).toHaveLength(2);
  });

  test("an item that is there already is not there twice", async () => {
    const outbox = await open();
    await outbox.add([itemOf("a"), itemOf("b")]);
    await outbox.add([itemOf("a")]);
    await outbox.store.settle("a");
    expect(await ids(outbox)).toEqual(["b"]);
  });
}
