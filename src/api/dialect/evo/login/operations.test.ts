import { beforeEach, describe, expect, test } from "vitest";
import { type EvoAnswer, type EvoApi, evoApi } from "../../../../../test/support/fakes/evo.ts";
import { basicOf, testPassword } from "../../../../../test/support/fakes/http.ts";

let api: EvoApi;
beforeEach(async () => {
  api = await evoApi();
});

const credentials = { provider: "credentials", userName: "manager@example.com", password: testPassword };

/** Name and value of each cookie that is set, and whether it outlives the browser. */
function cookiesOf(answer: EvoAnswer): Record<string, { value: string; isLong: boolean; attributes: string }> {
  const lines = [(answer.headers["set-cookie"] ?? []) as string | string[]].flat();
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = "", value = "", attributes = ""] = /^([^=]+)=([^;]*)(.*)$/.exec(line) ?? [];
      return [name, { value, isLong: /Max-Age=[1-9]/.test(attributes), attributes }];
    }),
  );
}

describe("signing in", () => {
  test("for the browser's stay", async () => {
    const answer = await api.ask(undefined, "POST", "/auth/credentials", credentials);
    expect(answer).toMatchObject({
      status: 200,
      body: { userId: api.users.manager.id, userName: "manager@example.com", displayName: "manager Example", roles: ["Manager"] },
    });
    const cookies = cookiesOf(answer);
    expect(cookies["ss-id"]).toMatchObject({ value: answer.body.sessionId, isLong: false });
    expect(cookies["ss-id"]?.attributes).toMatch(/Path=\/.*HttpOnly.*SameSite=Lax/);
    expect(cookies["ss-pid"]).toMatchObject({ value: "" });
    expect(cookies["ss-opt"]).toMatchObject({ value: "temp", isLong: false });
    expect((await api.ask(undefined, "GET", "/auth", undefined, { cookie: `ss-id=${answer.body.sessionId}` })).body.roles).toEqual([
      "Manager",
    ]);
  });

  test("for longer", async () => {
    const cookies = cookiesOf(await api.ask(undefined, "POST", "/auth", { ...credentials, provider: undefined, rememberMe: true }));
    expect(cookies).toMatchObject({ "ss-id": { isLong: false }, "ss-pid": { isLong: true }, "ss-opt": { value: "perm", isLong: true } });
    expect((await api.ask(undefined, "GET", "/auth", undefined, { cookie: `ss-pid=${cookies["ss-pid"]?.value}` })).status).toBe(200);
  });

  test("ends the login that was there before", async () => {
    const first = await api.ask(undefined, "POST", "/auth/credentials", credentials);
    const cookie = `ss-id=${first.body.sessionId}`;
    await api.ask(undefined, "POST", "/auth/credentials", credentials, { cookie });
    expect((await api.ask(undefined, "GET", "/auth", undefined, { cookie })).status).toBe(401);
  });

  test("names empty members", async () => {
    const { status, body } = await api.ask(undefined, "POST", "/auth/credentials", {});
    expect({ status, code: body.responseStatus?.errorCode }).toEqual({ status: 400, code: "NotEmpty" });
    expect(body.responseStatus?.errors.map(({ fieldName }) => fieldName)).toEqual(["UserName", "Password"]);
  });

  test("a wrong password, a wrong name, an unknown provider", async () => {
    for (const wrong of [{ password: "x" }, { userName: "nobody@example.com" }]) {
      const { status, headers, body } = await api.ask(undefined, "POST", "/auth/credentials", { ...credentials, ...wrong });
      expect({ status, ...body.responseStatus }).toMatchObject({
        status: 401,
        errorCode: "Unauthorized",
        message: "Invalid Username or Password",
      });
      expect(headers["www-authenticate"]).toMatch(/^Basic/);
      expect(headers["set-cookie"]).toBeUndefined();
    }
    const unknown = await api.ask(undefined, "POST", "/auth/google", {});
    expect(unknown).toMatchObject({ status: 404, body: { responseStatus: { errorCode: "NotFound" } } });
  });

  test("a password in an address does not sign in", async () => {
    const query = new URLSearchParams({ userName: credentials.userName, password: testPassword }).toString();
    expect((await api.ask(undefined, "GET", `/auth/credentials?${query}`)).status).toBe(401);
  });
});

describe("who is there", () => {
  test("GET /auth", async () => {
    expect(await api.ask(undefined, "GET", "/auth")).toMatchObject({
      status: 401,
      body: { responseStatus: { errorCode: "Unauthorized", message: "Not Authenticated", errors: [] } },
    });
    expect((await api.ask("user", "GET", "/auth")).body).toMatchObject({ roles: ["User"], userName: "user@example.com" });
    expect((await api.ask("user", "GET", "/auth/basic")).status).toBe(200);
  });

  test("GET /auth/status", async () => {
    expect(await api.ask(undefined, "GET", "/auth/status")).toMatchObject({ status: 200, body: { isAuthenticated: false, roles: [] } });
    const { text } = await api.ask("administrator", "GET", "/auth/status");
    expect(JSON.parse(text)).toEqual({
      id: api.users.administrator.id,
      isAuthenticated: true,
      firstName: "administrator",
      lastName: "Example",
      name: "administrator Example",
      emailAddress: "administrator@example.com",
      roles: ["SystemAdministrator"],
      accountIds: [api.accountId],
      accountNames: ["Example"],
      dashboardPermissions: [],
    });
  });

  test("a wrong Basic header is refused even where anyone may ask", async () => {
    const answer = await api.ask(undefined, "GET", "/auth/status", undefined, { authorization: basicOf("user", "wrong") });
    expect(answer.status).toBe(401);
  });
});

test.each(["GET", "POST", "DELETE"] as const)("%s /auth/logout ends the login and takes the cookies away", async (method) => {
  const { body } = await api.ask(undefined, "POST", "/auth/credentials", { ...credentials, rememberMe: true });
  const cookie = `ss-id=${body.sessionId}; ss-pid=${body.sessionId}`;
  const answer = await api.ask(undefined, method, "/auth/logout", undefined, { cookie });
  expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: "{}" });
  expect(cookiesOf(answer)).toMatchObject({ "ss-id": { value: "" }, "ss-pid": { value: "" }, "ss-opt": { value: "" } });
  expect((await api.ask(undefined, "GET", "/auth", undefined, { cookie })).status).toBe(401);
});

test("cookies are Secure under an https address", async () => {
  const secure = await evoApi({ publicUrl: "https://voice.example.com" });
  const cookies = cookiesOf(await secure.ask(undefined, "POST", "/auth/credentials", credentials));
  expect(cookies["ss-id"]?.attributes).toMatch(/Secure/);
});
