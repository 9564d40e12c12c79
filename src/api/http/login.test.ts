import { beforeEach, describe, expect, test } from "vitest";
import { basicOf, testHouse, type TestHouse, testPassword } from "../../../test/support/fakes/http.ts";
import type { Credentials } from "./login.ts";

let house: TestHouse;
beforeEach(async () => {
  house = await testHouse();
});

const from = (shown: Partial<Credentials>): Credentials => ({ authorization: undefined, tokens: [], address: "192.0.2.1", ...shown });
const asked = (shown: Partial<Credentials>) => house.logins.identify(from(shown));
const wrong = basicOf("user", "wrong");

test("nothing shown is nobody", async () => {
  expect(await asked({})).toBeUndefined();
});

describe("Basic", () => {
  test("e-mail without regard to case, password with", async () => {
    const { user } = house.users;
    const header = `Basic ${Buffer.from(`USER@example.com:${testPassword}`).toString("base64")}`;
    expect(await asked({ authorization: header })).toEqual({ userId: user.id, accountId: house.accountId, roles: ["user"], via: "basic" });
    await expect(asked({ authorization: basicOf("user", testPassword.toUpperCase()) })).rejects.toMatchObject({
      code: "API_CREDENTIALS_WRONG",
    });
  });

  test("a password may hold colons", async () => {
    const passwordHash = await house.logins.hashPassword("a:b:c");
    await house.directory.users.update({ ...house.users.user, passwordHash });
    expect(await asked({ authorization: basicOf("user", "a:b:c") })).toMatchObject({ via: "basic" });
  });

  test.each([
    "Basic",
    "Basic !!!",
    `Basic ${Buffer.from("no colon").toString("base64")}`,
    "Digest username=x",
    "Bearer",
    "Bearer cw_nothing",
    "Bearer x",
  ])("%s is refused", async (authorization) => {
    await expect(asked({ authorization })).rejects.toMatchObject({ code: "API_CREDENTIALS_WRONG" });
  });

  test("what was verified holds no longer than the user's row", async () => {
    const { user } = house.users;
    const authorization = basicOf("user");
    await asked({ authorization });
    await house.directory.users.update({ ...user, roles: ["manager"] });
    expect(await asked({ authorization })).toMatchObject({ roles: ["manager"] });
    await house.directory.users.update({ ...user, passwordHash: await house.logins.hashPassword("another") });
    await expect(asked({ authorization })).rejects.toMatchObject({ code: "API_CREDENTIALS_WRONG" });
    await house.directory.users.remove(house.accountId, user.id);
    await expect(asked({ authorization: basicOf("user", "another") })).rejects.toMatchObject({ code: "API_CREDENTIALS_WRONG" });
  });
});

describe("failed attempts", () => {
  test("ten in a minute as one user close the door, with the time to wait; others go on", async () => {
    for (let count = 0; count < 10; count++)
      await expect(asked({ authorization: wrong })).rejects.toMatchObject({ code: "API_CREDENTIALS_WRONG" });
    house.clock.advance(20_000);
    const limited = { code: "API_RATE_LIMITED", details: { retryAfterS: 40 } };
    await expect(asked({ authorization: wrong })).rejects.toMatchObject(limited);
    await expect(asked({ authorization: basicOf("user") }), "not even the right one tells").rejects.toMatchObject(limited);
    expect(await asked({ authorization: basicOf("manager") })).toMatchObject({ roles: ["manager"] });
    expect(await asked({ authorization: basicOf("user"), address: "192.0.2.2" })).toMatchObject({ roles: ["user"] });
    house.clock.advance(40_000);
    expect(await asked({ authorization: basicOf("user") })).toMatchObject({ roles: ["user"] });
  });

  test("who was let in a moment ago stays in", async () => {
    const authorization = basicOf("user");
    await asked({ authorization });
    for (let count = 0; count < 10; count++) await asked({ authorization: wrong }).catch(() => undefined);
    expect(await asked({ authorization })).toMatchObject({ roles: ["user"] });
    house.clock.advance(60_000);
    for (let count = 0; count < 10; count++) await asked({ authorization: wrong }).catch(() => undefined);
    await expect(asked({ authorization })).rejects.toMatchObject({ code: "API_RATE_LIMITED" });
  });

  test("one header sent many times at once is one attempt", async () => {
    const answers = await Promise.allSettled(Array.from({ length: 30 }, () => asked({ authorization: wrong })));
    expect(answers.every(({ status }) => status === "rejected")).toBe(true);
    expect(await asked({ authorization: basicOf("user") })).toMatchObject({ roles: ["user"] });
  });

  test("many guesses at once are no more than ten, whatever they find", async () => {
    const guesses = [...Array.from({ length: 20 }, (_, count) => basicOf("user", `guess ${count}`)), basicOf("user")];
    const answers = await Promise.allSettled(guesses.map((authorization) => asked({ authorization })));
    const codes = answers.map((answer) => (answer.status === "rejected" ? (answer.reason as { code: string }).code : "let in"));
    expect(codes.filter((code) => code === "API_CREDENTIALS_WRONG")).toHaveLength(10);
    expect(codes.at(-1)).toBe("API_RATE_LIMITED");
  });

  test("an address that tries fifty keys is shut out", async () => {
    for (let count = 0; count < 50; count++) await asked({ authorization: `Bearer cw_${count}` }).catch(() => undefined);
    await expect(asked({ authorization: "Bearer cw_x" })).rejects.toMatchObject({ code: "API_RATE_LIMITED" });
  });
});

describe("logins", () => {
  const hourMs = 3_600_000;

  test("only the hash of the token is kept", async () => {
    const { token } = await house.logins.createLogin(house.users.user, { permanent: false });
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(house.directory.logins.list(house.accountId))).not.toContain(token);
    expect(await asked({ tokens: ["other", token] })).toMatchObject({ userId: house.users.user.id, via: "cookie" });
  });

  test("a browser's login ends 12 hours after its last use", async () => {
    const { token, cookie } = await house.logins.createLogin(house.users.user, { permanent: false });
    expect(cookie).toEqual({ path: "/", httpOnly: true, sameSite: "lax", secure: false });
    for (let use = 0; use < 4; use++) {
      await house.clock.advanceAsync(11 * hourMs);
      expect(await asked({ tokens: [token] })).toBeDefined();
    }
    await house.clock.advanceAsync(12 * hourMs);
    expect(await asked({ tokens: [token] })).toBeUndefined();
  });

  test("a permanent one lasts 30 days, and Secure comes with https", async () => {
    house = await testHouse({ publicUrl: "https://voice.example.com" });
    const { token, cookie } = await house.logins.createLogin(house.users.user, { permanent: true });
    expect(cookie).toMatchObject({ maxAge: 30 * 24 * 3600, secure: true });
    await house.clock.advanceAsync(29 * 24 * hourMs);
    expect(await asked({ tokens: [token] })).toBeDefined();
  });

  test("goes on while the database is away", async () => {
    const { token } = await house.logins.createLogin(house.users.user, { permanent: false });
    house.directory.isAway = true;
    await house.clock.advanceAsync(11 * hourMs);
    expect(await asked({ tokens: [token] })).toBeDefined();
    await house.clock.advanceAsync(hourMs);
    expect(await asked({ tokens: [token] })).toBeUndefined();
  });

  test("ends when asked, and with its user", async () => {
    const first = await house.logins.createLogin(house.users.user, { permanent: false });
    const second = await house.logins.createLogin(house.users.user, { permanent: false });
    await house.logins.endLogin([first.token, "nothing"]);
    expect(await asked({ tokens: [first.token] })).toBeUndefined();
    expect(await asked({ tokens: [second.token] })).toBeDefined();
    await house.directory.users.remove(house.accountId, house.users.user.id);
    expect(await asked({ tokens: [second.token] })).toBeUndefined();
  });

  test("a user has at most fifty; the oldest and the expired go", async () => {
    for (let count = 0; count < 55; count++) {
      house.clock.advance(1);
      await house.logins.createLogin(house.users.user, { permanent: false });
    }
    expect(house.directory.logins.list(house.accountId)).toHaveLength(50);
    house.clock.advance(13 * hourMs);
    await house.logins.createLogin(house.users.user, { permanent: false });
    expect(house.directory.logins.list(house.accountId)).toHaveLength(1);
  });
});
