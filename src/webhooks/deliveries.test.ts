import { afterEach, beforeEach, expect, test } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { eventually } from "../../test/support/waiting.ts";
import { MemoryOutbox } from "../../test/support/webhooks/memory-outbox.ts";
import { itemOf, outboxStoreCase } from "../../test/support/webhooks/outbox-store.case.ts";
import { type Manner, manners, Receiver } from "../../test/support/webhooks/receiver.ts";
import { createHttpClient, type HttpClient } from "../http-client/index.ts";
import { silentLogger } from "../kernel/index.ts";
import { createWebhooks, type Webhooks, type WebhookOptions } from "./deliveries.ts";

outboxStoreCase(async () => {
  const store = new MemoryOutbox();
  return { store, add: async (items) => store.add(items) };
});

let undo: AsyncDisposableStack;
let clock: VirtualClock;
let store: MemoryOutbox;
let receiver: Receiver;
let client: HttpClient;
beforeEach(async () => {
  undo = new AsyncDisposableStack();
  clock = new VirtualClock();
  store = new MemoryOutbox();
  receiver = undo.use(await Receiver.open());
  client = createHttpClient({ clock, allowPrivateUrls: true });
  undo.defer(() => client.close());
});
afterEach(async () => {
  await client.close();
  await undo.disposeAsync();
});

function begin(options: Partial<WebhookOptions> = {}): Webhooks {
  const webhooks = createWebhooks({ store, client, clock, logger: silentLogger, ...options });
  undo.defer(() => webhooks.close());
  return webhooks;
}

const owe = (id: string, key = "k", url = receiver.url) => store.add([itemOf(id, { key, url })]);
const received = (from = receiver) => from.requests.map(({ id }) => id);
/** Real requests need real time; the clock stands still meanwhile. */
const until = (isSo: () => boolean) => eventually(isSo.toString(), isSo, 5000);
const idle = (webhooks: Webhooks) => until(() => webhooks.counters().underWay === 0);

test("what is owed is posted as JSON under its id, in order, and is owed no more", async () => {
  for (const id of ["a", "b", "c"]) owe(id);
  const webhooks = begin();
  await until(() => store.rows.length === 0);
  expect(receiver.requests).toEqual(
    ["a", "b", "c"].map((id) => ({ id, contentType: "application/json", body: { id, text: 'é " \\ \n' } })),
  );
  expect([webhooks.counters(), receiver.most]).toEqual([{ underWay: 0, delivered: 3, failedAttempts: 0, givenUp: 0 }, 1]);
});

test("something new goes out at once when it is told, and within a second when not", async () => {
  const webhooks = begin();
  owe("a");
  webhooks.wake();
  await until(() => received().length === 1);
  await idle(webhooks);
  owe("b");
  await clock.advanceAsync(1000);
  await until(() => received().length === 2);
});

const pauses = [30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400];

test("a failing receiver is asked again after each pause of the table, twelve times; then the next one has its turn", async () => {
  receiver.manner = (response, { id }) => manners[id === "b" ? "well" : "failing"](response);
  owe("a");
  owe("b");
  const lines: unknown[] = [];
  const webhooks = begin({ logger: { ...silentLogger, warn: (...line: unknown[]) => void lines.push(line) } });
  for (const [index, seconds] of pauses.entries()) {
    await until(() => store.rows[0]?.attempts === index + 1);
    await idle(webhooks);
    await clock.advanceAsync(seconds * 1000 - 1);
    expect(received()).toHaveLength(index + 1);
    await clock.advanceAsync(1001);
  }
  await until(() => store.rows.length === 0);
  expect(received()).toEqual([...Array.from({ length: 13 }, () => "a"), "b"]);
  expect(webhooks.counters()).toMatchObject({ delivered: 1, failedAttempts: 13, givenUp: 1 });
  expect(lines).toMatchObject([[{ id: "a", attempts: 13, outcome: 500 }, expect.stringContaining("given up")]]);
});

test.each([
  ["breaks the connection", manners.breaking],
  ["promises more than it sends", manners.lying],
  ["redirects to nowhere", (response) => response.writeHead(307, { Location: "http://[" }).end()],
  ["redirects for ever", (response) => response.writeHead(307, { Location: "/" }).end()],
] satisfies [string, Manner][])("a receiver that %s is asked again", async (_name, manner) => {
  receiver.manner = manner;
  owe("a");
  const webhooks = begin();
  await until(() => store.rows[0]?.attempts === 1);
  receiver.manner = manners.well;
  await idle(webhooks);
  await clock.advanceAsync(31_000);
  await until(() => store.rows.length === 0);
});

test.each([["silent"], ["slowBody"]] as const)("a receiver that is %s has two seconds", async (name) => {
  receiver.manner = manners[name];
  owe("a");
  const webhooks = begin();
  await until(() => received().length === 1);
  await clock.advanceAsync(1990);
  expect(webhooks.counters()).toMatchObject({ underWay: 1, failedAttempts: 0 });
  await clock.advanceAsync(10);
  await until(() => webhooks.counters().failedAttempts === 1);
  expect(store.rows).toMatchObject([{ id: "a", attempts: 1 }]);
});

test("a receiver that says 200 and then does not stop talking has taken it", async () => {
  receiver.manner = manners.huge;
  owe("a");
  const webhooks = begin();
  await until(() => store.rows.length === 0);
  expect(webhooks.counters()).toMatchObject({ delivered: 1, failedAttempts: 0 });
});

test("a slow host holds up no other, and has no more requests at once than its share", async () => {
  const slow = undo.use(await Receiver.open());
  slow.manner = manners.silent;
  for (let index = 0; index < 40; index++) owe(`slow-${index}`, `slow-${index}`, slow.url);
  for (let index = 0; index < 20; index++) owe(`quick-${index}`, `quick-${index}`);
  const webhooks = begin({ places: 16, placesPerHost: 4 });
  await until(() => received().length === 20);
  expect(receiver.most).toBeLessThanOrEqual(4);
  await until(() => slow.most === 4);
  expect(webhooks.counters()).toMatchObject({ underWay: 4, delivered: 20 });
  await clock.advanceAsync(2000);
  await until(() => received(slow).length === 8);
  expect(slow.most).toBe(4);
});

test("keys that fail wait alone", async () => {
  receiver.manner = (response, { id }) => manners[id === "bad" ? "failing" : "well"](response);
  owe("bad", "1");
  owe("behind", "1");
  owe("good", "2");
  begin();
  await until(() => store.rows.length === 2 && store.rows[0]?.attempts === 1);
  expect(received().toSorted()).toEqual(["bad", "good"]);
});

test("a process that dies with a request under way repeats it under the same id; one that ends waits for it", async () => {
  receiver.manner = manners.silent;
  owe("a");
  const killed = createHttpClient({ clock, allowPrivateUrls: true });
  const dying = createWebhooks({ store, client: killed, clock, logger: silentLogger });
  await until(() => received().length === 1);
  await killed.close();
  await dying.close();
  expect(store.rows).toMatchObject([{ id: "a", attempts: 0 }]);
  const next = begin();
  await until(() => received().length === 2);
  let hasClosed = false;
  const closing = next.close().then(() => (hasClosed = true));
  await clock.advanceAsync(1000);
  expect(hasClosed).toBe(false);
  await clock.advanceAsync(1000);
  await closing;
  expect([received(), store.rows[0]?.attempts]).toEqual([["a", "a"], 1]);
});

test("a store that is away is asked again, and what was taken meanwhile is not sent twice", async () => {
  owe("a");
  owe("b");
  receiver.manner = (response) => {
    store.isAway = true;
    manners.well(response);
  };
  const webhooks = begin();
  await until(() => webhooks.counters().delivered === 1);
  await clock.advanceAsync(5000);
  expect(received()).toEqual(["a"]);
  store.isAway = false;
  receiver.manner = manners.well;
  await clock.advanceAsync(2000);
  await until(() => store.rows.length === 0);
  expect(received()).toEqual(["a", "b"]);
});

test("nothing of the address but its host is logged", async () => {
  const lines: string[] = [];
  const note = (...line: unknown[]) => void lines.push(JSON.stringify(line));
  receiver.manner = manners.failing;
  owe("a", "k", `${receiver.url}/inbox?token=secret`);
  begin({ logger: { ...silentLogger, info: note, warn: note } });
  await until(() => lines.length > 0);
  expect(lines.join()).toContain("127.0.0.1");
  expect(lines.join()).not.toMatch(/secret|inbox/);
});
