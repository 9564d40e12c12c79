/** The WebSocket transport, frame by frame. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../../support/virtual-clock.ts";
import { eventually } from "../../support/waiting.ts";
import { Browser, type RunningServer, runServer, Socket } from "./server.ts";

let clock: VirtualClock;
let server: RunningServer;
beforeEach(async () => {
  clock = new VirtualClock();
  server = await runServer(clock, { limits: { requestBytes: 2_000, messagesPerRequest: 4 } });
});
afterEach(() => server.close());

const connect = (clientId: string, id: string, fields: object = {}) => ({
  channel: "/meta/connect",
  connectionType: "websocket",
  clientId,
  id,
  ...fields,
});
const subscribe = (clientId: string, subscription: string, id = "s") => ({ channel: "/meta/subscribe", clientId, subscription, id });

test("events are pushed at once in frames of their own; the connect stays until its timeout", async () => {
  const socket = await Socket.open(server);
  const clientId = await socket.handshake();
  await socket.ask(subscribe(clientId, "/a"));
  socket.send([connect(clientId, "c1")]);
  await socket.ask(subscribe(clientId, "/b", "s2"));
  server.bayeux.publish("ann", "/a", 1);
  server.bayeux.publish("ann", "/a", 2);
  await eventually("events", () => socket.messages.some(({ data }) => data === 2));
  expect(socket.frames.at(-1)).toBe('[{"channel":"/a","data":1},{"channel":"/a","data":2}]');
  expect(socket.messages.some(({ id }) => id === "c1")).toBe(false);
  clock.advance(30_050);
  expect(await socket.reply("c1")).toEqual({ channel: "/meta/connect", id: "c1", clientId, successful: true });
});

test("with acks events wait for a connect here too", async () => {
  const socket = await Socket.open(server);
  const clientId = await socket.handshake({ ext: { ack: true } });
  await socket.ask(subscribe(clientId, "/a"));
  server.bayeux.publish("ann", "/a", 1);
  expect(await socket.ask(connect(clientId, "c1", { ext: { ack: 0 } }))).toMatchObject({ ext: { ack: 1 } });
  expect(socket.frames.at(-1)).toContain('[{"channel":"/a","data":1},{"channel":"/meta/connect"');
  expect(socket.frames).toHaveLength(3);
});

test("a client outlives its socket by maxInterval and takes what waited to the next one", async () => {
  const first = await Socket.open(server);
  const clientId = await first.handshake();
  await first.ask(subscribe(clientId, "/a"));
  first.send([connect(clientId, "c1")]);
  await first.ask(subscribe(clientId, "/b", "s2"));
  first.webSocket.terminate();
  // Opened later, so its upgrade is answered after the end of the first was seen.
  const second = await Socket.open(server);
  clock.advance(9_900);
  server.bayeux.publish("ann", "/a", 1);
  await second.ask(connect(clientId, "c2", { advice: { timeout: 0 } }));
  expect(second.messages.map(({ data }) => data)).toEqual([1, undefined]);
  server.bayeux.publish("ann", "/a", 2);
  await eventually("pushed again", () => second.messages.some(({ data }) => data === 2));
  second.send([connect(clientId, "c3")]);
  await second.ask(subscribe(clientId, "/c", "s3"));
  second.webSocket.terminate();
  await Socket.open(server);
  clock.advance(10_050);
  expect(server.bayeux.clientCount).toBe(0);
});

test("a client can go on over HTTP with the same cookie, and is pushed nothing more", async () => {
  const browser = new Browser(server);
  const { clientId } = await browser.handshake({ supportedConnectionTypes: ["websocket"] });
  const socket = await Socket.open(server, { "x-user": "ann", cookie: browser.cookie });
  await socket.ask(subscribe(clientId, "/a"));
  await socket.ask(connect(clientId, "c1", { advice: { timeout: 0 } }));
  await browser.connect(clientId, { advice: { timeout: 0 } });
  server.bayeux.publish("ann", "/a", 1);
  expect(await browser.connect(clientId)).toMatchObject([{ data: 1 }, {}]);
  expect(socket.messages.some(({ data }) => data === 1)).toBe(false);
});

const origin = (host: string) => ({ "x-user": "ann", origin: `http://${host}` });

describe("who may", () => {
  test("the login of the upgrade counts; without one it is refused", async () => {
    await expect(Socket.open(server, {})).rejects.toThrow("403");
    await expect(Socket.open(server, { cookie: "other=1" })).rejects.toThrow("403");
  });

  test("a cookie will do, and the browser's cookie is set once", async () => {
    const socket = await Socket.open(server, { cookie: "user=ann; other=1" });
    expect(await socket.handshake()).not.toBe("");
  });

  test("pages of the same host, not of others", async () => {
    expect((await Socket.open(server, origin("127.0.0.1:5173"))).webSocket.readyState).toBe(1);
    for (const host of ["example.com", "127.0.0.1.example.com"]) await expect(Socket.open(server, origin(host))).rejects.toThrow("403");
    await expect(Socket.open(server, { origin: "null" })).rejects.toThrow("403");
  });

  test("other addresses get 404", async () => {
    await expect(Socket.open({ ...server, url: server.url.replace("/api/v2/notifications", "/other") })).rejects.toThrow("404");
    expect((await Socket.open(server, { "x-user": "ann" }, "/connect")).webSocket.readyState).toBe(1);
  });

  test("the end of a login leaves its sockets a denial, and then closes them", async () => {
    const socket = await Socket.open(server);
    const clientId = await socket.handshake();
    socket.send([connect(clientId, "c1")]);
    await socket.ask(subscribe(clientId, "/a"));
    server.bayeux.disconnectLogin("login of ann");
    expect(await socket.reply("c1")).toMatchObject({ error: "402::session_unknown", advice: { reconnect: "handshake" } });
    const again = { channel: "/meta/handshake", id: "h", version: "1.0", supportedConnectionTypes: ["websocket"] };
    expect(await socket.ask(again)).toMatchObject({ error: "403::handshake_denied", advice: { reconnect: "none" } });
    clock.advance(10_000);
    clock.advance(10_000);
    expect(await eventually("closed", () => socket.closeCode)).toBe(1008);
  });
});

describe("frames that are wrong are answered, and the socket closed, so that the client starts again", () => {
  test.each([
    ["{", "400::json_invalid"],
    ["[]", "400::message_missing"],
    ["[1]", "400::message_invalid"],
    ["[{},{},{},{},{}]", "400::too_many_messages"],
  ])("%s", async (text, error) => {
    const socket = await Socket.open(server);
    socket.webSocket.send(text);
    expect(await eventually("closed", () => socket.closeCode)).toBe(1008);
    expect(socket.messages).toEqual([{ successful: false, error }]);
  });

  test("binary, and too large", async () => {
    const binary = await Socket.open(server);
    binary.webSocket.send(Buffer.from("[]"));
    expect(await eventually("closed", () => binary.closeCode)).toBe(1003);
    const large = await Socket.open(server);
    large.webSocket.send("x".repeat(3_000));
    expect(await eventually("closed", () => large.closeCode)).toBe(1009);
  });

  test("a message that is wrong is answered by itself", async () => {
    const socket = await Socket.open(server);
    expect(await socket.ask({ id: "1", channel: "bad" })).toMatchObject({ error: "405::channel_invalid" });
    expect(socket.closeCode).toBeUndefined();
  });
});

test("a socket on which nobody shakes hands is closed", async () => {
  const idle = await Socket.open(server);
  const busy = await Socket.open(server);
  const clientId = await busy.handshake();
  busy.send([connect(clientId, "c1")]);
  await busy.ask(subscribe(clientId, "/a"));
  clock.advance(10_000);
  clock.advance(10_000);
  expect(await eventually("closed", () => idle.closeCode)).toBe(1008);
  expect(busy.closeCode).toBeUndefined();
});

test("when the server stops, connects are answered and sockets closed", async () => {
  const socket = await Socket.open(server);
  const clientId = await socket.handshake();
  socket.send([connect(clientId, "c1")]);
  await socket.ask(subscribe(clientId, "/a"));
  await server.close();
  expect(await socket.reply("c1")).toMatchObject({ successful: true, advice: { reconnect: "retry" } });
  expect(await eventually("closed", () => socket.closeCode)).toBe(1001);
});
