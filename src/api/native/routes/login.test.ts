import { afterEach, beforeEach, expect, test } from "vitest";
import { testPassword } from "../../../../test/support/fakes/http.ts";
import { nativeApi, type NativeApi } from "../../../../test/support/fakes/native.ts";

let api: NativeApi;
beforeEach(async () => {
  api = await nativeApi({ publicUrl: "https://voice.example.com" });
});
afterEach(() => api.server.close());

const signIn = (more: object = {}) =>
  api.ask(undefined, "POST", "/v1/login", { email: "user@example.com", password: testPassword, ...more });

test("the cookie signs in until it is given back", async () => {
  const { status, headers, body } = await signIn();
  expect([status, body.email]).toEqual([200, "user@example.com"]);
  expect(headers["set-cookie"]).toMatch(/^callwright=[0-9a-f]{64}; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  const cookie = { cookie: String(headers["set-cookie"]).split(";")[0] ?? "" };
  expect((await api.ask(undefined, "GET", "/v1/me", undefined, cookie)).body).toMatchObject({ email: "user@example.com", roles: ["user"] });
  const out = await api.ask(undefined, "DELETE", "/v1/login", undefined, cookie);
  expect([out.status, out.headers["set-cookie"]]).toEqual([204, expect.stringContaining("callwright=; Max-Age=0")]);
  expect((await api.ask(undefined, "GET", "/v1/me", undefined, cookie)).status).toBe(401);
});

test("a permanent one outlives the browser", async () => {
  expect((await signIn({ permanent: true })).headers["set-cookie"]).toContain("Max-Age=2592000");
});

test("a wrong password sets nothing, and shows nobody's existence", async () => {
  const wrong = await signIn({ password: "wrong" });
  const unknown = await signIn({ email: "nobody@example.com" });
  for (const { status, headers, body } of [wrong, unknown]) {
    expect([status, headers["set-cookie"], body.code]).toEqual([401, undefined, "API_CREDENTIALS_WRONG"]);
  }
});
