import { join } from "node:path";
import { expect, test } from "vitest";
import { survivorsIn } from "../../tools/processes.ts";
import { StartedProcess } from "../support/child-process.ts";
import { databasePids } from "../support/data-directory.ts";
import { freePort } from "../support/free-ports.ts";
import { ServerProcess } from "../support/server-process.ts";

// The server as a process: how it ends, what it leaves, and what it refuses.

const entry = join(import.meta.dirname, "../../src/main.ts");

test.for([
  ["its own command", false],
  ["npm start", true],
] as const)("SIGTERM to %s ends everything, the database included", async ([, throughNpm]) => {
  await using server = await ServerProcess.start({ throughNpm });
  expect(server.output).not.toMatch(/Warning/);
  expect(await databasePids(server.dataDirectory)).toHaveLength(1);
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  expect(survivorsIn(server.dataDirectory)).toEqual([]);
});

test("kill -9 leaves the database running, and the next start attaches to it", async () => {
  await using server = await ServerProcess.start();
  const before = await databasePids(server.dataDirectory);
  expect(before).toHaveLength(1);
  await server.kill();
  expect(await databasePids(server.dataDirectory)).toEqual(before);
  await server.restart();
  expect(await databasePids(server.dataDirectory)).toEqual(before);
});

test("a second server on the same data is refused with the first one's pid", async () => {
  await using server = await ServerProcess.start();
  const [httpPort, sipPort, phonePort] = [await freePort(), await freePort(), await freePort()];
  const env = {
    ...server.environment,
    CALLWRIGHT_HTTP_PORT: String(httpPort),
    CALLWRIGHT_SIP_PORT: String(sipPort),
    CALLWRIGHT_DEMO_PHONE_PORT: String(phonePort),
  };
  await using second = new StartedProcess(process.execPath, [entry], { env });
  const { code } = await second.waitForExit(20_000);
  expect(code).toBeGreaterThan(0);
  expect(second.output).toMatch(new RegExp(`\\b${server.pid}\\b`));
  expect((await server.request("GET", "/healthz")).status).toBe(200);
});

test("two servers with ports and data of their own run side by side", async () => {
  await using one = await ServerProcess.start();
  await using other = await ServerProcess.start();
  expect((await one.request("GET", "/healthz")).status).toBe(200);
  expect((await other.request("GET", "/healthz")).status).toBe(200);
});
