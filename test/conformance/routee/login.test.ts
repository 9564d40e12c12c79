/** Tokens: how they are got, what they open, and when they end. */
import { hash } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { routesOf } from "../../../src/api/http/authorisation.ts";
import { basicOf } from "../../support/fakes/http.ts";
import {
  applicationId,
  applicationSecret,
  basicOfApplication,
  type RouteeApi,
  routeeApi,
  smallConversation,
} from "../../support/fakes/routee.ts";

let api: RouteeApi;
beforeEach(async () => {
  api = await routeeApi();
});

const credentials = "grant_type=client_credentials";
const minuteMs = 60_000;

describe("POST /oauth/token", () => {
  test("the answer, as clients have captured it", async () => {
    const { status, headers, text } = await api.tokenFor(credentials);
    expect({ status, cache: headers["cache-control"], pragma: headers["pragma"] }).toEqual({
      status: 200,
      cache: "no-store",
      pragma: "no-cache",
    });
    expect(Object.entries(JSON.parse(text) as object)).toEqual([
      ["access_token", expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)],
      ["token_type", "bearer"],
      ["expires_in", 3599],
      ["scope", "voice virtual_number"],
      ["permissions", ["MT_ROLE_VOICE", "MT_ROLE_VIRTUAL_NUMBER"]],
    ]);
  });

  test("the live token is given again with what is left of its time, then another one", async () => {
    api.clock.advance(10 * minuteMs);
    const again = await api.tokenFor(credentials);
    expect(again.body).toMatchObject({ access_token: api.token, expires_in: 2999 });
    api.clock.advance(50 * minuteMs);
    const next = await api.tokenFor(credentials);
    expect(next.body).toMatchObject({ expires_in: 3599 });
    expect(next.body["access_token"]).not.toBe(api.token);
    // The one that has expired is not kept.
    expect(api.directory.accessTokens.byApplication(applicationId)).toHaveLength(1);
  });

  test("nothing that is kept opens anything", async () => {
    const [row] = api.directory.accessTokens.byApplication(applicationId);
    expect(row?.tokenHash).toBe(hash("sha256", api.token, "hex"));
    const kept = JSON.stringify([row, api.directory.applications.byId(applicationId)]);
    expect([kept.includes(api.token), kept.includes(applicationSecret)]).toEqual([false, false]);
  });

  test("asked twice at once, one token", async () => {
    api.clock.advance(61 * minuteMs);
    const [first, second] = await Promise.all([api.tokenFor(credentials), api.tokenFor(credentials)]);
    expect(first.body["access_token"]).toBe(second.body["access_token"]);
  });

  test.each([
    ["credentials in the form", `${credentials}&client_id=${applicationId}&client_secret=${applicationSecret}`, {}],
    ["an empty scope", `${credentials}&scope=`, { authorization: basicOfApplication }],
    ["a scheme in small letters", credentials, { authorization: basicOfApplication.replace("Basic", "basic") }],
  ])("%s", async (_name, form, headers) => {
    expect((await api.tokenFor(form, headers)).body).toMatchObject({ access_token: api.token });
  });

  test("parameters in the address", async () => {
    const answer = await api.ask("POST", `/oauth/token?${credentials}`, undefined, { authorization: basicOfApplication });
    expect(answer.body).toMatchObject({ access_token: api.token });
  });

  test.each<[string, string, Record<string, string>, number, object]>([
    [
      "nothing",
      credentials,
      {},
      401,
      { error: "unauthorized", error_description: "Full authentication is required to access this resource" },
    ],
    ["another scheme", credentials, { authorization: "Bearer x" }, 401, { error: "unauthorized" }],
    ["Basic without a colon", credentials, { authorization: "Basic eA==" }, 401, { error: "unauthorized" }],
    [
      "a wrong secret",
      credentials,
      { authorization: `Basic ${Buffer.from(`${applicationId}:x`).toString("base64")}` },
      401,
      { error: "invalid_client", error_description: "Bad client credentials" },
    ],
    ["an unknown application", `${credentials}&client_id=x&client_secret=`, {}, 401, { error: "invalid_client" }],
    [
      "no grant type",
      "",
      { authorization: basicOfApplication },
      400,
      { error: "invalid_request", error_description: "Missing grant type" },
    ],
    [
      "another grant type",
      "grant_type=password",
      { authorization: basicOfApplication },
      400,
      { error: "unsupported_grant_type", error_description: "Unsupported grant type: password" },
    ],
    ["an unknown scope", `${credentials}&scope=voice+sms`, { authorization: basicOfApplication }, 400, { error: "invalid_scope" }],
  ])("%s is refused as Spring does", async (_name, form, headers, status, body) => {
    const answer = await api.tokenFor(form, headers);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject(body);
    expect(answer.headers["www-authenticate"]).toBe(status === 401 ? 'Basic realm="callwright"' : undefined);
  });

  test("a secret in the address is not taken", async () => {
    const url = `/oauth/token?${credentials}&client_id=${applicationId}&client_secret=${applicationSecret}`;
    expect(await api.ask("POST", url, undefined, { authorization: "" })).toMatchObject({ status: 401 });
  });

  test("guessing ends for a minute", async () => {
    const guess = { authorization: `Basic ${Buffer.from(`${applicationId}:x`).toString("base64")}` };
    for (let count = 0; count < 10; count++) expect((await api.tokenFor(credentials, guess)).status).toBe(401);
    expect(await api.tokenFor(credentials)).toMatchObject({ status: 429, headers: { "retry-after": "60" } });
    api.clock.advance(minuteMs);
    expect((await api.tokenFor(credentials)).status).toBe(200);
  });

  test("while the database is away the live token is still given, a new one is not", async () => {
    api.directory.isAway = true;
    expect((await api.tokenFor(credentials)).body).toMatchObject({ access_token: api.token });
    api.clock.advance(61 * minuteMs);
    expect(await api.tokenFor(credentials)).toMatchObject({ status: 503, body: { error: "temporarily_unavailable" } });
  });
});

describe("what a token opens", () => {
  const expected = {
    "POST /oauth/token": "anonymous",
    "POST /voice/conversation": "authenticated",
    "GET /voice/conversation/:id": "authenticated",
    "PUT /voice/conversation/:id": "authenticated",
    "GET /voice/tracking/conversation/:id": "authenticated",
    "GET /voice/tracking/:id": "authenticated",
    "GET /numbers/my/:id": "authenticated",
    "PUT /numbers/my/:id": "authenticated",
  };

  test("every address, and who may use it", () => {
    const own = routesOf(api.server.fastify).filter(({ method, url }) => method !== "HEAD" && /^\/(oauth|voice|numbers)\//.test(url));
    expect(Object.fromEntries(own.map(({ method, url, access }) => [`${method} ${url}`, access]))).toEqual(expected);
  });

  test.each(Object.entries(expected).flatMap(([route, access]) => (access === "anonymous" ? [] : [route])))(
    "%s is closed to everybody else",
    async (route) => {
      const [method, url] = route.split(" ") as ["GET" | "POST" | "PUT", string];
      const { token } = await api.logins.createLogin(api.users.administrator, { permanent: false });
      const others = [
        { authorization: "" },
        { authorization: basicOf("administrator") },
        { authorization: `Bearer ${api.token.replace(/.$/, "x")}` },
        { authorization: "", cookie: `ss-id=${token}` },
      ];
      for (const headers of others) {
        const answer = await api.ask(method, url, method === "GET" ? undefined : {}, headers);
        expect(answer).toMatchObject({ status: 401, body: { code: "401000000", developerMessage: expect.any(String) } });
        expect(answer.headers["www-authenticate"]).toBe('Bearer realm="callwright"');
      }
    },
  );

  test("nothing of another dialect, however its address is written", async () => {
    for (const url of ["/sessions", "/sessions/my", "/%73essions", "/SESSIONS"]) expect((await api.ask("GET", url)).status).not.toBe(200);
    expect((await api.ask("GET", "/sessions")).status).toBe(401);
    const basic = { authorization: basicOf("administrator") };
    expect((await api.ask("GET", "/sessions", undefined, basic)).status).toBe(200);
    for (const url of ["/%76oice/tracking/x", "/voic%65/tracking/x"])
      expect((await api.ask("GET", url, undefined, basic)).status).not.toBe(200);
  });

  test("not after its hour, not without its application, not without its user", async () => {
    api.clock.advance(60 * minuteMs);
    expect((await api.ask("GET", "/voice/tracking/x")).status).toBe(401);
    const fresh = await routeeApi();
    await fresh.directory.users.remove(fresh.accountId, fresh.users.administrator.id);
    expect((await fresh.ask("GET", "/voice/tracking/x")).status).toBe(401);
    const third = await routeeApi();
    await third.directory.applications.remove(third.accountId, applicationId);
    expect((await third.ask("GET", "/voice/tracking/x")).status).toBe(401);
  });

  test("only what its scope says", async () => {
    const { body } = await api.tokenFor(`${credentials}&scope=virtual_number`);
    const authorization = `Bearer ${String(body["access_token"])}`;
    expect(body).toMatchObject({ scope: "virtual_number", permissions: ["MT_ROLE_VIRTUAL_NUMBER"] });
    expect((await api.ask("GET", `/numbers/my/${api.number.slice(1)}`, undefined, { authorization })).status).toBe(200);
    expect(await api.ask("POST", "/voice/conversation", smallConversation(), { authorization })).toMatchObject({
      status: 403,
      body: { code: "403000000" },
    });
  });

  test("another account's calls and numbers do not exist", async () => {
    const authorization = `Bearer ${await api.otherToken()}`;
    const { body } = await api.ask("POST", "/voice/conversation", smallConversation());
    const trackingId = String(body["trackingId"]);
    const page = await api.ask("GET", `/voice/tracking/conversation/${trackingId}`);
    const [{ messageId } = { messageId: "" }] = page.body["content"] as readonly { messageId: string }[];
    for (const [method, url] of [
      ["GET", `/voice/conversation/${trackingId}`],
      ["GET", `/voice/tracking/conversation/${trackingId}`],
      ["GET", `/voice/tracking/${messageId}`],
      ["PUT", `/voice/conversation/${messageId}`],
      ["GET", `/numbers/my/${api.number.slice(1)}`],
      ["PUT", `/numbers/my/${api.number.slice(1)}`],
    ] as const) {
      const own = method === "GET" ? (await api.ask(method, url)).status : 200;
      const other = await api.ask(method, url, method === "GET" ? undefined : { action: "reject" }, { authorization });
      expect([method, url, own, other.status]).toEqual([method, url, 200, 404]);
    }
  });
});
