/** Bayeux 1.0 §2.2, §3.5, §3.8, §4.5, §4.6 and §5, over raw HTTP. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../../support/virtual-clock.ts";
import { Browser, type RunningServer, runServer } from "./server.ts";

let server: RunningServer;
let browser: Browser;
let clientId: string;
beforeAll(async () => {
  server = await runServer(new VirtualClock(), {
    limits: { clientsPerUser: 1_000 },
    subscribeGuard: (subject, subscription) => subject.key === "ann" && !subscription.startsWith("/admin"),
  });
});
afterAll(() => server.close());
beforeEach(async () => {
  browser = new Browser(server);
  ({ clientId } = await browser.handshake());
});

const subscribe = (subscription: unknown, fields: object = {}) =>
  browser.send([{ channel: "/meta/subscribe", clientId, subscription, ...fields }]);
const unsubscribe = (subscription: unknown) => browser.send([{ channel: "/meta/unsubscribe", clientId, subscription, id: "u" }]);
const poll = async () => {
  const messages = await browser.connect(clientId, { advice: { timeout: 0 } });
  return messages.flatMap(({ data }) => (data === undefined ? [] : [data]));
};

describe("§4.5: subscribe", () => {
  test.each(["/v2/me/calls", "/v2/me/*", "/**", ["/a", "/b/**"]])("%s is echoed as it was sent", async (subscription) => {
    expect(await subscribe(subscription, { id: 12 })).toEqual([
      { channel: "/meta/subscribe", id: 12, clientId, successful: true, subscription },
    ]);
  });

  test.each([
    ["nothing", undefined, "403::subscription_missing"],
    ["null", null, "403::subscription_missing"],
    ["an empty list", [], "403::subscription_missing"],
    ["a name without a slash", "bad", "403::subscription_invalid"],
    ["a wildcard in the middle", "/a/*/b", "403::subscription_invalid"],
    ["a wildcard within a segment", "/a*", "403::subscription_invalid"],
    ["a name with a blank", "/a b", "403::subscription_invalid"],
    ["a number", 5, "403::subscription_invalid"],
    ["a list with one that is wrong", ["/a", "b"], "403::subscription_invalid"],
    ["§2.2.2: a meta channel", "/meta/connect", "403::subscription_invalid"],
    ["§2.2.2: all meta channels", "/meta/**", "403::subscription_invalid"],
    ["what the guard refuses", "/admin/calls", "403:denied_by_security_policy:subscribe_denied"],
  ])("%s is refused, and the client goes on", async (_case, subscription, error) => {
    const [reply] = await subscribe(subscription, { id: "s" });
    expect(reply).toMatchObject({ channel: "/meta/subscribe", id: "s", clientId, successful: false, error });
    if (subscription !== undefined) expect(reply?.subscription).toEqual(subscription);
    await subscribe("/a");
    server.bayeux.publish("ann", "/a", "still here");
    expect(await poll()).toEqual(["still here"]);
  });

  test("of a list either all or none", async () => {
    await subscribe(["/a", "bad"]);
    server.bayeux.publish("ann", "/a", 1);
    expect(await poll()).toEqual([]);
  });

  test("§2.2.3: service channels are accepted and not recorded", async () => {
    expect(await subscribe("/service/echo")).toMatchObject([{ successful: true }]);
    server.bayeux.publishToClient(clientId, "/service/echo", 1);
    expect(await poll()).toEqual([1]);
  });
});

describe("§2.2.1: which channels a pattern matches", () => {
  test.each([
    ["/a/*", ["/a/b"]],
    ["/a/**", ["/a/b", "/a/b/c"]],
    ["/*", ["/a"]],
    ["/**", ["/a", "/a/b", "/a/b/c"]],
    ["/a/b", ["/a/b"]],
  ])("%s", async (pattern, expected) => {
    await subscribe(pattern);
    for (const channel of ["/a", "/a/b", "/a/b/c"]) server.bayeux.publish("ann", channel, channel);
    expect(await poll()).toEqual(expected);
  });

  test("one copy, however many patterns match", async () => {
    await subscribe(["/a/b", "/a/*"]);
    await subscribe("/**");
    server.bayeux.publish("ann", "/a/b", 1);
    expect(await poll()).toEqual([1]);
  });
});

describe("§4.6: unsubscribe", () => {
  test("ends one subscription; what was published before still comes", async () => {
    await subscribe(["/a", "/b"]);
    server.bayeux.publish("ann", "/a", 1);
    expect(await unsubscribe("/a")).toEqual([{ channel: "/meta/unsubscribe", id: "u", clientId, successful: true, subscription: "/a" }]);
    for (const channel of ["/a", "/b"]) server.bayeux.publish("ann", channel, channel);
    expect(await poll()).toEqual([1, "/b"]);
  });

  test.each([
    [undefined, false],
    ["bad", false],
    ["/never", true],
    [["/a", "/b"], true],
  ])("%s: %s", async (subscription, successful) => {
    expect(await unsubscribe(subscription)).toMatchObject([{ id: "u", successful }]);
  });
});

describe("§5.1: nobody publishes", () => {
  test("a client is refused with the id of its message, and no data", async () => {
    expect(await browser.send([{ channel: "/v2/me/calls", clientId, data: { a: 1 }, id: "p1" }])).toEqual([
      { channel: "/v2/me/calls", id: "p1", clientId, successful: false, error: "403::publish_denied" },
    ]);
  });

  test("so is one that never shook hands, and a service channel", async () => {
    expect(await browser.send([{ channel: "/a", data: 1 }])).toEqual([{ channel: "/a", successful: false, error: "403::publish_denied" }]);
    expect(await browser.send([{ channel: "/service/a", clientId, data: 1 }])).toMatchObject([{ error: "403::publish_denied" }]);
  });
});

describe("§3: messages that are wrong are answered one by one", () => {
  test.each([
    ["no channel", { clientId: "mine", id: "1" }, { id: "1", error: "400::channel_missing" }],
    ["a channel of the wrong type", { channel: 5, clientId: "mine" }, { error: "400::channel_missing" }],
    ["an illegal channel", { channel: "a b", clientId: "mine" }, { channel: "a b", error: "405::channel_invalid" }],
    ["an unknown meta channel", { channel: "/meta/dance", clientId: "mine" }, { error: "404::channel_unknown" }],
    ["no client id", { channel: "/meta/subscribe", subscription: "/a" }, { error: "402::session_unknown" }],
    ["a client id of the wrong type", { channel: "/meta/connect", clientId: 7 }, { error: "402::session_unknown" }],
    ["an unknown client", { channel: "/meta/unsubscribe", clientId: "x" }, { clientId: "x", error: "402::session_unknown" }],
    ["an unknown client that leaves", { channel: "/meta/disconnect", clientId: "x" }, { error: "402::session_unknown" }],
  ])("%s", async (_case, message, expected) => {
    const own = Object.fromEntries(Object.entries(message).map(([name, value]) => [name, value === "mine" ? clientId : value]));
    const replies = await browser.send([own, { channel: "/meta/subscribe", clientId, subscription: "/a", id: "last" }]);
    expect(replies).toMatchObject([
      { successful: false, ...expected },
      { id: "last", successful: true },
    ]);
  });

  test("one bare message instead of an array", async () => {
    expect(await browser.send({ channel: "/meta/subscribe", clientId, subscription: "/a" })).toMatchObject([{ successful: true }]);
  });
});

test("§5.2: no event ever carries the id of a client, or anything but channel and data", async () => {
  await subscribe("/a");
  server.bayeux.publish("ann", "/a", { text: "hello" });
  const [event] = await browser.connect(clientId);
  expect(event).toEqual({ channel: "/a", data: { text: "hello" } });
});
