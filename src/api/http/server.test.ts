import * as http from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { basicOf, testHouse, type TestHouse, testServer } from "../../../test/support/fakes/http.ts";
import { recordingLogger } from "../../../test/support/fakes/logger.ts";
import type { Dialect } from "./dialect.ts";
import type { MetricSource } from "./metrics.ts";
import type { HttpServer } from "./server.ts";

/** A dialect that answers refusals with its name and the code, so that a test sees who answered. */
function dialect(name: string, prefix: string, register: Dialect["register"] = () => undefined): Dialect {
  return {
    reroute: ({ url }) => (url.startsWith(`${prefix}/as-get/`) ? { method: "GET", url: url.replace("as-get/", "") } : undefined),
    name,
    prefixes: [prefix],
    loginCookies: [`${name}-login`],
    register,
    answerRefusal: (refusal, _request, reply) => reply.code(418).send(`${name} ${refusal.code}`),
  };
}

const routes: Dialect["register"] = (scope, asking) => {
  scope.get("/one/open", { config: { access: "anonymous" } }, async (request) => ({
    who: (await asking.identify(request))?.userId ?? null,
  }));
  scope.get("/one/closed", { config: { access: ["user"] } }, async (request) => ({ who: request.principal?.userId }));
  scope.post("/one/echo", { config: { access: "anonymous" } }, async (request) => request.body);
  scope.get("/one/broken", { config: { access: "anonymous" } }, async () => {
    throw new Error("a bug with a secret in it");
  });
};

let server: HttpServer;
let house: TestHouse;
afterEach(() => server.close());

async function start(options: { readonly sources?: readonly MetricSource[] } = {}) {
  const log = recordingLogger();
  house = await testHouse({ logger: log.logger });
  server = await testServer(house, [dialect("first", "/one", routes), dialect("second", "/two")], options.sources);
  const get = (url: string, headers: Record<string, string> = {}) => server.fastify.inject({ url, headers });
  return { ...log, get };
}

describe("refusals are answered by the dialect whose address it is", () => {
  test.each([
    ["GET", "/one/nothing", "first API_ROUTE_UNKNOWN"],
    ["GET", "/two/nothing", "second API_ROUTE_UNKNOWN"],
    ["GET", "/two", "second API_ROUTE_UNKNOWN"],
    ["GET", "/twofold", "first API_ROUTE_UNKNOWN"],
    ["GET", "/", "first API_ROUTE_UNKNOWN"],
    ["DELETE", "/one/open", "first API_METHOD_NOT_ALLOWED"],
    ["GET", "/two/%zz", "second API_REQUEST_MALFORMED"],
    ["GET", "/one/closed", "first API_UNAUTHENTICATED"],
    ["GET", "/one/broken", "first API_INTERNAL"],
  ] as const)("%s %s", async (method, url, text) => {
    await start();
    const answer = await server.fastify.inject({ method, url });
    expect(answer.payload).toBe(text);
    expect(answer.headers["x-request-id"]).toMatch(/^[0-9a-f]{24}$/);
  });

  test("a body over 1 MiB, of exactly 1 MiB, and one that is no JSON", async () => {
    await start();
    const headers = { "content-type": "application/json" };
    const post = (payload: string) => server.fastify.inject({ method: "POST", url: "/one/echo", payload, headers });
    const fits = JSON.stringify("x".repeat(1024 * 1024 - 2));
    expect((await post(fits)).statusCode).toBe(200);
    expect((await post(`${fits} `)).payload).toBe("first API_BODY_TOO_LARGE");
    expect((await post("{")).payload).toBe("first API_BODY_MALFORMED");
  });

  test("one that waits says how long, one that wants a login says how", async () => {
    const { get } = await start();
    expect((await get("/one/closed")).headers["www-authenticate"]).toContain('Basic realm="callwright"');
    for (let count = 0; count < 10; count++) await get("/one/closed", { authorization: basicOf("user", "wrong") });
    expect((await get("/one/closed", { authorization: basicOf("user") })).headers["retry-after"]).toBe("60");
  });
});

describe("request ids", () => {
  test.each([
    ["abc-1.2_X", true],
    ["has space", false],
    ["x".repeat(65), false],
    ["", false],
  ])("%s", async (given, isKept) => {
    const { get } = await start();
    const { headers } = await get("/one/open", { "x-request-id": given });
    expect(headers["x-request-id"] === given).toBe(isKept);
    expect(headers["x-powered-by"]).toBeUndefined();
  });
});

describe("the log", () => {
  test("has one line a request, and nothing that a query, a body or a header hides", async () => {
    const { get, lines } = await start();
    const secret = "hush-hush";
    await get(`/one/closed?password=${secret}`, { authorization: basicOf("user", secret), cookie: `first-login=${secret}` });
    await server.fastify.inject({ method: "POST", url: "/one/echo", payload: { secret } });
    const written = lines.filter(({ message }) => message === "HTTP request");
    expect(written.map(({ fields }) => fields)).toMatchObject([
      { method: "GET", path: "/one/closed", route: "/one/closed", status: 418 },
      { method: "POST", path: "/one/echo", status: 200 },
    ]);
    expect(JSON.stringify(lines)).not.toContain(secret);
  });

  test("keeps a bug's trace for us and its request id for the caller", async () => {
    const { get, lines } = await start();
    const answer = await get("/one/broken", { "x-request-id": "trace-9" });
    expect(answer.payload).not.toContain("secret");
    expect(lines.find(({ level }) => level === "error")?.fields).toMatchObject({ requestId: "trace-9", err: expect.any(Error) });
  });
});

test("a dialect may bring requests to the form in which its routes are declared", async () => {
  const { lines } = await start();
  const answer = await server.fastify.inject({ method: "POST", url: "/one/as-get/open?x=1" });
  expect(answer.json()).toEqual({ who: null });
  expect(lines.at(-1)?.fields).toMatchObject({ method: "GET", path: "/one/as-get/open", route: "/one/open" });
});

test("of prefixes within each other the longest counts, for refusals and for what is brought to another form", async () => {
  house = await testHouse();
  server = await testServer(house, [dialect("outer", "/one", routes), dialect("inner", "/one/as-get")]);
  const ask = async (url: string) => (await server.fastify.inject({ method: "POST", url })).payload;
  expect([await ask("/one/as-get/open"), await ask("/one/as-getter")]).toEqual(["inner API_ROUTE_UNKNOWN", "outer API_ROUTE_UNKNOWN"]);
});

test("a login made by one dialect is good in all, also on open routes", async () => {
  const { get } = await start();
  const { token } = await house.logins.createLogin(house.users.user, { permanent: false });
  expect((await get("/one/open", { cookie: `second-login=${token}` })).json()).toEqual({ who: house.users.user.id });
  expect((await get("/one/closed", { cookie: `first-login=${token}` })).json()).toEqual({ who: house.users.user.id });
  expect((await get("/one/open")).json()).toEqual({ who: null });
});

test("a route that does not say who may use it keeps the server from starting", async () => {
  await start();
  const careless = await testServer(house, [dialect("careless", "/", (scope) => void scope.get("/x", async () => 1))]);
  await expect(careless.listen("127.0.0.1", 0)).rejects.toThrow("GET /x");
  await careless.close();
});

test("HEAD answers as GET without the body, and asks for the same roles", async () => {
  await start();
  const head = await server.fastify.inject({ method: "HEAD", url: "/one/open" });
  expect([head.statusCode, head.payload]).toEqual([200, ""]);
  expect((await server.fastify.inject({ method: "HEAD", url: "/one/closed" })).statusCode).toBe(418);
});

describe("/healthz", () => {
  test.each([
    [{ ready: true, journalHealthy: true, database: "up" }, 200, { status: "ok", database: "up", journal: "healthy" }],
    [{ ready: true, journalHealthy: true, database: "away" }, 200, { status: "ok", database: "away", journal: "healthy" }],
    [{ ready: false, journalHealthy: true, database: "up" }, 503, { status: "starting" }],
    [{ ready: true, journalHealthy: false, database: "up" }, 503, { status: "failing", journal: "failing" }],
  ] as const)("%o", async (health, status, body) => {
    const { get } = await start();
    house.health = { ...health, liveCalls: 3 };
    const answer = await get("/healthz");
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ version: "1.2.3", calls: 3, ...body });
  });
});

test("/metrics counts requests by route and asks its sources anew each time", async () => {
  let live = 2;
  const { get } = await start({
    sources: [
      () => [
        { name: "callwright_calls_live", help: "Calls now.", kind: "gauge", value: live },
        { name: "callwright_calls_total", help: "Calls.", kind: "counter", value: live * 10, labels: { result: "busy" } },
      ],
    ],
  });
  await get("/one/open?x=1");
  await get("/one/nothing/at/all");
  const first = (await get("/metrics")).payload;
  expect(first).toContain('callwright_http_requests_total{route="/one/open",method="GET",status="200"} 1');
  expect(first).toContain('callwright_http_requests_total{route="unknown",method="GET",status="418"} 1');
  expect(first).not.toContain("nothing/at/all");
  expect(first).toContain("callwright_calls_live 2");
  expect(first).toContain('callwright_event_loop_delay_seconds{quantile="0.99"}');
  live = 1;
  const second = (await get("/metrics")).payload;
  expect(second).toContain("callwright_calls_live 1");
  expect(second).toContain('callwright_calls_total{result="busy"} 10');
});

describe("over a socket", () => {
  test("listens on a port the system chooses, and closing ends idle connections", async () => {
    await start();
    const { port } = await server.listen("127.0.0.1", 0);
    expect(port).toBeGreaterThan(0);
    const idle = connect(port, "127.0.0.1");
    const ended = new Promise((resolve) => idle.once("close", resolve));
    await new Promise((resolve) => idle.once("connect", resolve));
    await server.close();
    await ended;
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  });

  test("a head over 16 KiB is refused before anyone reads it", async () => {
    await start();
    const { port } = await server.listen("127.0.0.1", 0);
    const status = await new Promise((resolve, reject) => {
      http
        .request({ port, host: "127.0.0.1", path: "/healthz", headers: { "x-long": "x".repeat(17 * 1024) } }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        })
        .once("error", reject)
        .end();
    });
    expect(status).toBe(431);
  });
});
