import { chmodSync, lstatSync, mkdirSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { StartedProcess } from "../../test/support/child-process.ts";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { eventually } from "../../test/support/waiting.ts";
import { silentLogger, systemClock } from "../kernel/index.ts";
import { openDataDirectory } from "./data-directory.ts";
import { type PostgresServer, type PostgresServerOptions, startPostgresServer } from "./postgres-server.ts";
import { startTimeOf } from "./process-identity.ts";

const clock = systemClock();
const isRoot = process.getuid?.() === 0;

/** A directory, its server, and their end. */
async function start(
  path: string,
  options: Partial<PostgresServerOptions> = {},
): Promise<AsyncDisposable & { readonly server: PostgresServer }> {
  const server = await startPostgresServer({ dataDirectory: path, clock, logger: silentLogger, syncs: false, ...options });
  return { server, [Symbol.asyncDispose]: () => server.stop() };
}

/** One for all tests that need no other: preparing a database takes longer than starting it. */
let shared: Awaited<ReturnType<typeof dataDirectory>>;
beforeAll(async () => {
  shared = await dataDirectory();
});
afterAll(() => shared[Symbol.dispose]());

/** Passable for the server's user, as openDataDirectory makes it. */
async function dataDirectory() {
  const directory = temporaryDirectory();
  await (await openDataDirectory(directory.path, clock)).close();
  return directory;
}

async function ask(server: PostgresServer, query: string): Promise<unknown> {
  const client = new Client({ ...server.connection, connectionTimeoutMillis: 2000 });
  await client.connect();
  try {
    const { rows } = await client.query<{ answer: unknown }>(query);
    return rows[0]?.answer;
  } finally {
    await client.end();
  }
}

test("starts fresh, keeps its data, and stop ends its process", async () => {
  using directory = await dataDirectory();
  const said: string[] = [];
  {
    await using running = await start(directory.path, { progress: (message) => said.push(message) });
    await ask(running.server, "create table kept as select 42 as answer");
  }
  await using again = await start(directory.path);
  const { pid } = again.server;
  expect(await ask(again.server, "select answer from kept")).toBe(42);
  expect(said).toEqual(["Preparing the database (once)."]);
  expect(again.server.isAttached).toBe(false);
  await again.server.stop();
  expect(pid === undefined || startTimeOf(pid)).toBeUndefined();
});

test("only its own user can reach its files and its socket", async () => {
  await using running = await start(shared.path);
  for (const path of [join(shared.path, "postgres"), join(shared.path, "postgres", "data"), running.server.connection.host]) {
    expect(statSync(path).mode & 0o777).toBe(0o700);
  }
  if (isRoot) expect(statSync(join(shared.path, "postgres")).uid).not.toBe(0);
  expect(await ask(running.server, "select current_setting('listen_addresses') as answer")).toBe("");
});

test("finds the server of a killed process again", async () => {
  await using first = await start(shared.path);
  await ask(first.server, "create table attached as select 1 as answer");
  await using second = await start(shared.path);
  expect(second.server.isAttached).toBe(true);
  expect(second.server.pid).toBe(first.server.pid);
  expect(await ask(second.server, "select answer from attached")).toBe(1);
});

test("two directories are served side by side", async () => {
  using other = await dataDirectory();
  await using a = await start(shared.path);
  await using b = await start(other.path);
  await ask(a.server, "create table only_a as select 1 as answer");
  expect(a.server.pid).not.toBe(b.server.pid);
  await expect(ask(b.server, "select answer from only_a")).rejects.toThrow("does not exist");
});

test("a server that dies while we run is told as lost, started again and told as restored", async () => {
  const told: string[] = [];
  await using running = await start(shared.path, { lost: () => told.push("lost"), restored: () => told.push("restored") });
  await ask(running.server, "create table kept as select 7 as answer");
  const { pid } = running.server;
  if (pid !== undefined) process.kill(pid, "SIGKILL");
  await eventually("the server is back", () => told.length === 2);
  expect(told).toEqual(["lost", "restored"]);
  expect(running.server.pid).not.toBe(pid);
  expect(await ask(running.server, "select answer from kept")).toBe(7);
});

test("a postmaster.pid whose process is gone does not keep it from starting", async () => {
  const data = join(shared.path, "postgres", "data");
  {
    await using running = await start(shared.path);
    await ask(running.server, "select 1 as answer");
  }
  await using other = new StartedProcess("sleep", ["60"]);
  writeFileSync(join(data, "postmaster.pid"), `${other.pid}\n${data}\n1\n5432\n\n\n`);
  await other.stop();
  await using again = await start(shared.path);
  expect(await ask(again.server, "select 1 as answer")).toBe(1);
});

test("an initdb that was interrupted is done again", async () => {
  using directory = await dataDirectory();
  mkdirSync(join(directory.path, "postgres", "data.new"), { recursive: true });
  writeFileSync(join(directory.path, "postgres", "data.new", "rest"), "");
  await using running = await start(directory.path);
  expect(await ask(running.server, "select 1 as answer")).toBe(1);
});

test("a path too long for a socket gets a short one", async () => {
  using directory = await dataDirectory();
  const deep = join(directory.path, "d".repeat(100));
  await (await openDataDirectory(deep, clock)).close();
  const said: string[] = [];
  await using running = await start(deep, { progress: (message) => said.push(message) });
  expect(said[0]).toContain("too long a path for a socket");
  expect(running.server.connection.host.length).toBeLessThan(60);
  expect(statSync(running.server.connection.host).mode & 0o777).toBe(0o700);
  expect(await ask(running.server, "select 1 as answer")).toBe(1);
  await running.server.stop();
  rmSync(running.server.connection.host, { recursive: true });
});

test("says what is wrong when it cannot start, with the end of its log", async () => {
  using directory = await dataDirectory();
  const data = join(directory.path, "postgres", "data");
  await (await start(directory.path)).server.stop();
  writeFileSync(join(data, "postgresql.conf"), "no_such_setting = 1\n");
  await expect(start(directory.path)).rejects.toMatchObject({
    code: "STORE_START_FAILED",
    message: expect.stringContaining("no_such_setting") as string,
  });
});

test.runIf(isRoot)("root below a directory that only root may enter: the data is elsewhere, and found again", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "data");
  await (await openDataDirectory(path, clock)).close();
  chmodSync(directory.path, 0o700);
  const said: string[] = [];
  {
    await using running = await start(path, { progress: (message) => said.push(message) });
    await ask(running.server, "create table kept as select 3 as answer");
  }
  expect(lstatSync(join(path, "postgres")).isSymbolicLink()).toBe(true);
  const elsewhere = readlinkSync(join(path, "postgres"));
  try {
    expect(said[0]).toContain(elsewhere);
    await using again = await start(path);
    expect(await ask(again.server, "select answer from kept")).toBe(3);
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
});
