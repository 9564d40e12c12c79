import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestStore, type TestStore } from "../../test/support/store/open-test-store.ts";
import {
  type AccessToken,
  type Account,
  type ApiKey,
  type Application,
  type Directory,
  type Flow,
  type Line,
  type Login,
  type Phone,
  type PhoneNumber,
  type Sound,
  type Trunk,
  type User,
  usualTrunkPolicy,
} from "../directory/index.ts";
import { silentLogger } from "../kernel/index.ts";
import { openDatabase } from "./database.ts";
import { loadDirectory } from "./directory.ts";

let opened: TestStore;
let directory: Directory;
beforeAll(async () => {
  opened = await openTestStore();
  directory = opened.store.directory;
  await directory.accounts.insert(account("acme"));
  await directory.accounts.insert(account("other"));
});
afterAll(async () => {
  await opened[Symbol.asyncDispose]();
});

const times = { createdAt: 1_700_000_000_000, updatedAt: 1_700_000_000_001 };
const owned = (id: string, accountId = "acme") => ({ id, accountId, ...times });
const account = (id: string): Account => ({ id, name: `Account ${id}`, ...times });
const user = (id: string, email: string, accountId?: string): User => ({
  ...owned(id, accountId),
  email,
  firstName: "Zoë",
  lastName: "O'Neil",
  roles: ["administrator", "user"],
  passwordHash: "$argon2id$x",
});
const phone = (id: string, userId: string, username: string): Phone => ({ ...owned(id), userId, username, ha1Md5: "a", ha1Sha256: "b" });
const line = (id: string, userId: string, value: string, accountId?: string): Line => ({ ...owned(id, accountId), userId, number: value });
const number = (id: string, value: string, flowId: string | null = null): PhoneNumber => ({ ...owned(id), number: value, flowId });
const trunk = (id: string, changes: Partial<Trunk> = {}): Trunk => ({
  ...owned(id),
  name: "Carrier",
  host: "sip.example",
  port: 5060,
  transport: "udp",
  username: "me",
  password: "sécret",
  prefixes: ["+1", ""],
  priority: 10,
  sourceAddresses: ["192.0.2.1", "2001:db8::1"],
  mediaToSource: true,
  codecs: ["G722", "PCMA"],
  policy: { ...usualTrunkPolicy, identityHeader: "p-asserted-identity", addedHeaders: { "X-From": "hé" } },
  ...changes,
});
const flow = (id: string, document: unknown): Flow => ({ ...owned(id), name: "Main", version: 3, hash: "abc", document });
const apiKey = (id: string, userId: string, keyHash: string): ApiKey => ({ ...owned(id), userId, name: "ci", keyHash, keyPrefix: "cw_1" });
const login = (id: string, userId: string, tokenHash: string): Login => ({
  ...owned(id),
  userId,
  tokenHash,
  expiresAt: 9_007_199_254_740_991,
});

const sound = (id: string, name: string): Sound => ({
  ...owned(id),
  name,
  contentType: "audio/wav",
  sizeBytes: 5_000_000_000,
  durationMs: 1234,
  sha256: "ab",
});

const application = (id: string, userId: string): Application => ({ ...owned(id), userId, name: "App", secretHash: "s" });
const token = (id: string, applicationId: string, tokenHash: string): AccessToken => ({
  ...owned(id),
  applicationId,
  tokenHash,
  scopes: ["voice", "virtual_number"],
  expiresAt: 9_007_199_254_740_991,
});

/** What a start on the same database would read. */
async function reloaded(secret = opened.secret): Promise<Directory & AsyncDisposable> {
  const { server } = opened.store;
  if (server === undefined) throw new Error("the test store has a server");
  const db = openDatabase({ connection: server.connection, size: 2, statementMs: 4000, logger: silentLogger });
  return Object.assign(await loadDirectory(db, secret, silentLogger), { [Symbol.asyncDispose]: () => db.destroy() });
}

test("every kind of row is there at once, and as it was after a restart", async () => {
  const rows = {
    user: user("u1", "Zoe@example.com"),
    flow: flow("f1", [{ "a-b": { some_key: null, camelKey: "'; --" } }, 'quote "']),
    phone: phone("p1", "u1", "zoe"),
    line: line("l1", "u1", "5001"),
    number: number("n1", "+18144043093", "f1"),
    trunk: trunk("t1"),
    open: trunk("t2", { port: null, transport: null, username: null, password: null, prefixes: [], sourceAddresses: [] }),
    apiKey: apiKey("k1", "u1", "h1"),
    login: login("l1", "u1", "h2"),
    application: application("a1", "u1"),
    token: token("t1", "a1", "h3"),
    sound: sound("s1", "welcome"),
  };
  await directory.users.insert(rows.user);
  await directory.flows.insert(rows.flow);
  await directory.phones.insert(rows.phone);
  await directory.lines.insert(rows.line);
  await directory.numbers.insert(rows.number);
  await directory.trunks.insert(rows.trunk);
  await directory.trunks.insert(rows.open);
  await directory.apiKeys.insert(rows.apiKey);
  await directory.logins.insert(rows.login);
  await directory.applications.insert(rows.application);
  await directory.accessTokens.insert(rows.token);
  await directory.sounds.insert(rows.sound);
  await using later = await reloaded();
  for (const now of [directory, later]) {
    expect(now.accounts.get("acme")).toEqual(account("acme"));
    expect(now.accounts.list().map(({ id }) => id)).toEqual(["acme", "other"]);
    expect(now.users.get("acme", "u1")).toEqual(rows.user);
    expect(now.users.byEmail("zOE@Example.com")).toEqual(rows.user);
    expect(now.users.byId("u1")).toEqual(rows.user);
    expect(now.flows.get("acme", "f1")).toEqual(rows.flow);
    expect(now.phones.byUsername("zoe")).toEqual(rows.phone);
    expect(now.phones.byUser("u1")).toEqual([rows.phone]);
    expect(now.lines.byNumber("acme", "5001")).toEqual(rows.line);
    expect(now.lines.byNumber("other", "5001")).toBeUndefined();
    expect(now.lines.byUser("u1")).toEqual([rows.line]);
    expect(now.numbers.byNumber("+18144043093")).toEqual(rows.number);
    expect(now.trunks.list("acme")).toEqual([rows.trunk, rows.open]);
    expect(now.trunks.bySource("2001:db8::1")).toEqual([rows.trunk]);
    expect(now.apiKeys.byHash("h1")).toEqual(rows.apiKey);
    expect(now.logins.byHash("h2")).toEqual(rows.login);
    expect(now.applications.byId("a1")).toEqual(rows.application);
    expect(now.sounds.byName("acme", "welcome")).toEqual(rows.sound);
    expect(now.sounds.byName("other", "welcome")).toBeUndefined();
    expect(now.accessTokens.byHash("h3")).toEqual(rows.token);
    expect(now.accessTokens.byApplication("a1")).toEqual([rows.token]);
  }
});

test("another account's row does not exist", async () => {
  await directory.users.insert(user("u2", "two@example.com"));
  expect(directory.users.get("other", "u2")).toBeUndefined();
  expect(directory.users.list("other")).toEqual([]);
  await expect(directory.users.update(user("u2", "taken@example.com", "other"))).rejects.toMatchObject({ code: "DIRECTORY_GONE" });
  expect(await directory.users.remove("other", "u2")).toBe(false);
  expect(directory.users.byEmail("two@example.com")?.id).toBe("u2");
});

describe("a unique value that is taken is named", () => {
  test.each([
    ["email", () => directory.users.insert(user("u9", "ZOE@example.com", "other"))],
    ["username", () => directory.phones.insert(phone("p9", "u1", "zoe"))],
    ["number", () => directory.numbers.insert(number("n9", "+18144043093"))],
    ["name", () => directory.sounds.insert(sound("s9", "welcome"))],
    ["number", () => directory.lines.insert(line("l9", "u1", "5001"))],
    ["keyHash", () => directory.apiKeys.insert(apiKey("k9", "u1", "h1"))],
    ["tokenHash", () => directory.logins.insert(login("l9", "u1", "h2"))],
    ["tokenHash", () => directory.accessTokens.insert(token("t9", "a1", "h3"))],
    ["id", () => directory.flows.insert(flow("f1", {}))],
  ])("%s", async (field, insert) => {
    await expect(insert()).rejects.toMatchObject({ code: "DIRECTORY_DUPLICATE", details: { field } });
    expect(directory.users.list("other")).toEqual([]);
    expect(directory.flows.get("acme", "f1")?.version).toBe(3);
  });
});

test("an extension is unique in its account only", async () => {
  await directory.users.insert(user("u16", "extension-of-one@example.com"));
  await directory.users.insert(user("u17", "extension-of-other@example.com", "other"));
  await directory.lines.insert(line("l6", "u16", "70"));
  await directory.lines.insert(line("l7", "u17", "70", "other"));
  expect([directory.lines.byNumber("acme", "70")?.id, directory.lines.byNumber("other", "70")?.id]).toEqual(["l6", "l7"]);
  expect(await directory.users.remove("other", "u17")).toBe(true);
});

test("an update shows under its new keys and no longer under the old ones", async () => {
  await directory.users.insert(user("u3", "three@example.com"));
  await directory.users.update({ ...user("u3", "drei@example.com"), updatedAt: 5 });
  expect(directory.users.byEmail("three@example.com")).toBeUndefined();
  expect(directory.users.byEmail("drei@example.com")?.updatedAt).toBe(5);
  await expect(directory.users.update(user("none", "none@example.com"))).rejects.toMatchObject({ code: "DIRECTORY_GONE" });
  await expect(directory.phones.insert(phone("p8", "none", "nobody"))).rejects.toMatchObject({ code: "DIRECTORY_GONE" });
});

test("what belongs to a user goes with the user, and a number outlives its flow, in memory as in the database", async () => {
  await directory.users.insert(user("u4", "four@example.com"));
  await directory.phones.insert(phone("p4", "u4", "four"));
  await directory.lines.insert(line("l4", "u4", "5004"));
  await directory.apiKeys.insert(apiKey("k4", "u4", "h4"));
  await directory.logins.insert(login("l4", "u4", "h4"));
  await directory.applications.insert(application("a4", "u4"));
  await directory.accessTokens.insert(token("t4", "a4", "h5"));
  await directory.applications.insert(application("a5", "u1"));
  await directory.accessTokens.insert(token("t5", "a5", "h6"));
  expect(await directory.applications.remove("acme", "a5")).toBe(true);
  await directory.flows.insert(flow("f4", {}));
  await directory.numbers.insert(number("n4", "+12025550100", "f4"));
  expect(await directory.users.remove("acme", "u4")).toBe(true);
  expect(await directory.flows.remove("acme", "f4")).toBe(true);
  expect(await directory.flows.remove("acme", "f4")).toBe(false);
  await using later = await reloaded();
  for (const now of [directory, later]) {
    expect(now.phones.byUsername("four")).toBeUndefined();
    expect(now.phones.byUser("u4")).toEqual([]);
    expect(now.lines.byNumber("acme", "5004")).toBeUndefined();
    expect(now.lines.byUser("u4")).toEqual([]);
    expect(now.apiKeys.byHash("h4")).toBeUndefined();
    expect(now.logins.byHash("h4")).toBeUndefined();
    expect(now.applications.byId("a4")).toBeUndefined();
    expect([now.accessTokens.byHash("h5"), now.accessTokens.byHash("h6")]).toEqual([undefined, undefined]);
    expect(now.accessTokens.byApplication("a4")).toEqual([]);
    expect(now.numbers.get("acme", "n4")).toEqual(number("n4", "+12025550100"));
  }
});

test("a trunk's password is not readable in the database, nor with another key", async () => {
  await directory.trunks.insert(trunk("t5", { password: "plain-to-see" }));
  await using stranger = await reloaded(new Uint8Array(32));
  expect(stranger.trunks.get("acme", "t5")).toEqual(trunk("t5", { password: null }));
  await using owner = await reloaded();
  expect(owner.trunks.get("acme", "t5")?.password).toBe("plain-to-see");
});

test("writes at the same time end in the order in which they were asked for", async () => {
  await directory.users.insert(user("u6", "six@example.com"));
  const versions = Array.from({ length: 20 }, (_, index) => ({ ...user("u6", "six@example.com"), updatedAt: index }));
  await Promise.all(versions.map((version) => directory.users.update(version)));
  await using later = await reloaded();
  expect(directory.users.byId("u6")?.updatedAt).toBe(19);
  expect(later.users.byId("u6")?.updatedAt).toBe(19);
});
