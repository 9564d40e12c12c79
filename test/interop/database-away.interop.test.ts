import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { databasePids } from "../support/data-directory.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { CuttableDatabase } from "../support/store/cuttable-database.ts";
import { eventually, memberOf } from "../support/waiting.ts";
import { createTrunk, nextNumber, quiet } from "./outgoing-calls.ts";

// The database goes away in the middle of calls: calls neither end nor wait for it, and the history has each of them once.

type ListedCall = { readonly id: string; readonly state: string; readonly outcome: { readonly result: string } | null };

/** What places a call that `sipp` answers. */
async function placing(server: ServerProcess, sipp: Sipp): Promise<() => Promise<string>> {
  const number = nextNumber();
  await createTrunk(server, number, { port: sipp.port });
  const flow = (await server.succeed("POST", "/v1/flows", { name: "quiet", document: quiet })).json();
  const call = { to: number, flowId: memberOf(flow, "id") };
  return async () => String(memberOf((await server.succeed("POST", "/v1/calls", call)).json(), "id"));
}

async function answered(server: ServerProcess, id: string): Promise<void> {
  await eventually(
    `the answer of ${id}`,
    async () => memberOf((await server.succeed("GET", `/v1/calls/${id}`)).json(), "state") === "answered",
  );
}

async function hangUp(server: ServerProcess, id: string): Promise<void> {
  await server.succeed("POST", `/v1/calls/${id}/hang-up`);
}

async function databaseState(server: ServerProcess): Promise<string> {
  const answer = await server.request("GET", "/healthz");
  expect(answer.status).toBe(200);
  return String(memberOf(answer.json(), "database"));
}

/** Every call of the account, page by page. */
async function history(server: ServerProcess): Promise<readonly ListedCall[]> {
  const calls: ListedCall[] = [];
  for (let cursor = ""; ; ) {
    const page = (await server.succeed("GET", `/v1/calls?limit=5${cursor}`)).json() as { items: ListedCall[]; nextCursor: string | null };
    calls.push(...page.items);
    if (page.nextCursor === null) return calls;
    cursor = `&cursor=${page.nextCursor}`;
  }
}

async function shipped(server: ServerProcess): Promise<void> {
  await eventually(
    "everything in the database",
    async () => /callwright_shipping_pending_records 0\b/.test((await server.request("GET", "/metrics")).text),
    20_000,
  );
}

test("the local database is killed again and again: calls go on, begin and end, and each is listed once", async (context) => {
  requireTools(context, "sipp");
  await using server = await ServerProcess.start();
  await using sipp = await Sipp.start({ scenario: "uas-answer", calls: 9 });
  const place = await placing(server, sipp);
  const ids: string[] = [];
  for (let round = 0; round < 3; round++) {
    const [pid] = await databasePids(server.dataDirectory);
    if (pid === undefined) throw new Error("no database");
    const [before, across] = [await place(), await place()];
    await Promise.all([answered(server, before), answered(server, across)]);
    process.kill(pid, "SIGKILL");
    await hangUp(server, before);
    const during = await place();
    await answered(server, during);
    await hangUp(server, during);
    await eventually("another database", async () => (await databasePids(server.dataDirectory)).some((other) => other !== pid), 20_000);
    await answered(server, across);
    await hangUp(server, across);
    ids.push(before, across, during);
  }
  await sipp.succeeded();
  await shipped(server);
  const listed = await history(server);
  expect(listed.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  expect(listed.map(({ state, outcome }) => `${state} ${outcome?.result}`)).toEqual(ids.map(() => "ended completed"));
  await eventually("health that says up", async () => (await databaseState(server)) === "up");
});

test("the database is away for 20 s, refusing and then silent: nothing is lost, and health says so", async (context) => {
  requireTools(context, "sipp");
  await using database = await CuttableDatabase.start();
  await using server = await ServerProcess.start({ environment: { DATABASE_URL: database.url } });
  const rounds = 10;
  await using sipp = await Sipp.start({ scenario: "uas-answer", calls: 2 + 2 * rounds });
  const place = await placing(server, sipp);
  const ids = [await place(), await place()];
  const [over = "", across = ""] = ids;
  await Promise.all([answered(server, over), answered(server, across)]);
  const begunMs = performance.now();
  database.refuse();
  await eventually("health that says away", async () => (await databaseState(server)) === "away");
  await hangUp(server, over);
  for (let round = 0; round < rounds; round++) {
    if (round === rounds / 2) database.fallSilent();
    const [ended, ringing] = [await place(), await place()];
    await answered(server, ended);
    await hangUp(server, ended);
    ids.push(ended, ringing);
    await delay(Math.max(0, begunMs + ((round + 1) * 20_000) / rounds - performance.now()));
  }
  expect(await databaseState(server)).toBe("away");
  // Live calls are in memory; the history, and changes of what is configured, have to wait.
  expect((await server.request("GET", "/v1/calls?live=true")).status).toBe(200);
  for (const path of ["/v1/calls", "/sessions"]) expect((await server.request("GET", path)).status).toBe(503);
  expect((await server.request("POST", "/v1/flows", { name: "more", document: quiet })).status).toBe(503);
  database.comeBack();
  await eventually("health that says up", async () => (await databaseState(server)) === "up", 20_000);
  for (const { id, state } of await history(server)) if (state !== "ended") await hangUp(server, id);
  await sipp.succeeded();
  await shipped(server);
  const listed = await history(server);
  expect(listed.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  expect(listed.every(({ state, outcome }) => state === "ended" && outcome?.result === "completed")).toBe(true);
});
