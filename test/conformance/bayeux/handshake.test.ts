/** Bayeux 1.0 §2.3, §2.4, §3.5, §3.6, §4.1, §7.1 and §8.1, over raw HTTP. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { VirtualClock } from "../../support/virtual-clock.ts";
import { Browser, type RunningServer, runServer } from "./server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await runServer(new VirtualClock(), { limits: { clientsPerUser: 1_000 } });
});
afterAll(() => server.close());

const shake = { channel: "/meta/handshake", version: "1.0", supportedConnectionTypes: ["long-polling"] };

test("§4.1.2: a successful reply has channel, version, connection types, client id and successful; the id comes back", async () => {
  const [reply] = await new Browser(server).send([{ ...shake, minimumVersion: "1.0beta", id: "h1" }]);
  expect(reply).toEqual({
    channel: "/meta/handshake",
    id: "h1",
    successful: true,
    version: "1.0",
    minimumVersion: "1.0",
    supportedConnectionTypes: ["websocket", "long-polling", "callback-polling"],
    clientId: expect.stringMatching(/^[0-9a-f]{40}$/),
    advice: { reconnect: "retry", interval: 0, timeout: 30_000, maxInterval: 10_000 },
  });
});

test("§2.4: every handshake makes another client, of at least 128 random bits", async () => {
  const browser = new Browser(server);
  const ids = await Promise.all(Array.from({ length: 20 }, async () => (await browser.handshake()).clientId));
  expect(new Set(ids).size).toBe(20);
});

test("§4.1.1: the server ignores any other message sent with a handshake", async () => {
  const browser = new Browser(server);
  const others = [
    { channel: "/meta/subscribe", subscription: "/a", id: "2" },
    { channel: "/a", data: 1, id: "3" },
  ];
  expect(await browser.send([others[0], shake, others[1]])).toMatchObject([{ channel: "/meta/handshake", successful: true }]);
});

describe("§4.1.2: an unsuccessful reply has channel, successful false and error, and says whether to try again", () => {
  test.each([
    ["no type in common", { supportedConnectionTypes: ["iframe"] }, "403:connection_types_unsupported:handshake_failed"],
    ["no types at all", { supportedConnectionTypes: undefined }, "403:connection_types_unsupported:handshake_failed"],
    ["types that are no list", { supportedConnectionTypes: "long-polling" }, "403:connection_types_unsupported:handshake_failed"],
    ["no version", { version: undefined }, "403:version_unsupported:handshake_failed"],
    ["an older version", { version: "0.9" }, "403:version_unsupported:handshake_failed"],
    ["a newer version", { version: "1.1" }, "403:version_unsupported:handshake_failed"],
    ["a newer least version", { version: "2.0", minimumVersion: "1.1" }, "403:version_unsupported:handshake_failed"],
    ["no version at all", { version: "new" }, "403:version_unsupported:handshake_failed"],
  ])("%s", async (_case, fields, error) => {
    const [reply] = await new Browser(server).send([{ ...shake, ...fields, id: "h" }]);
    expect(reply).toEqual({
      channel: "/meta/handshake",
      id: "h",
      successful: false,
      error,
      version: "1.0",
      minimumVersion: "1.0",
      supportedConnectionTypes: ["websocket", "long-polling", "callback-polling"],
      advice: { reconnect: "none", interval: 0 },
    });
  });

  test("§7.1: nobody is signed in", async () => {
    const [reply] = await new Browser(server, "").send([shake]);
    expect(reply).toMatchObject({ successful: false, error: "403::handshake_denied", advice: { reconnect: "none" } });
    expect(reply).not.toHaveProperty("clientId");
  });
});

test.each(["1.0", "1.0beta", "1.0.0"])("§2.3: version %s is ours", async (version) => {
  await expect(new Browser(server).handshake({ version })).resolves.toMatchObject({ version: "1.0" });
});

test("a client that prefers a newer version and speaks ours", async () => {
  await expect(new Browser(server).handshake({ version: "2.0", minimumVersion: "1.0" })).resolves.toMatchObject({ successful: true });
});

test("§8.1: the browser gets its cookie once, out of reach of scripts", async () => {
  const browser = new Browser(server);
  const body = JSON.stringify([shake]);
  const first = await browser.ask("/handshake", { body });
  expect(first.setCookie).toMatch(/^BAYEUX_BROWSER=[0-9a-f]{32}; Path=\/; HttpOnly; SameSite=Lax$/);
  expect((await browser.ask("/handshake", { body })).setCookie).toBe("");
  browser.cookie = "BAYEUX_BROWSER=made-up";
  expect((await browser.ask("/handshake", { body })).setCookie).toMatch(/^BAYEUX_BROWSER=[0-9a-f]{32};/);
});

test("§3.5: who has the client id and not the cookie has nothing", async () => {
  const browser = new Browser(server);
  const clientId = await browser.subscriber("/a");
  const stranger = new Browser(server);
  expect(await stranger.connect(clientId)).toMatchObject([{ error: "402::session_unknown", advice: { reconnect: "handshake" } }]);
});

test("extensions: ack and timesync are answered, all others passed over", async () => {
  const ext = { ack: true, timesync: { tc: 1000, l: 20, o: 5 }, "org.example": { a: 1 } };
  const now = 1_000_000;
  expect(await new Browser(server).handshake({ ext })).toMatchObject({
    ext: { ack: true, timesync: { tc: 1000, ts: now, p: 0, a: 1025 - now } },
  });
  const strange = { ack: "yes", timesync: { tc: "now" } };
  expect(await new Browser(server).handshake({ ext: strange })).not.toHaveProperty("ext");
  expect(await new Browser(server).handshake({ ext: "none" })).not.toHaveProperty("ext");
});
