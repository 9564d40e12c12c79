/** Peers that are slow, broken or hostile: limits hold, counters count, and nothing is left at the end. */
import { type EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectTls } from "node:tls";
import type { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { Closers, connectedTo, loopback, openWith, optionsBytes, textFrom, tlsFixture } from "../../../../test/support/sip-transports.ts";
import type { SipProtocol } from "../transport.ts";

const closers = new Closers();
afterEach(() => closers.close());

const ca = readFileSync(tlsFixture("ca.crt"));
const stream = ["tcp", "tls", "ws", "wss"] as const satisfies readonly SipProtocol[];
const withHandshake = ["tls", "ws", "wss"] as const satisfies readonly SipProtocol[];

/** The first bytes of a real handshake, without the rest. */
const begun: Readonly<Record<(typeof withHandshake)[number], Buffer>> = {
  tls: Buffer.from("160301020001000200", "hex"),
  wss: Buffer.from("160301020001000200", "hex"),
  ws: Buffer.from("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"),
};

async function several(count: number, port: number): Promise<readonly Socket[]> {
  return await Promise.all(Array.from({ length: count }, () => connectedTo(closers, port)));
}

async function allClosed(sockets: readonly Socket[]): Promise<void> {
  for (const socket of sockets) if (!socket.closed) await new Promise((closed) => socket.resume().once("close", closed));
}

describe.each(withHandshake)("%s", (protocol) => {
  test("handshakes that are never finished, or never begun, end after 10 s", async () => {
    const { transport, clock, listener } = await openWith(closers, protocol);
    const silent = await several(5, listener.port);
    const slow = await several(5, listener.port);
    for (const socket of slow) socket.write(begun[protocol]);
    await expect.poll(() => transport.counters.connections).toBe(10);
    const closed = allClosed([...silent, ...slow]);
    clock.advance(10_000);
    await closed;
    await expect.poll(() => transport.counters).toMatchObject({ connections: 0, connectionsOpened: 0, received: 0 });
    // TLS tells a second time of those that we cut off.
    expect(transport.counters.handshakeFailures).toBeGreaterThanOrEqual(10);
  });

  test("bytes that are no handshake end the connection at once", async () => {
    const { transport, listener } = await openWith(closers, protocol);
    const [socket] = await several(1, listener.port);
    socket?.write(optionsBytes("tcp"));
    await allClosed(socket === undefined ? [] : [socket]);
    await expect.poll(() => transport.counters).toMatchObject({ connections: 0, received: 0, handshakeFailures: 1 });
  });

  test("closing the transport ends handshakes under way and leaves no timer", async () => {
    const { transport, clock, listener } = await openWith(closers, protocol);
    const sockets = await several(3, listener.port);
    for (const socket of sockets) socket.write(begun[protocol]);
    await expect.poll(() => transport.counters.connections).toBe(3);
    await Promise.all([transport.close(), allClosed(sockets)]);
    expect(clock.armed).toBe(0);
    await expect.poll(() => transport.counters.connections).toBe(0);
  });
});

describe.each(stream)("a flood over %s", (protocol) => {
  test("one address and all together have their limits, and room comes back", async () => {
    const { transport, listener } = await openWith(closers, protocol, { limits: { maxConnections: 8, maxPerAddress: 6 } });
    const sockets = await several(20, listener.port);
    await expect.poll(() => transport.counters).toMatchObject({ connections: 6, connectionsRefused: 14 });
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => transport.counters.connections).toBe(0);
    await several(1, listener.port);
    await expect.poll(() => transport.counters.connections).toBe(1);
  });

  test("a connection that never says anything after its handshake is closed after 30 s", async () => {
    const { transport, clock, listener } = await openWith(closers, protocol);
    const closed = once(await finished(protocol, listener.port), "close");
    await expect.poll(() => transport.counters.connectionsOpened).toBe(1);
    clock.advance(35_000);
    await closed;
    await expect.poll(() => transport.counters.connections).toBe(0);
  });
});

test("a message over TLS byte by byte", async () => {
  const { inbox, listener } = await openWith(closers, "tls");
  const socket = connectTls({ host: loopback, port: listener.port, ca, servername: "sip.example.test" });
  closers.add(() => socket.destroy());
  await once(socket, "secureConnect");
  socket.setNoDelay(true);
  for (const byte of optionsBytes("tls")) await new Promise((written) => socket.write(Buffer.from([byte]), written));
  expect((await inbox.next())[0]).toMatchObject({ method: "OPTIONS" });
});

/** A client's side of the upgrade. */
const upgrade = Buffer.from(
  [
    "GET / HTTP/1.1",
    "Host: x",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol: sip",
    "",
    "",
  ].join("\r\n"),
);

test("an upgrade and a frame byte by byte", async () => {
  const { transport, inbox, listener } = await openWith(closers, "ws");
  const socket = await connectedTo(closers, listener.port);
  const message = optionsBytes("ws");
  // FIN and text, masked with zeros (RFC 6455 §5.2).
  const header = Buffer.from([0x81, 0x80 | 126, message.length >> 8, message.length & 0xff, 0, 0, 0, 0]);
  for (const byte of Buffer.concat([upgrade, header, message])) await new Promise((written) => socket.write(Buffer.from([byte]), written));
  expect((await inbox.next())[0]).toMatchObject({ method: "OPTIONS" });
  expect(transport.counters.connectionsOpened).toBe(1);
});

test.each(["one frame", "many fragments"])("more than 64 kB in %s ends the connection", async (how) => {
  const { transport, inbox, listener } = await openWith(closers, "ws");
  const socket = new WebSocket(`ws://${loopback}:${listener.port}`, ["sip"]);
  closers.add(() => socket.terminate());
  await once(socket, "open");
  socket.on("error", () => undefined);
  socket.send(optionsBytes("ws"));
  await inbox.next();
  const closed = new Promise((done) => socket.once("close", done));
  if (how === "one frame") socket.send(Buffer.alloc(70_000, 0x78));
  else for (let sent = 0; sent < 5; sent++) socket.send(Buffer.alloc(20_000, 0x78), { fin: sent === 4 });
  await closed;
  await expect.poll(() => transport.counters).toMatchObject({ connections: 0, received: 1 });
});

test("a frame that announces 4 GB ends the connection before they come", async () => {
  const { transport, listener } = await openWith(closers, "ws");
  const socket = await connectedTo(closers, listener.port);
  socket.write(upgrade);
  expect(await textFrom(socket)).toContain("101 Switching Protocols");
  socket.write(Buffer.from([0x82, 0x80 | 127, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]));
  await allClosed([socket]);
  await expect.poll(() => transport.counters.connections).toBe(0);
});

test("a peer that does not read is cut off, over TLS too", async () => {
  const { transport, inbox, listener } = await openWith(closers, "tls", { limits: { maxQueuedBytes: 100_000 } });
  const socket = connectTls({ host: loopback, port: listener.port, ca, servername: "sip.example.test" });
  closers.add(() => socket.destroy());
  socket.on("error", () => undefined);
  await once(socket, "secureConnect");
  socket.pause();
  socket.write(optionsBytes("tls"));
  const [, source] = await inbox.next();
  const reasons: string[] = [];
  for (let sent = 0; sent < 300; sent++) transport.sendBytes(Buffer.alloc(90_000), source, (reason) => reasons.push(reason));
  await expect.poll(() => reasons.length).toBeGreaterThan(0);
  expect(reasons[0]).toBe("peer does not read");
  await expect.poll(() => transport.counters.connections).toBe(0);
});

/** A client that finishes the handshake and says nothing. */
async function finished(protocol: (typeof stream)[number], port: number): Promise<EventEmitter> {
  if (protocol === "tcp") {
    const socket = await connectedTo(closers, port);
    return socket.resume();
  }
  if (protocol === "tls") {
    const socket = connectTls({ host: loopback, port, ca, servername: "sip.example.test" });
    closers.add(() => socket.destroy());
    await once(socket, "secureConnect");
    return socket.resume();
  }
  const socket = new WebSocket(`${protocol}://${loopback}:${port}`, ["sip"], { ca });
  closers.add(() => socket.terminate());
  await once(socket, "open");
  return socket;
}
