import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nativeApi, type NativeApi } from "../../../../test/support/fakes/native.ts";
import { usualTrunkPolicy } from "../../../directory/index.ts";
import { demoFlow } from "../../../flows/index.ts";

let api: NativeApi;
beforeEach(async () => {
  api = await nativeApi();
});
afterEach(() => api.server.close());

describe("flows", () => {
  test("a change of the document counts the version, a change of the name does not", async () => {
    const made = await api.ask("manager", "POST", "/v1/flows", { name: "Greeting", document: demoFlow });
    expect([made.status, made.body.version, made.headers["etag"]]).toEqual([201, 1, '"1"']);
    expect(made.headers["location"]).toBe(`/v1/flows/${made.body.id}`);
    const url = `/v1/flows/${made.body.id}`;
    const renamed = await api.ask("manager", "PATCH", url, { name: "Hello" });
    expect([renamed.body.name, renamed.body.version]).toEqual(["Hello", 1]);
    const changed = await api.ask("manager", "PATCH", url, { document: { ...demoFlow, start: "goodbye" } });
    expect(changed.body.version).toBe(2);
    expect(changed.body.hash).not.toBe(made.body.hash);
    expect(changed.body.warnings?.map(({ path }) => path)).toContain("document.nodes.greet");
    expect((await api.ask("manager", "GET", url)).body).toMatchObject({ name: "Hello", version: 2, document: { start: "goodbye" } });
  });

  test("If-Match keeps one person from overwriting another", async () => {
    const url = `/v1/flows/${api.flowId}`;
    const change = (etag: string, start: string) =>
      api.ask("manager", "PATCH", url, { document: { ...demoFlow, start } }, { "if-match": etag });
    expect((await change('"1"', "ask")).status).toBe(200);
    const late = await change('"1"', "goodbye");
    expect([late.status, late.body.code]).toEqual([412, "API_VERSION_CHANGED"]);
    expect((await change("*", "goodbye")).status).toBe(200);
  });

  test("one that a number runs cannot be removed", async () => {
    const number = await api.ask("manager", "POST", "/v1/numbers", { number: "+12025550155", flowId: api.flowId });
    const refused = await api.ask("manager", "DELETE", `/v1/flows/${api.flowId}`);
    expect([refused.status, refused.body.code]).toEqual([409, "FLOW_IN_USE"]);
    await api.ask("manager", "PATCH", `/v1/numbers/${number.body.id}`, { flowId: null });
    expect((await api.ask("manager", "DELETE", `/v1/flows/${api.flowId}`)).status).toBe(204);
    expect((await api.ask("manager", "GET", `/v1/flows/${api.flowId}`)).status).toBe(404);
  });
});

describe("numbers", () => {
  test("are owned once in the whole server", async () => {
    const { status, body } = await api.ask("manager", "POST", "/v1/numbers", { number: api.number });
    expect([status, body.code, body.errors?.[0]?.path]).toEqual([409, "DIRECTORY_DUPLICATE", "number"]);
  });

  test("page by page, oldest first, over a removal", async () => {
    for (let last = 1; last <= 4; last++) {
      api.clock.advance(1);
      await api.ask("manager", "POST", "/v1/numbers", { number: `+1202555015${last}` });
    }
    const first = await api.ask("manager", "GET", "/v1/numbers?limit=2");
    expect(first.body.items.map(({ number }) => number)).toEqual([api.number, "+12025550151"]);
    await api.ask("manager", "DELETE", `/v1/numbers/${first.body.items[1]?.id}`);
    const second = await api.ask("manager", "GET", `/v1/numbers?limit=2&cursor=${first.body.nextCursor}`);
    expect(second.body.items.map(({ number }) => number)).toEqual(["+12025550152", "+12025550153"]);
    const third = await api.ask("manager", "GET", `/v1/numbers?limit=2&cursor=${second.body.nextCursor}`);
    expect([third.body.items.map(({ number }) => number), third.body.nextCursor]).toEqual([["+12025550154"], null]);
  });

  test("503 while the database is away", async () => {
    api.directory.isAway = true;
    const { status, body } = await api.ask("manager", "POST", "/v1/numbers", { number: "+12025550155" });
    expect([status, body.code]).toEqual([503, "DIRECTORY_UNAVAILABLE"]);
  });
});

describe("trunks", () => {
  test("never show their password, keep it when it is left out, and clear it by null", async () => {
    const made = await api.ask("administrator", "POST", "/v1/trunks", {
      name: "T",
      host: "sip.example.com",
      username: "u",
      password: "hunter22",
    });
    expect(made.text).not.toContain("hunter22");
    expect(made.body).toMatchObject({ port: null, transport: null, hasPassword: true, prefixes: [], mediaToSource: false });
    const url = `/v1/trunks/${made.body.id}`;
    expect((await api.ask("administrator", "PATCH", url, { priority: 3 })).body).toMatchObject({ priority: 3, hasPassword: true });
    expect(api.directory.trunks.get(api.accountId, made.body.id)?.password).toBe("hunter22");
    expect((await api.ask("administrator", "PATCH", url, { password: null })).body.hasPassword).toBe(false);
    expect((await api.ask("administrator", "GET", "/v1/trunks")).text).not.toContain("s3cret");
  });

  test("may go by TLS, not by WebSocket, and have addresses in the spelling of sockets", async () => {
    const made = await api.ask("administrator", "POST", "/v1/trunks", {
      name: "T",
      host: "sip.example.com",
      transport: "tls",
      sourceAddresses: ["2001:DB8:0::1", "::ffff:192.0.2.1"],
    });
    expect(made.body).toMatchObject({ transport: "tls", sourceAddresses: ["2001:db8::1", "192.0.2.1"] });
    expect((await api.ask("administrator", "POST", "/v1/trunks", { name: "T", host: "h", transport: "ws" })).status).toBe(400);
  });
});

describe("the codecs of a trunk", () => {
  test("are those of the server, some of its own, and those of the server again", async () => {
    const { body } = await addTrunk();
    expect(body.codecs).toBeNull();
    const change = (codecs: unknown) => api.ask("administrator", "PATCH", `/v1/trunks/${body.id}`, { codecs });
    expect((await change(["PCMA", "opus"])).body.codecs).toEqual(["PCMA", "opus"]);
    expect(api.directory.trunks.get(api.accountId, body.id)?.codecs).toEqual(["PCMA", "opus"]);
    expect((await change(null)).body.codecs).toBeNull();
  });

  test.each([[["G729"]], [[]], [["PCMU", "PCMU"]], ["PCMU"]])("%j is refused", async (codecs) => {
    expect((await api.ask("administrator", "POST", "/v1/trunks", { name: "T", host: "h", codecs })).status).toBe(400);
  });
});

const addTrunk = () =>
  api.ask("administrator", "POST", "/v1/trunks", { name: "T", host: "sip.example.com", policy: { redirects: "pass" } });

describe("the policy of a trunk", () => {
  test("is as usual where nothing is said, and what is left out of a change stays", async () => {
    const { body } = await addTrunk();
    expect(body.policy).toEqual({ ...usualTrunkPolicy, redirects: "pass" });
    const change = { policy: { identityHeader: "p-asserted-identity", addedHeaders: { "X-From": "us" } } };
    const changed = await api.ask("administrator", "PATCH", `/v1/trunks/${body.id}`, change);
    expect(changed.body.policy).toEqual({ ...usualTrunkPolicy, redirects: "pass", ...change.policy });
  });

  test.each([
    [{ addedHeaders: { Via: "x" } }, "policy.addedHeaders"],
    [{ addedHeaders: { "X-A": "1\r\nVia: x" } }, "policy.addedHeaders"],
    [{ keptHeaders: ["X-A", "a b"] }, "policy.keptHeaders.1"],
  ])("%j is refused with its path", async (policy, path) => {
    const { body } = await addTrunk();
    const refused = await api.ask("administrator", "PATCH", `/v1/trunks/${body.id}`, { policy });
    expect([refused.status, refused.body.errors?.[0]?.path]).toEqual([400, path]);
  });
});

describe("lines", () => {
  test("are given to a user, moved to another and taken away", async () => {
    const { user, manager } = api.users;
    const made = await api.ask("administrator", "POST", "/v1/lines", { userId: user.id, number: "5001" });
    expect([made.status, made.body.userId, made.body.number]).toEqual([201, user.id, "5001"]);
    const url = String(made.headers["location"]);
    expect((await api.ask("administrator", "PATCH", url, { userId: manager.id })).body).toMatchObject({
      userId: manager.id,
      number: "5001",
    });
    expect((await api.ask("administrator", "PATCH", url, { number: "5002" })).body).toMatchObject({ userId: manager.id, number: "5002" });
    expect(api.directory.lines.byNumber(api.accountId, "5002")?.userId).toBe(manager.id);
    expect((await api.ask("administrator", "GET", "/v1/lines")).body.items.map(({ number }) => number)).toEqual(["5002"]);
    expect((await api.ask("administrator", "DELETE", url)).status).toBe(204);
    expect((await api.ask("administrator", "GET", url)).status).toBe(404);
  });

  test.each(["5", "123456789", "+5001", "50a1", ""])("%j is no extension", async (number) => {
    const { status, body } = await api.ask("administrator", "POST", "/v1/lines", { userId: api.users.user.id, number });
    expect([status, body.errors?.[0]?.path]).toEqual([400, "number"]);
  });

  test("need a user of the account and a number nobody has", async () => {
    const nobody = await api.ask("administrator", "POST", "/v1/lines", { userId: "0123456789abcdef01234567", number: "5001" });
    expect([nobody.status, nobody.body.errors?.[0]?.path]).toEqual([400, "userId"]);
    const first = { userId: api.users.user.id, number: "5001" };
    await api.ask("administrator", "POST", "/v1/lines", first);
    const again = await api.ask("administrator", "POST", "/v1/lines", first);
    expect([again.status, again.body.code, again.body.errors?.[0]?.path]).toEqual([409, "DIRECTORY_DUPLICATE", "number"]);
  });
});

describe("users", () => {
  const newUser = {
    email: "Ann@example.com",
    password: "long enough",
    roles: ["user"],
    phone: { username: "ann", password: "phone word" },
  };

  test("come with a phone, both or neither", async () => {
    const { status, body, text } = await api.ask("administrator", "POST", "/v1/users", newUser);
    expect(status).toBe(201);
    expect(text).not.toMatch(/argon2|long enough|phone word/);
    expect(api.directory.phones.byUser(body.id).map(({ username }) => username)).toEqual(["ann"]);
    const second = await api.ask("administrator", "POST", "/v1/users", { ...newUser, email: "ben@example.com" });
    expect([second.status, second.body.errors?.[0]?.path]).toEqual([409, "username"]);
    expect(api.directory.users.byEmail("ben@example.com")).toBeUndefined();
    const same = await api.ask("administrator", "POST", "/v1/users", { ...newUser, email: "ANN@example.com" });
    expect([same.status, same.body.errors?.[0]?.path]).toEqual([409, "email"]);
  });

  test("the last administrator stays", async () => {
    const url = `/v1/users/${api.users.administrator.id}`;
    for (const answer of [
      await api.ask("administrator", "DELETE", url),
      await api.ask("administrator", "PATCH", url, { roles: ["user"] }),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([409, "USER_LAST_ADMINISTRATOR"]);
    }
    await api.ask("administrator", "PATCH", `/v1/users/${api.users.manager.id}`, { roles: ["administrator"] });
    expect((await api.ask("administrator", "DELETE", url)).status).toBe(204);
  });

  test("removing one removes phones, keys and logins", async () => {
    const { body } = await api.ask("administrator", "POST", "/v1/users", newUser);
    const key = await api.ask("administrator", "POST", "/v1/api-keys", { name: "k", userId: body.id });
    const login = await api.ask(undefined, "POST", "/v1/login", { email: newUser.email, password: newUser.password });
    expect([key.status, login.status]).toEqual([201, 200]);
    expect((await api.ask("administrator", "DELETE", `/v1/users/${body.id}`)).status).toBe(204);
    const { phones, apiKeys, logins } = api.directory;
    expect([phones.byUser(body.id), apiKeys.list(api.accountId), logins.list(api.accountId)]).toEqual([[], [], []]);
  });

  test("a new password ends logins and holds at once", async () => {
    await api.ask(undefined, "POST", "/v1/login", { email: "user@example.com", password: "correct horse" });
    expect((await api.ask("user", "GET", "/v1/me")).status).toBe(200);
    await api.ask("administrator", "PATCH", `/v1/users/${api.users.user.id}`, { password: "battery staple" });
    expect((await api.ask("user", "GET", "/v1/me")).status).toBe(401);
    expect(api.directory.logins.list(api.accountId)).toEqual([]);
  });
});

test("phones: the stored secrets are RFC 7616's H(A1) of the realm callwright", async () => {
  const userId = api.users.user.id;
  const { status, body } = await api.ask("administrator", "POST", "/v1/phones", { userId, username: "bob", password: "zanzibar" });
  expect(status).toBe(201);
  // printf 'bob:callwright:zanzibar' | md5sum; the same with sha256sum
  expect(api.directory.phones.get(api.accountId, body.id)).toMatchObject({
    ha1Md5: "1223eb1cf780d5aeeb519f57fa05c0e4",
    ha1Sha256: "eb464713481fa328653da974c44ed90bbdeb3222606c01339a781ad691d0ac99",
  });
  const before = api.directory.phones.byUsername("bob")?.ha1Md5;
  await api.ask("administrator", "PATCH", `/v1/phones/${body.id}`, { password: "something else" });
  expect(api.directory.phones.byUsername("bob")?.ha1Md5).not.toBe(before);
});

describe("API keys", () => {
  test("are shown once, work as Bearer and stop when revoked", async () => {
    const { body } = await api.ask("administrator", "POST", "/v1/api-keys", { name: "robot", userId: api.users.manager.id });
    expect(body.key).toMatch(/^cw_[0-9a-f]{64}$/);
    expect((await api.ask("administrator", "GET", "/v1/api-keys")).text).not.toContain(body.key);
    expect(JSON.stringify(api.directory.apiKeys.list(api.accountId))).not.toContain(body.key);
    const bearer = { authorization: `Bearer ${body.key}` };
    expect((await api.ask(undefined, "GET", "/v1/me", undefined, bearer)).body.email).toBe("manager@example.com");
    expect((await api.ask(undefined, "GET", "/v1/users", undefined, bearer)).status).toBe(403);
    await api.ask("administrator", "DELETE", `/v1/api-keys/${body.id}`);
    expect((await api.ask(undefined, "GET", "/v1/me", undefined, bearer)).body.code).toBe("API_CREDENTIALS_WRONG");
  });
});

describe("demo phone", () => {
  test("is shown, changed and heard", async () => {
    expect((await api.ask("user", "GET", "/v1/demo-phone")).body).toMatchObject({ number: "+12025550100", behaviour: "answer" });
    const changed = await api.ask("manager", "PATCH", "/v1/demo-phone", { behaviour: "busy", answerAfterMs: 0, digits: "12,#" });
    expect(changed.body).toMatchObject({ behaviour: "busy", answerAfterMs: 0, digits: "12,#" });
    const silent = await api.ask("manager", "GET", "/v1/demo-phone/recording.wav");
    expect([silent.status, silent.body.code]).toEqual([404, "DEMO_PHONE_SILENT"]);
    api.demoPhone.heard = new Uint8Array(Buffer.from("RIFF....WAVE"));
    const heard = await api.ask("manager", "GET", "/v1/demo-phone/recording.wav");
    expect([heard.status, heard.headers["content-type"], heard.text]).toEqual([200, "audio/wav", "RIFF....WAVE"]);
  });

  test("404 where there is none", async () => {
    const without = await nativeApi({ withoutDemoPhone: true });
    const { status, body } = await without.ask("manager", "GET", "/v1/demo-phone");
    expect([status, body.code]).toEqual([404, "DEMO_PHONE_ABSENT"]);
    await without.server.close();
  });
});
