import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import {
  Closers,
  connectedTo,
  loopback,
  openTransport,
  openWith,
  optionsBytes,
  optionsRequest,
  textFrom,
} from "../../../../test/support/sip-transports.ts";

const closers = new Closers();
afterEach(() => closers.close());

/** A peer that we connect to, with the socket of that connection. */
async function peerOfOurs() {
  const server = createServer();
  closers.add(() => server.close());
  await once(server.listen(0, loopback), "listening");
  const address = server.address();
  const opened = await openTransport(closers);
  const accepted = once(server, "connection");
  const destination = { protocol: "tcp", address: loopback, port: typeof address === "object" ? (address?.port ?? 0) : 0 } as const;
  opened.transport.send(optionsRequest("SIP/2.0/TCP x;branch=z9hG4bK1"), destination);
  const [socket] = (await accepted) as [Socket];
  closers.add(() => socket.destroy());
  await textFrom(socket);
  return { ...opened, socket };
}

test("a connection of ours is pinged after silence, and closed when a peer that answered does so no more (RFC 5626 §4.4.1)", async () => {
  const { transport, clock, socket } = await peerOfOurs();
  const ping = textFrom(socket);
  clock.advance(100_000);
  expect(await ping).toBe("\r\n\r\n");
  socket.write("\r\n");
  // Wait until it has been read: then the next silence begins.
  socket.write(optionsBytes("tcp"));
  await expect.poll(() => transport.counters.received).toBe(1);
  const second = textFrom(socket);
  clock.advance(100_000);
  await second;
  const closed = once(socket.resume(), "close");
  clock.advance(10_000);
  await closed;
  await expect.poll(() => transport.counters.connections).toBe(0);
});

test("a message that comes byte by byte must be whole within 30 s, the first and any other", async () => {
  const { transport, clock, socket } = await peerOfOurs();
  socket.write(optionsBytes("tcp"));
  await expect.poll(() => transport.counters.received).toBe(1);
  const closed = once(socket.resume(), "close");
  for (let passedMs = 0; passedMs < 40_000; passedMs += 5_000) {
    socket.write("O");
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
    clock.advance(5_000);
  }
  await closed;
  await expect.poll(() => transport.counters.connections).toBe(0);
});

test("a stream of messages that never pauses between two is not taken for one that is not finished", async () => {
  const { transport, clock, socket } = await peerOfOurs();
  const message = Buffer.from(optionsBytes("tcp"));
  for (let count = 0; count < 10; count++) {
    socket.write(count === 0 ? message.subarray(0, 20) : Buffer.concat([message.subarray(20), message.subarray(0, 20)]));
    await expect.poll(() => transport.counters.received).toBe(count);
    clock.advance(10_000);
  }
  expect(transport.counters.connections).toBe(1);
});

test("a peer that never answered pings is only pinged again: not every one knows them", async () => {
  const { transport, clock, socket } = await peerOfOurs();
  for (let times = 0; times < 3; times++) {
    const ping = textFrom(socket);
    clock.advance(100_000);
    expect(await ping).toBe("\r\n\r\n");
  }
  expect(transport.counters.connections).toBe(1);
  // Our pings are no sign of its life.
  const closed = once(socket.resume(), "close");
  clock.advance(300_000);
  await closed;
});

test("a connection of the peer's is not pinged", async () => {
  const { transport, clock, inbox } = await openTransport(closers);
  const socket = await connectedTo(closers, transport.port);
  socket.write(optionsBytes("tcp"));
  await inbox.next();
  clock.advance(300_000);
  socket.write("\r\n\r\n");
  expect(await textFrom(socket)).toBe("\r\n");
});

test("a browser is pinged by WebSocket, and closed when it stops answering (RFC 6455 §5.5.2)", async () => {
  const { transport, clock, inbox, listener } = await openWith(closers, "ws");
  const socket = new WebSocket(`ws://${loopback}:${listener.port}`, ["sip"], { autoPong: false });
  closers.add(() => socket.terminate());
  await once(socket, "open");
  socket.send(optionsBytes("ws"));
  await inbox.next();
  const ping = once(socket, "ping");
  clock.advance(100_000);
  await ping;
  socket.pong();
  socket.send(optionsBytes("ws"));
  await inbox.next();
  const second = once(socket, "ping");
  clock.advance(100_000);
  await second;
  const closed = once(socket, "close");
  clock.advance(10_000);
  await closed;
  await expect.poll(() => transport.counters.connections).toBe(0);
});
