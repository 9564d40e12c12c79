/** A server with the given dialects over the fakes, one account and one user of each role, for tests that inject requests. */
import { createHttpServer, Logins, type HttpServer } from "../../../src/api/index.ts";
import type { Dialect } from "../../../src/api/http/dialect.ts";
import type { Health, HttpServerOptions } from "../../../src/api/http/server.ts";
import { type Role, roles, type User, usualTrunkPolicy } from "../../../src/directory/index.ts";
import { demoFlow, validateFlow } from "../../../src/flows/index.ts";
import { type Ids, type Logger, silentLogger, systemIds } from "../../../src/kernel/index.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { FakeCalls } from "./calls.ts";
import { fakeDirectory, type FakeDirectory } from "./directory.ts";
import { FakeViews } from "./views.ts";

export type TestHouse = {
  readonly clock: VirtualClock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly directory: FakeDirectory;
  readonly views: FakeViews;
  readonly calls: FakeCalls;
  readonly logins: Logins;
  readonly accountId: string;
  readonly flowId: string;
  /** A number the account owns. */
  readonly number: string;
  readonly users: Readonly<Record<Role, User>>;
  health: Health;
};

export const testPassword = "correct horse";

/** `Authorization` of the user with this role. */
export function basicOf(role: Role, password = testPassword): string {
  return `Basic ${Buffer.from(`${role}@example.com:${password}`).toString("base64")}`;
}

/** One account with a user of each role, a flow, a number and a trunk that takes every number but those to `+4`. */
export async function testHouse(options: { readonly publicUrl?: string; readonly logger?: Logger } = {}): Promise<TestHouse> {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const ids = systemIds(clock);
  const logger = options.logger ?? silentLogger;
  const directory = fakeDirectory();
  const views = new FakeViews();
  const calls = new FakeCalls(directory, views, clock, ids);
  const logins = new Logins({ directory, clock, ids, logger, publicUrl: options.publicUrl });
  const now = clock.now();
  const accountId = ids.next();
  await directory.accounts.insert({ id: accountId, createdAt: now, updatedAt: now, name: "Example" });
  const entry = () => ({ id: ids.next(), accountId, createdAt: now, updatedAt: now });
  const users = {} as Record<Role, User>;
  for (const role of roles) {
    const passwordHash = await cheapHash(logins);
    users[role] = { ...entry(), email: `${role}@example.com`, firstName: role, lastName: "Example", roles: [role], passwordHash };
    await directory.users.insert(users[role]);
  }
  const checked = validateFlow(demoFlow);
  if (!checked.ok) throw new Error("the demo flow has mistakes");
  const flow = { ...entry(), name: "Demo", version: 1, hash: checked.hash, document: checked.document };
  await directory.flows.insert(flow);
  const number = "+18144043093";
  await directory.numbers.insert({ ...entry(), number, flowId: null });
  await directory.trunks.insert({
    ...entry(),
    name: "Carrier",
    host: "127.0.0.1",
    port: 5060,
    transport: "udp",
    username: "us",
    password: "s3cret",
    prefixes: ["+1", "+2", "+3"],
    priority: 1,
    sourceAddresses: [],
    mediaToSource: false,
    codecs: null,
    policy: usualTrunkPolicy,
  });
  const health: Health = { ready: true, liveCalls: 0, database: "up", journalHealthy: true };
  return { clock, ids, logger, directory, views, calls, logins, accountId, flowId: flow.id, number, users, health };
}

let hashed: Promise<string> | undefined;

/** Hashing costs 6 ms by design, so all test users share one hash. */
function cheapHash(logins: Logins): Promise<string> {
  return (hashed ??= logins.hashPassword(testPassword));
}

export async function testServer(
  house: TestHouse,
  dialects: readonly [Dialect, ...Dialect[]],
  metricSources: HttpServerOptions["metricSources"] = [],
): Promise<HttpServer> {
  const { clock, ids, logger, logins } = house;
  return createHttpServer({ clock, ids, logger, logins, version: "1.2.3", dialects, health: () => house.health, metricSources });
}
