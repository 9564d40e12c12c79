import type { OutboxItem } from "../../../src/calls/index.ts";
import type { DueQuery, OutboxStore, OwedItem } from "../../../src/webhooks/index.ts";

type Row = OwedItem & { dueAt: number; attempts: number };

/** The outbox of a store, in memory. */
export class MemoryOutbox implements OutboxStore {
  /** In order. */
  rows: Row[] = [];
  isAway = false;

  add(items: readonly OutboxItem[]): void {
    for (const { id, accountId, key, url, body, notBefore = 0 } of items) {
      if (this.rows.some((row) => row.id === id)) continue;
      this.rows.push({ id, accountId, key, url, body, host: URL.parse(url)?.host ?? "", attempts: 0, dueAt: notBefore });
    }
  }

  async due({ now, limit, exceptKeys, exceptHosts }: DueQuery): Promise<readonly OwedItem[]> {
    if (this.isAway) throw new Error("away");
    const firsts = [...Map.groupBy(this.rows, ({ key }) => key).values()].flatMap(([first]) => (first === undefined ? [] : [first]));
    return firsts
      .filter(({ dueAt, key, host }) => dueAt <= now && !exceptKeys.includes(key) && !exceptHosts.includes(host))
      .toSorted((a, b) => a.dueAt - b.dueAt)
      .slice(0, limit)
      .map(({ dueAt: _dueAt, ...item }) => item);
  }

  async settle(id: string): Promise<void> {
    if (this.isAway) throw new Error("away");
    this.rows = this.rows.filter((row) => row.id !== id);
  }

  async postpone(id: string, key: string, until: number): Promise<void> {
    if (this.isAway) throw new Error("away");
    for (const row of this.rows) {
      if (row.key === key) row.dueAt = Math.max(row.dueAt, until);
      if (row.id === id) row.attempts += 1;
    }
  }
}
