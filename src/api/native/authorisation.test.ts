import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nativeApi, type NativeApi } from "../../../test/support/fakes/native.ts";
import { type Role, roles } from "../../directory/index.ts";
import { routesOf, type RouteEntry } from "../http/authorisation.ts";

/** Who may do what, written down a second time on purpose: a route that is opened by mistake shows here. */
const expected: Readonly<Record<string, RouteEntry["access"]>> = {
  "GET /healthz": "anonymous",
  "GET /metrics": "anonymous",
  "GET /docs": "anonymous",
  "GET /docs/page.css": "anonymous",
  "GET /docs/page.js": "anonymous",
  "GET /v1/openapi.json": "anonymous",
  "POST /v1/login": "anonymous",
  "DELETE /v1/login": "anonymous",
  "GET /v1/me": "authenticated",
  "POST /v1/calls": ["administrator", "manager"],
  "GET /v1/calls": ["administrator", "manager", "user"],
  "GET /v1/calls/:id": ["administrator", "manager", "user"],
  "PATCH /v1/calls/:id": ["administrator", "manager", "user"],
  "POST /v1/calls/:id/hang-up": ["administrator", "manager", "user"],
  "POST /v1/calls/:id/hold": ["administrator", "manager", "user"],
  "POST /v1/calls/:id/retrieve": ["administrator", "manager", "user"],
  "POST /v1/calls/:id/parties": ["administrator", "manager", "user"],
  "PATCH /v1/calls/:id/parties/:partyId": ["administrator", "manager", "user"],
  "DELETE /v1/calls/:id/parties/:partyId": ["administrator", "manager", "user"],
  "POST /v1/calls/:id/supervise": ["administrator", "manager"],
  "POST /v1/calls/:id/announcements": ["administrator", "manager"],
  "DELETE /v1/calls/:id/announcements/:announcementId": ["administrator", "manager"],
  "POST /v1/calls/:id/parties/:partyId/playback": ["administrator", "manager"],
  "PATCH /v1/calls/:id/parties/:partyId/playback": ["administrator", "manager"],
  "DELETE /v1/calls/:id/parties/:partyId/playback": ["administrator", "manager"],
  "POST /v1/calls/:id/recordings": ["administrator", "manager", "user"],
  "POST /v1/calls/:id/recordings/:recordingId/stop": ["administrator", "manager", "user"],
  "POST /v1/calls/:id/recordings/:recordingId/pause": ["administrator", "manager", "user"],
  "POST /v1/calls/:id/recordings/:recordingId/resume": ["administrator", "manager", "user"],
  "GET /v1/recordings": ["administrator", "manager", "user"],
  "GET /v1/recordings/:id": ["administrator", "manager", "user"],
  "GET /v1/recordings/:id/audio": ["administrator", "manager", "user"],
  "DELETE /v1/recordings/:id": ["administrator", "manager"],
  "GET /v1/calls/:id/trace": ["administrator", "manager"],
  "POST /v1/calls/:id/trace": ["administrator", "manager"],
  "GET /v1/calls/:id/trace.txt": ["administrator", "manager"],
  "GET /v1/calls/:id/trace.pcap": ["administrator", "manager"],
  "POST /v1/calls/:id/refer": ["administrator", "manager"],
  "GET /v1/events": ["administrator", "manager"],
  "POST /v1/messages": ["administrator", "manager", "user"],
  ...whole("/v1/flows", ["administrator", "manager"]),
  ...whole("/v1/numbers", ["administrator", "manager"]),
  ...whole("/v1/sounds", ["administrator", "manager"]),
  "GET /v1/sounds/:id/audio": ["administrator", "manager"],
  ...whole("/v1/trunks", ["administrator"]),
  ...whole("/v1/users", ["administrator"]),
  ...whole("/v1/phones", ["administrator"]),
  ...whole("/v1/lines", ["administrator"]),
  "GET /v1/api-keys": ["administrator"],
  "POST /v1/api-keys": ["administrator"],
  "DELETE /v1/api-keys/:id": ["administrator"],
  "GET /v1/demo-phone": "authenticated",
  "PATCH /v1/demo-phone": ["administrator", "manager"],
  "GET /v1/demo-phone/recording.wav": ["administrator", "manager"],
};

function whole(path: string, access: readonly Role[]): Record<string, readonly Role[]> {
  return Object.fromEntries(
    [`GET ${path}`, `POST ${path}`, ...["GET", "PATCH", "DELETE"].map((method) => `${method} ${path}/:id`)].map((key) => [key, access]),
  );
}

let api: NativeApi;
beforeAll(async () => {
  api = await nativeApi();
  await api.server.fastify.ready();
});
afterAll(() => api.server.close());

test("every route is in the table, and HEAD goes as GET", () => {
  const routes = routesOf(api.server.fastify);
  const listed = routes.filter(({ method }) => method !== "HEAD").map(({ method, url, access }) => [`${method} ${url}`, access] as const);
  expect(Object.fromEntries(listed)).toEqual(expected);
  for (const { url, access } of routes.filter(({ method }) => method === "HEAD")) expect(access).toEqual(expected[`GET ${url}`]);
});

const cases = Object.entries(expected).flatMap(([key, access]) => {
  const [method = "", url = ""] = key.split(" ");
  return [undefined, ...roles].map((role) => ({ method: method as "GET", url, role, access }));
});

describe.each(cases)("$method $url as $role", ({ method, url, role, access }) => {
  const verdict =
    access === "anonymous" ? "let in" : role === undefined ? 401 : access === "authenticated" || access.includes(role) ? "let in" : 403;

  // A stream never ends by itself; event-stream.test.ts reads it.
  test.skipIf(url === "/v1/events" && verdict === "let in")(`is ${verdict}`, async () => {
    const answer = await api.ask(role, method, url.replaceAll(/:\w+/g, "0123456789abcdef01234567"));
    if (verdict === "let in") expect([401, 403]).not.toContain(answer.status);
    else {
      expect(answer.status).toBe(verdict);
      expect(answer.body.code).toBe(verdict === 401 ? "API_UNAUTHENTICATED" : "API_ROLE_MISSING");
    }
  });
});
