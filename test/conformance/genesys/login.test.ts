/** Signing in, the HTTP session, and tokens against forged requests. */
import { beforeEach, describe, expect, test } from "vitest";
import { subjectBy } from "../../../src/api/dialect/genesys/login/subject.ts";
import { type Desk, desk, password } from "./desk.ts";

const denied = { statusCode: 20, statusMessage: "Access denied" };
const basic = (name = "ann", secret = password) => ({
  authorization: `Basic ${Buffer.from(`${name}@example.com:${secret}`).toString("base64")}`,
});

let at: Desk;
beforeEach(async () => {
  at = await desk();
});

/** The value of JSESSIONID that an answer sets, with the cookie's other attributes. */
function cookieOf(headers: Readonly<Record<string, unknown>>): { readonly value: string | undefined; readonly attributes: string } {
  const [, value, attributes = ""] = /^JSESSIONID=([^;]*); (.*)$/.exec(String(headers["set-cookie"])) ?? [];
  return { value, attributes };
}

test.each([
  ["no credentials", {}],
  ["a wrong password", basic("ann", "wrong")],
  ["an unknown user", basic("nobody")],
  ["another scheme", { authorization: "Digest x" }],
  ["a session that never was", { cookie: "JSESSIONID=0123456789abcdef" }],
])("%s: 403 with code 20, and no browser asks for a password", async (_name, headers) => {
  for (const [method, path] of [
    ["GET", "/me"],
    ["POST", "/me/channels/voice"],
  ] as const) {
    const answer = await at.ask(undefined, method, path, method === "POST" ? { operationName: "Ready" } : undefined, headers);
    expect([answer.status, answer.body, answer.headers["www-authenticate"]]).toEqual([403, denied, undefined]);
  }
});

test("Basic gives a session, which alone is enough from then on", async () => {
  const first = await at.ask(undefined, "GET", "/me", undefined, basic());
  const { value, attributes } = cookieOf(first.headers);
  expect([first.status, value, attributes]).toEqual([200, expect.stringMatching(/^[0-9a-f]{64}$/), "Path=/; HttpOnly; SameSite=Lax"]);
  const cookie = { cookie: `JSESSIONID=${value}` };
  expect((await at.ask(undefined, "GET", "/me", undefined, cookie)).body.user).toMatchObject({ userName: "ann@example.com" });
  const both = await at.ask(undefined, "GET", "/me", undefined, { ...basic(), ...cookie });
  expect([both.status, both.headers["set-cookie"]]).toEqual([200, undefined]);
});

test("a client that keeps no cookies fills no table; another user's session is not taken over", async () => {
  const values = new Set<string | undefined>();
  for (let count = 0; count < 5; count++) values.add(cookieOf((await at.ask(undefined, "GET", "/me", undefined, basic())).headers).value);
  expect(values.size).toBe(1);
  const [ann] = values;
  const answer = await at.ask(undefined, "GET", "/me", undefined, { ...basic("ben"), cookie: `JSESSIONID=${ann}` });
  expect(answer.body.user).toMatchObject({ userName: "ben@example.com" });
  const { value } = cookieOf(answer.headers);
  expect([value === ann, value]).toEqual([false, expect.stringMatching(/^[0-9a-f]{64}$/)]);
});

test("while the database is away, credentials are good without a session", async () => {
  at.at.house.directory.isAway = true;
  const answer = await at.ask(undefined, "GET", "/me", undefined, basic());
  expect([answer.status, answer.headers["set-cookie"]]).toEqual([200, undefined]);
});

test("a session outlives a restart", async () => {
  const { value } = cookieOf((await at.ask(undefined, "GET", "/me", undefined, basic())).headers);
  await at.restart();
  expect((await at.ask(undefined, "GET", "/me", undefined, { cookie: `JSESSIONID=${value}` })).status).toBe(200);
});

test("EndContactCenterSession ends the session, and its CometD clients with it", async () => {
  const end = { operationName: "EndContactCenterSession" };
  const { value } = cookieOf((await at.ask(undefined, "GET", "/me", undefined, basic())).headers);
  const cookie = { cookie: `JSESSIONID=${value}` };
  const shown = { headers: basic(), cookies: { JSESSIONID: value }, address: "127.0.0.1" };
  const subject = await subjectBy(at.logins)(shown);
  const answer = await at.ask(undefined, "POST", "/me", end, cookie);
  expect([answer.text, cookieOf(answer.headers)]).toEqual([
    '{"statusCode":0}',
    { value: "", attributes: expect.stringContaining("Max-Age=0") },
  ]);
  expect([subject?.key, at.endedLogins]).toEqual(["user-ann", [subject?.loginId]]);
  expect(at.endedLogins[0]).not.toContain(value);
  expect((await at.ask(undefined, "GET", "/me", undefined, cookie)).status).toBe(403);
  // Credentials are good beside a session that ended.
  expect(await subjectBy(at.logins)(shown)).toEqual({ key: "user-ann", loginId: "basic user-ann" });
  // The next request with credentials begins another one.
  const next = cookieOf((await at.ask(undefined, "GET", "/me", undefined, basic())).headers).value;
  expect([next === undefined, next === value]).toEqual([false, false]);
  expect((await at.ask("ann", "GET", "/me")).status).toBe(200);
});

test("an API key needs no session", async () => {
  const { key, keyHash, keyPrefix } = at.logins.newKey();
  const row = { id: "k".repeat(24), accountId: "a".repeat(24), createdAt: 1, updatedAt: 1, userId: "user-ann", name: "test" };
  await at.at.house.directory.apiKeys.insert({ ...row, keyHash, keyPrefix });
  const answer = await at.ask(undefined, "GET", "/me", undefined, { authorization: `Bearer ${key}` });
  expect([answer.status, answer.headers["set-cookie"]]).toEqual([200, undefined]);
});

test("the version is open to anyone; addresses may end with a slash", async () => {
  expect((await at.ask(undefined, "GET", "/diagnostics/version")).text).toBe('{"statusCode":0,"version":"1.2.3"}');
  expect((await at.ask("ann", "GET", "/me/?subresources=devices,calls,channels")).status).toBe(200);
  expect((await at.ask("ann", "GET", "/me/calls/")).text).toBe('{"statusCode":0,"uris":[]}');
});

describe("tokens against forged requests", () => {
  beforeEach(async () => {
    at = await desk({}, { csrf: true });
  });

  test("a GET tells header and token, and a POST needs both the token and the session", async () => {
    const get = await at.ask("ann", "GET", "/me");
    const token = String(get.headers["x-csrf-token"]);
    expect([get.headers["x-csrf-header"], token]).toEqual([
      "X-CSRF-TOKEN",
      expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/),
    ]);
    expect((await at.ask("ben", "GET", "/me")).headers["x-csrf-token"]).not.toBe(token);
    const start = { operationName: "StartContactCenterSession", channels: ["voice"] };
    const refused = { statusCode: 3, statusMessage: "Missing or invalid Csrf token" };
    for (const headers of [{}, { "x-csrf-token": "0" }, { "x-csrf-token": "" }]) {
      const answer = await at.ask("ann", "POST", "/me", start, headers);
      expect([answer.status, answer.body]).toEqual([403, refused]);
    }
    expect((await at.ask("ben", "POST", "/me", start, { "x-csrf-token": token })).status).toBe(403);
    expect((await at.ask(undefined, "POST", "/me", start, { ...basic(), "x-csrf-token": token })).status).toBe(403);
    expect((await at.ask("ann", "POST", "/me", start, { "x-csrf-token": token })).status).toBe(200);
    await at.restart();
    expect((await at.ask("ann", "POST", "/me", start, { "x-csrf-token": token })).status).toBe(200);
    // A token without its session is worth nothing, even where the server would find that session again.
    const own = await at.ask(undefined, "GET", "/me", undefined, basic());
    const headers = { ...basic(), "x-csrf-token": String(own.headers["x-csrf-token"]) };
    expect((await at.ask(undefined, "POST", "/me", start, headers)).status).toBe(403);
    const cookie = `JSESSIONID=${cookieOf(own.headers).value}`;
    expect((await at.ask(undefined, "POST", "/me", start, { ...headers, cookie })).status).toBe(200);
  });
});
