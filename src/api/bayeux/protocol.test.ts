import { describe, expect, test } from "vitest";
import { ann, BayeuxHouse, delivered, FakeLink } from "../../../test/support/fakes/bayeux.ts";

const ben = { subject: { key: "ben", loginId: "ben-1" }, browserId: "browser-2", isBrowserKnown: true };

describe("delivery", () => {
  test("to the clients of one user, and to nobody else", async () => {
    const house = new BayeuxHouse();
    const mine = house.connect(house.subscriber("/v2/me/calls"));
    const other = house.connect(house.subscriber("/v2/me/calls", {}, ben), {}, new FakeLink(ben));
    house.protocol.publish("ann", "/v2/me/calls", { state: "Ringing" });
    await delivered();
    expect(mine.events).toEqual([{ state: "Ringing" }]);
    expect(other.frames).toEqual([]);
  });

  test("one copy, however many subscriptions match; none when none does", async () => {
    const house = new BayeuxHouse();
    const link = house.connect(house.subscriber(["/v2/me/calls", "/v2/me/*", "/v2/**", "/**"]));
    house.protocol.publish("ann", "/v2/me/calls", 1);
    await delivered();
    expect(link.events).toEqual([1]);

    const deaf = house.connect(house.subscriber("/v2/*"));
    house.protocol.publish("ann", "/v2/me/calls", 2);
    await delivered();
    expect(deaf.frames).toEqual([]);
  });

  test("what is published together travels together", async () => {
    const house = new BayeuxHouse();
    const link = house.connect(house.subscriber("/a/*"));
    for (const number of [1, 2, 3]) house.protocol.publish("ann", "/a/b", number);
    await delivered();
    expect([link.frames.length, link.events]).toEqual([1, [1, 2, 3]]);
  });

  test("to one client, subscribed or not; a channel is a channel", async () => {
    const house = new BayeuxHouse();
    const clientId = house.handshake();
    const link = house.connect(clientId);
    expect(house.protocol.publishToClient(clientId, "/service/a", 1)).toBe(true);
    expect(house.protocol.publishToClient("nobody", "/a", 1)).toBe(false);
    await delivered();
    expect(link.events).toEqual([1]);
    for (const channel of ["/meta/connect", "/service/a", "bad", "/a/*"]) {
      expect(() => house.protocol.publish("ann", channel, 1), channel).toThrow("channel");
    }
  });

  test("events of a reply that did not leave come with the next connect", async () => {
    const house = new BayeuxHouse();
    const clientId = house.subscriber("/a");
    const link = house.connect(clientId);
    link.isStuck = true;
    house.protocol.publish("ann", "/a", 1);
    await delivered();
    link.settle(false);
    house.protocol.publish("ann", "/a", 2);
    await delivered();
    const atOnce = new FakeLink(ann);
    atOnce.isStuck = true;
    expect(house.connect(clientId, { advice: { timeout: 0 } }, atOnce).events).toEqual([1, 2]);
    atOnce.settle(false);
    expect(house.connect(clientId).events).toEqual([1, 2]);
  });
});

describe("a client that falls behind", () => {
  test.each([{ waitingEvents: 3 }, { waitingBytes: 130 }])("is dropped at %o and told to shake hands again", async (limits) => {
    const house = new BayeuxHouse(limits);
    const clientId = house.subscriber("/a");
    for (let number = 0; number < 3; number++) house.protocol.publish("ann", "/a", `event ${number}`);
    await delivered();
    expect(house.protocol.clientCount).toBe(1);
    for (let number = 3; number < 9; number++) house.protocol.publish("ann", "/a", `event ${number}`);
    expect(house.changes.at(-1)).toMatchObject({ kind: "left", clientId, reason: "too far behind" });
    expect(house.connect(clientId).messages).toMatchObject([
      { successful: false, error: "402::session_unknown", advice: { reconnect: "handshake", interval: 0 } },
    ]);
  });

  test("one that waits for events takes any number", async () => {
    const house = new BayeuxHouse({ waitingEvents: 3 });
    const link = house.connect(house.subscriber("/a"));
    for (let number = 0; number < 4; number++) house.protocol.publish("ann", "/a", number);
    await delivered();
    expect(link.events).toEqual([0, 1, 2]);
    expect(house.protocol.clientCount).toBe(1);
  });

  test("one that acknowledges nothing is behind too", async () => {
    const house = new BayeuxHouse({ waitingEvents: 3 });
    const clientId = house.subscriber("/a", { ext: { ack: true } });
    for (let number = 0; number < 4; number++) {
      house.connect(clientId, { ext: { ack: 0 } });
      house.protocol.publish("ann", "/a", number);
      await delivered();
    }
    expect(house.changes.at(-1)).toMatchObject({ reason: "too far behind" });
  });

  test("a socket that is not read: no more is pushed, then it is cut", async () => {
    const house = new BayeuxHouse({ waitingEvents: 3 });
    const socket = new FakeLink(ann, true);
    const clientId = house.handshake({}, socket);
    house.ask({ channel: "/meta/subscribe", clientId, subscription: "/a" }, socket);
    socket.isStuck = true;
    socket.unsentBytes = 1_000_000;
    for (let number = 0; number < 3; number++) house.protocol.publish("ann", "/a", number);
    await delivered();
    expect(socket.events).toEqual([]);
    expect(socket.hasEnded).toBe(false);
    house.protocol.publish("ann", "/a", 3);
    expect(socket.hasEnded).toBe(true);
  });

  test("a socket that is read again takes what waited", async () => {
    const house = new BayeuxHouse();
    const socket = new FakeLink(ann, true);
    const clientId = house.handshake({}, socket);
    house.ask({ channel: "/meta/subscribe", clientId, subscription: "/a" }, socket);
    socket.isStuck = true;
    house.protocol.publish("ann", "/a", 0);
    await delivered();
    socket.unsentBytes = 1_000_000;
    house.protocol.publish("ann", "/a", 1);
    await delivered();
    expect(socket.events).toEqual([0]);
    socket.unsentBytes = 0;
    socket.settle(true);
    expect(socket.events).toEqual([0, 1]);
  });
});

describe("ownership", () => {
  test.each([
    ["another user", { subject: ben.subject }],
    ["another login of the user", { subject: { key: "ann", loginId: "ann-2" } }],
    ["nobody", { subject: undefined }],
    ["another browser", { browserId: "browser-3" }],
    ["a browser without the cookie", { isBrowserKnown: false }],
  ])("%s cannot use a client's id", (_who, difference) => {
    const house = new BayeuxHouse();
    const clientId = house.subscriber("/a");
    for (const channel of ["/meta/connect", "/meta/subscribe", "/meta/unsubscribe", "/meta/disconnect", "/a"]) {
      const link = house.ask({ channel, clientId, connectionType: "long-polling" }, new FakeLink({ ...ann, ...difference }));
      expect(link.messages, channel).toMatchObject([{ successful: false, error: "402::session_unknown" }]);
    }
    expect(house.protocol.clientCount).toBe(1);
  });

  test("over a WebSocket the login is enough, as programs keep no cookies", () => {
    const house = new BayeuxHouse();
    const clientId = house.handshake();
    const socket = new FakeLink({ ...ann, browserId: "new", isBrowserKnown: false }, true);
    house.connect(clientId, { advice: { timeout: 0 } }, socket);
    expect(socket.messages).toMatchObject([{ successful: true }]);
  });

  test("the end of a login is the end of its clients", () => {
    const house = new BayeuxHouse();
    const link = house.connect(house.handshake());
    const other = house.connect(house.handshake({}, new FakeLink(ben)), {}, new FakeLink(ben));
    house.protocol.disconnectLogin("ann-1");
    expect(link.messages).toMatchObject([{ error: "402::session_unknown", advice: { reconnect: "handshake" } }]);
    expect(other.frames).toEqual([]);
    expect(house.protocol.clientCount).toBe(1);
  });
});

describe("limits", () => {
  test("clients of the server and of a user; there is room again when one leaves", () => {
    const house = new BayeuxHouse({ clients: 3, clientsPerUser: 2 });
    const first = house.handshake();
    house.handshake();
    expect(() => house.handshake()).toThrow("403:too_many_clients:handshake_denied");
    house.handshake({}, new FakeLink(ben));
    expect(() => house.handshake({}, new FakeLink(ben))).toThrow('"reconnect":"handshake"');
    house.ask({ channel: "/meta/disconnect", clientId: first });
    expect(house.handshake()).toBeTypeOf("string");
  });

  test("subscriptions of a client", () => {
    const house = new BayeuxHouse({ subscriptionsPerClient: 2 });
    const clientId = house.subscriber(["/a", "/b"]);
    const again = house.ask({ channel: "/meta/subscribe", clientId, subscription: ["/a", "/b", "/service/not-recorded"] });
    const more = house.ask({ channel: "/meta/subscribe", clientId, subscription: "/c" });
    expect([...again.messages, ...more.messages]).toMatchObject([
      { successful: true },
      { successful: false, error: "403:too_many_subscriptions:subscribe_denied" },
    ]);
  });
});

describe("times", () => {
  test("a client is forgotten when no connect comes within maxInterval of the last reply", () => {
    const house = new BayeuxHouse();
    const clientId = house.handshake();
    house.clock.advance(9_900);
    house.connect(clientId, { advice: { timeout: 0 } });
    house.clock.advance(9_900);
    expect(house.protocol.clientCount).toBe(1);
    house.clock.advance(200);
    expect(house.changes.at(-1)).toMatchObject({ kind: "left", reason: "expired" });
  });

  test("other messages do not keep it, and a held connect does", () => {
    const house = new BayeuxHouse();
    const clientId = house.handshake();
    house.clock.advance(9_000);
    house.ask({ channel: "/meta/subscribe", clientId, subscription: "/a" });
    house.clock.advance(1_100);
    expect(house.protocol.clientCount).toBe(0);
    const link = house.connect(house.handshake());
    house.clock.advance(29_900);
    expect([house.protocol.clientCount, link.frames.length]).toEqual([1, 0]);
  });

  test("500 clients that wait share one timer, and closing leaves none", () => {
    const house = new BayeuxHouse({ clientsPerUser: 500 });
    const links = Array.from({ length: 500 }, () => house.connect(house.handshake()));
    expect(house.clock.armed).toBe(1);
    house.protocol.close();
    expect(house.clock.armed).toBe(0);
    expect(links[499]?.messages).toMatchObject([{ successful: true, advice: { reconnect: "retry" } }]);
    expect(() => house.handshake()).toThrow("402::session_unknown");
    expect(house.clock.armed).toBe(0);
  });
});
