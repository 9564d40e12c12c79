/** Every route of the dialect with everyone who may ask. A route that is added shows up here by itself. */
import { beforeAll, expect, test } from "vitest";
import { type EvoApi, evoApi } from "../../../../test/support/fakes/evo.ts";
import { roles } from "../../../directory/index.ts";
import { type Access, type RouteEntry, routesOf } from "../../http/authorisation.ts";

let api: EvoApi;
let routes: readonly RouteEntry[];
beforeAll(async () => {
  api = await evoApi();
  routes = routesOf(api.server.fastify).filter(({ url }) => !["/healthz", "/metrics"].includes(url));
});

const overseers: Access = ["administrator", "manager"];
const expected: Readonly<Record<string, Access>> = {
  "POST /sessions/outgoing": overseers,
  "GET /sessions/my": ["user"],
  "GET /sessions": "authenticated",
  "GET /sessions/:sessionId": "authenticated",
  "PATCH /sessions/:sessionId": "authenticated",
  "DELETE /sessions/:sessionId": "authenticated",
  "GET /auth": "anonymous",
  "POST /auth": "anonymous",
  "GET /auth/:provider": "anonymous",
  "POST /auth/:provider": "anonymous",
  "DELETE /auth/:provider": "anonymous",
  "GET /auth/status": "anonymous",
};

const ofOperations: Readonly<Record<string, Access>> = {
  NewOutgoingSession: overseers,
  GetMySessions: ["user"],
  ListSessions: "authenticated",
  GetSession: "authenticated",
  PatchSession: "authenticated",
  EndSession: "authenticated",
  Authenticate: "anonymous",
  GetAuthStatus: "anonymous",
  ":operation": "anonymous",
};

test("what is declared", () => {
  const own = routes.filter(({ method, url }) => method !== "HEAD" && !/^\/(json|xml|jsv|api)\//.test(url));
  expect(Object.fromEntries(own.map(({ method, url, access }) => [`${method} ${url}`, access]))).toEqual(expected);
  for (const { url, access } of routes.filter((route) => !own.includes(route) && route.method !== "HEAD")) {
    expect([url, access]).toEqual([url, ofOperations[url.split("/").at(-1) ?? ""]]);
  }
  // Eight operations and the unknown one at each of the four places.
  expect(new Set(routes.filter(({ url }) => /^\/(json|xml|jsv|api)\//.test(url)).map(({ url }) => url)).size).toBe(4 * 9);
});

test("what is enforced", async () => {
  const { id } = await api.startCall();
  const methods = new Set(["GET", "HEAD", "POST", "PATCH", "DELETE", "PUT"]);
  for (const { method, url, access } of routes.filter((route) => methods.has(route.method))) {
    const target = url.replace(":sessionId", id).replace(":provider", "basic");
    for (const role of [undefined, ...roles]) {
      const { status } = await api.ask(role, method, target);
      const asked = `${method} ${url} as ${role ?? "nobody"}: ${status}`;
      if (access === "anonymous") expect(status, asked).not.toBe(403);
      else if (role === undefined) expect(status, asked).toBe(401);
      else if (access !== "authenticated" && !access.includes(role)) expect(status, asked).toBe(403);
      else expect([401, 405], asked).not.toContain(status);
    }
  }
});

test("an API key and a cookie stand for their user", async () => {
  const { key, keyHash, keyPrefix } = api.logins.newKey();
  const user = api.users.user;
  const now = api.clock.now();
  await api.directory.apiKeys.insert({
    id: api.ids.next(),
    accountId: api.accountId,
    createdAt: now,
    updatedAt: now,
    userId: user.id,
    name: "test",
    keyHash,
    keyPrefix,
  });
  expect((await api.ask(undefined, "GET", "/sessions/my", undefined, { authorization: `Bearer ${key}` })).status).toBe(200);
  const { token } = await api.logins.createLogin(user, { permanent: false });
  expect((await api.ask(undefined, "GET", "/sessions/my", undefined, { cookie: `ss-id=${token}` })).status).toBe(200);
  expect((await api.ask(undefined, "POST", "/sessions/outgoing", undefined, { cookie: `ss-pid=${token}` })).status).toBe(403);
});
