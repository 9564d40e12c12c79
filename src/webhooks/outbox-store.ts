import type { OutboxItem } from "../calls/index.ts";

/** An item that is due. `host` is that of its URL, with the port; `attempts` counts those that failed. */
export type OwedItem = Pick<OutboxItem, "id" | "accountId" | "key" | "url" | "body"> & { readonly host: string; readonly attempts: number };

export type DueQuery = {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly limit: number;
  /** Keys of which an item is under way. */
  readonly exceptKeys: readonly string[];
  /** Hosts that have enough to do. */
  readonly exceptHosts: readonly string[];
};

/** Where items are kept until they are delivered; the store implements it. */
export type OutboxStore = {
  /** Of each key the first item, when it is due; those that have been due for longest. */
  due(query: DueQuery): Promise<readonly OwedItem[]>;
  /** Delivered or given up: the next one of its key is the first. */
  settle(id: string): Promise<void>;
  /** An attempt failed: this item, and so all of its key, waits until then. */
  postpone(id: string, key: string, until: number): Promise<void>;
};
