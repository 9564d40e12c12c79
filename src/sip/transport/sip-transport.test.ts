import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { Closers, connectedTo, failure, loopback, openTransport, optionsRequest, textFrom } from "../../../test/support/sip-transports.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { silentLogger } from "../../kernel/index.ts";
import { SipStack } from "../stack.ts";
import { responseTo } from "../message/builder.ts";
import { formatMessage } from "../message/format-message.ts";
import { openSipTransport, type SipTransportOptions, type SocketSipTransport } from "./sip-transport.ts";
import type { SipAddress, SipProtocol } from "./transport.ts";

const closers = new Closers();
afterEach(() => closers.close());

const opened = (options: Partial<SipTransportOptions> = {}) => openTransport(closers, options);
const connected = (transport: SocketSipTransport) => connectedTo(closers, transport.port);

function to(transport: SocketSipTransport, protocol: SipProtocol): SipAddress {
  return { protocol, address: loopback, port: transport.port };
}

describe.each(["udp", "tcp"] as const)("over %s", (protocol) => {
  test("a request gets there, its source is entered into the Via, and the response comes back", async () => {
    const a = await opened();
    const b = await opened();
    const sentBy = a.transport.sentBy({ protocol, address: "127.0.0.1", port: 1 });
    expect(sentBy).toEqual({ host: loopback, port: a.transport.port });
    a.transport.send(optionsRequest(`SIP/2.0/${protocol.toUpperCase()} pc.invalid:5999;branch=z9hG4bK1;rport`), to(b.transport, protocol));
    const [request, source] = await b.inbox.next();
    expect(source).toMatchObject({ protocol, address: loopback });
    expect(request.headers.get("Via")).toBe(
      `SIP/2.0/${protocol.toUpperCase()} pc.invalid:5999;branch=z9hG4bK1;received=${loopback};rport=${source.port}`,
    );
    if (request.kind !== "request") throw new Error("not a request");
    b.transport.send(responseTo(request, 200, { toTag: "t" }), source);
    const [response] = await a.inbox.next();
    expect(response).toMatchObject({ kind: "response", status: 200 });
    expect(a.transport.counters).toMatchObject({ sent: 1, received: 1, sendFailures: 0 });
  });

  test("nobody there: send does not throw, and the transport lives on", async () => {
    const gone = await openSipTransport({ host: loopback, port: 0, clock: new VirtualClock(), logger: silentLogger });
    await gone.close();
    const a = await opened();
    const b = await opened();
    const reasons: string[] = [];
    a.transport.send(optionsRequest("SIP/2.0/UDP x;branch=z9hG4bK1"), to(gone, protocol), (reason) => reasons.push(reason));
    a.transport.send(optionsRequest("SIP/2.0/UDP x;branch=z9hG4bK2", "second"), to(b.transport, protocol));
    const [request] = await b.inbox.next();
    expect(request.headers.get("Call-ID")).toBe("second");
    // Over UDP nobody learns of it.
    if (protocol === "tcp") await expect.poll(() => reasons.length).toBe(1);
  });

  test("a port or address that cannot be is a failure, once", async () => {
    const { transport } = await opened();
    const message = optionsRequest("SIP/2.0/UDP x;branch=z9hG4bK1");
    for (const destination of [
      { protocol, address: loopback, port: 70_000 },
      { protocol, address: "not numeric", port: 5060 },
    ]) {
      expect(await failure((failed) => transport.send(message, destination, failed))).not.toBe("");
    }
    await transport.close();
    expect(await failure((failed) => transport.send(message, to(transport, protocol), failed))).toBe("transport closed");
  });
});

describe("UDP", () => {
  test("garbage is counted and dropped, a malformed request is handed up with its status", async () => {
    const { transport, inbox } = await opened();
    const refused: unknown[] = [];
    transport.onMalformed((request, status, reason, source) => refused.push([request.headers.get("Via"), status, reason, source.protocol]));
    const socket = createSocket("udp4");
    closers.add(() => socket.close());
    const send = (bytes: string | Uint8Array) => socket.send(bytes, transport.port, loopback);
    send("\r\n\r\n");
    send("no SIP, but long enough to be looked at");
    send(formatMessage(optionsRequest("SIP/2.0/UDP x;branch=z9hG4bK1")).toString().replace("SIP/2.0\r\n", "SIP/3.0\r\n"));
    send(formatMessage(optionsRequest("complete rubbish as Via")));
    send(formatMessage(optionsRequest(`SIP/2.0/UDP ${loopback};branch=z9hG4bK2`)));
    const [request] = await inbox.next();
    expect(request.headers.get("Via")).toBe(`SIP/2.0/UDP ${loopback};branch=z9hG4bK2`);
    expect(refused).toEqual([[`SIP/2.0/UDP x;branch=z9hG4bK1;received=${loopback}`, 505, "version", "udp"]]);
    expect(transport.counters).toMatchObject({ received: 1, refused: 1, dropped: 2 });
  });

  test("what does not fit into a datagram fails", async () => {
    const { transport } = await opened();
    const tooLarge = { ...optionsRequest("SIP/2.0/UDP x;branch=z9hG4bK1"), body: new Uint8Array(66_000) };
    expect(await failure((failed) => transport.send(tooLarge, to(transport, "udp"), failed))).toBe("too large for UDP");
  });

  test("a handler that throws does not stop the socket", async () => {
    const a = await opened();
    let calls = 0;
    const again = new Promise<void>((resolve) => {
      a.transport.onMessage(() => {
        if (++calls === 2) resolve();
        throw new Error("bug above");
      });
    });
    for (const branch of ["1", "2"]) a.transport.send(optionsRequest(`SIP/2.0/UDP x;branch=z9hG4bK${branch}`), to(a.transport, "udp"));
    await again;
  });
});

describe("TCP", () => {
  test("a ping is answered, several messages share a connection, a broken stream is closed after its answer", async () => {
    const { transport, inbox } = await opened();
    transport.onMalformed((request, status, _reason, source) => transport.send(responseTo(request, status), source));
    const socket = await connected(transport);
    socket.write("\r\n\r\n");
    expect(await textFrom(socket)).toBe("\r\n");
    const message = formatMessage(optionsRequest("SIP/2.0/TCP x;branch=z9hG4bK1"));
    socket.write(Buffer.concat([message, message]));
    const [[, first], [, second]] = [await inbox.next(), await inbox.next()];
    expect(first).toEqual(second);
    const closed = once(socket, "close");
    socket.write(message.toString().replace(/Content-Length.*\r\n/, ""));
    expect(await textFrom(socket)).toContain("SIP/2.0 400 ");
    await closed;
    await expect.poll(() => transport.counters.connections).toBe(0);
  });

  test("requests to one address share a connection", async () => {
    const a = await opened();
    const b = await opened();
    for (const callId of ["1", "2"]) a.transport.send(optionsRequest("SIP/2.0/TCP x;branch=z9hG4bK1", callId), to(b.transport, "tcp"));
    expect((await b.inbox.next())[1]).toEqual((await b.inbox.next())[1]);
    expect(a.transport.counters.connectionsOpened).toBe(1);
  });

  test("a response whose connection has closed goes to the sent-by port (§18.2.2)", async () => {
    const { transport, inbox } = await opened();
    const listener = createServer();
    closers.add(() => listener.close());
    await once(listener.listen(0, loopback), "listening");
    const address = listener.address();
    const port = typeof address === "object" ? address?.port : 0;
    const socket = await connected(transport);
    socket.write(formatMessage(optionsRequest(`SIP/2.0/TCP client.invalid:${port};branch=z9hG4bK1`)));
    const [request, source] = await inbox.next();
    socket.destroy();
    await expect.poll(() => transport.counters.connections).toBe(0);
    const incoming = once(listener, "connection");
    if (request.kind !== "request") throw new Error("not a request");
    for (const status of [180, 200]) transport.send(responseTo(request, status, { toTag: "t" }), source);
    const [back] = await incoming;
    closers.add(() => back.destroy());
    expect(await textFrom(back)).toContain("SIP/2.0 180 Ringing");
    expect(transport.counters.connections).toBe(1);
  });

  test("connections over the limit are turned away, in and out", async () => {
    const { transport } = await opened({ limits: { maxConnections: 1 } });
    const kept = await connected(transport);
    const extra = await connected(transport);
    await once(extra, "close");
    expect(
      await failure((failed) =>
        transport.send(optionsRequest("SIP/2.0/TCP x;branch=z9hG4bK1"), { protocol: "tcp", address: loopback, port: 9 }, failed),
      ),
    ).toBe("too many connections");
    expect(kept.destroyed).toBe(false);
    expect(transport.counters.connectionsRefused).toBe(2);
  });

  test("a connection that says nothing is closed soon, one that has spoken much later", async () => {
    const { transport, clock, inbox } = await opened({ limits: { firstMessageMs: 30_000, idleMs: 100_000 } });
    const silent = await connected(transport);
    const speaking = await connected(transport);
    speaking.write(formatMessage(optionsRequest("SIP/2.0/TCP x;branch=z9hG4bK1")));
    await inbox.next();
    const silentClosed = once(silent.resume(), "close");
    clock.advance(40_000);
    await silentClosed;
    expect(transport.counters.connections).toBe(1);
    const speakingClosed = once(speaking.resume(), "close");
    clock.advance(70_000);
    await speakingClosed;
  });

  test("a peer that does not read is cut off at the limit", async () => {
    const { transport, inbox } = await opened({ limits: { maxQueuedBytes: 100_000 } });
    const socket = await connected(transport);
    socket.pause();
    socket.write(formatMessage(optionsRequest("SIP/2.0/TCP x;branch=z9hG4bK1")));
    const [, source] = await inbox.next();
    const reason = await failure((failed) => {
      for (let sent = 0; sent < 300; sent++) transport.sendBytes(Buffer.alloc(90_000), source, failed);
    });
    expect(reason).toBe("peer does not read");
  });

  test("a connection that does not come about in time fails", async () => {
    // A listener whose queue is full leaves further connections hanging.
    const { transport, clock } = await opened({ limits: { connectTimeoutMs: 4_000 } });
    const reason = failure((failed) =>
      transport.send(optionsRequest("SIP/2.0/TCP x;branch=z9hG4bK1"), { protocol: "tcp", address: loopback, port: transport.port }, failed),
    );
    clock.advance(4_000);
    expect(await reason).toBe("connect timed out");
  });
});

test("close ends connections and timers, and can be repeated", async () => {
  const { transport, clock } = await opened();
  const socket = await connected(transport);
  const closed = once(socket, "close");
  await transport.close();
  await transport.close();
  await closed;
  expect(clock.armed).toBe(0);
});

test("a port that is taken is refused; what is advertised is what peers see", async () => {
  const { transport } = await opened({ advertise: { host: "203.0.113.9" } });
  expect(transport.sentBy({ protocol: "udp", address: "127.0.0.1", port: 1 })).toEqual({ host: "203.0.113.9", port: transport.port });
  await expect(opened({ port: transport.port })).rejects.toThrow("EADDRINUSE");
});

test("IPv6 and IPv4 through one socket are told apart by their usual spelling", async () => {
  const { transport, inbox } = await opened({ host: "::" });
  for (const protocol of ["udp", "tcp"] as const) {
    for (const address of ["::1", "127.0.0.1"]) {
      transport.send(optionsRequest("SIP/2.0/UDP x;branch=z9hG4bK1"), { protocol, address, port: transport.port });
      expect((await inbox.next())[1].address).toBe(address);
    }
  }
});

test("a large request reaches a peer by TCP through whole stacks, and one without TCP by UDP after all (§18.1.1)", async () => {
  const a = await opened();
  const b = await opened();
  const udpOnly = createSocket("udp4").bind(0, loopback);
  closers.add(() => udpOnly.close());
  await once(udpOnly, "listening");
  const ids = { next: () => "0".repeat(24), random: (bytes: number) => "ab".repeat(bytes) };
  const stack = new SipStack({ transport: a.transport, clock: a.clock, ids, logger: silentLogger, product: "a" });
  closers.add(() => stack.close());
  const options = { method: "MESSAGE", uri: "sip:b@h", from: "<sip:a@h>;tag=1", to: "<sip:b@h>", sequence: 1 };
  const body = { contentType: "text/plain", content: "x".repeat(2_000) };
  const ask = (branch: string, port: number) =>
    new Promise((done) => {
      const destination = { protocol: "udp", address: loopback, port } as const;
      stack.request({ ...options, callId: branch, branch: `z9hG4bK${branch}`, body, destinations: [destination] }, done);
    });
  const answer = ask("1", b.transport.port);
  const [request, source] = await b.inbox.nextRequest();
  expect([source.protocol, request.headers.get("Via")?.split(" ")[0]]).toEqual(["tcp", "SIP/2.0/TCP"]);
  b.transport.send(responseTo(request, 200, { toTag: "t" }), source);
  expect(await answer).toMatchObject({ status: 200 });
  const datagram = once(udpOnly, "message");
  void ask("2", udpOnly.address().port);
  expect(String((await datagram)[0])).toContain("Via: SIP/2.0/UDP");
});

test.each([
  ["udp", loopback],
  ["udp", "::1"],
  ["tcp", "::1"],
] as const)(
  "what came in by a further listener for %s on %s is answered by it, and its peers are told its address",
  async (protocol, host) => {
    const a = await opened({ listeners: [{ protocol, host, port: 0, advertise: { host: "sip.example.org", port: 5099 } }] });
    const listener = a.transport.listeners[2];
    if (listener === undefined) throw new Error("no listener");
    const b = await opened({ host });
    b.transport.send(optionsRequest(`SIP/2.0/${protocol.toUpperCase()} b.invalid;branch=z9hG4bK1;rport`), {
      protocol,
      address: host,
      port: listener.port,
    });
    const [request, source] = await a.inbox.nextRequest();
    const name = `${protocol}://${host.includes(":") ? `[${host}]` : host}:${listener.port}`;
    expect(source).toMatchObject({ protocol, address: host, listener: name });
    expect(request.headers.get("Via")).toContain(`received=${host}`);
    expect(a.transport.sentBy(source)).toEqual({ host: "sip.example.org", port: 5099 });
    expect(a.transport.sentBy({ protocol, address: loopback, port: 1 })).toEqual({ host: loopback, port: a.transport.port });
    a.transport.send(responseTo(request, 200, { toTag: "t" }), source);
    const [, answeredFrom] = await b.inbox.next();
    expect(answeredFrom).toMatchObject({ address: host, port: listener.port });
  },
);

test("UDP on 0.0.0.0 and on :: can have the same port", async () => {
  const { transport } = await opened();
  const { port } = transport;
  await transport.close();
  const both = await opened({ host: "0.0.0.0", port, listeners: [{ protocol: "udp", host: "::", port }] });
  expect(both.transport.listeners.map((listener) => listener.port)).toEqual([port, port, port, 5061]);
});
