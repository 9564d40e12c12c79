export { createWebhooks, type Webhooks } from "./deliveries.ts";
export type { DueQuery, OutboxStore, OwedItem } from "./outbox-store.ts";
