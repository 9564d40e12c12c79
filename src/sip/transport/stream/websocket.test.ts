import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import {
  Closers,
  connectedTo,
  failure,
  loopback,
  openWith,
  optionsBytes,
  optionsRequest,
  textFrom,
  tlsFixture,
} from "../../../../test/support/sip-transports.ts";
import { readFileSync } from "node:fs";
import { responseTo } from "../../message/builder.ts";

const closers = new Closers();
afterEach(() => closers.close());

const ca = readFileSync(tlsFixture("ca.crt"));

async function browser(protocol: "ws" | "wss", port: number, subprotocols: readonly string[] = ["sip"]): Promise<WebSocket> {
  const socket = new WebSocket(`${protocol}://${loopback}:${port}/any/path`, [...subprotocols], { ca });
  closers.add(() => socket.terminate());
  socket.on("error", () => undefined);
  await new Promise((settled) => socket.once("open", settled).once("close", settled));
  return socket;
}

const nextFrame = async (socket: WebSocket): Promise<{ text: string; isBinary: boolean }> => {
  const [data, isBinary] = await once(socket, "message");
  return { text: String(data), isBinary: Boolean(isBinary) };
};

describe.each(["ws", "wss"] as const)("%s", (protocol) => {
  test("text and binary frames are messages, the answer goes back on the connection as text", async () => {
    const { transport, inbox, listener } = await openWith(closers, protocol);
    const socket = await browser(protocol, listener.port);
    expect(socket.protocol).toBe("sip");
    for (const binary of [false, true]) {
      socket.send(optionsBytes(protocol), { binary });
      const [request, source] = await inbox.nextRequest();
      expect(source).toMatchObject({ protocol, address: loopback, listener: `${protocol}://${loopback}:${listener.port}` });
      // RFC 7118 §5.3: a browser cannot know its address, so its Via names an invalid host.
      expect(request.headers.get("Via")).toContain(
        `${protocol.toUpperCase()} client.invalid;branch=z9hG4bKc;received=${loopback};rport=${source.port}`,
      );
      const frame = nextFrame(socket);
      transport.send(responseTo(request, 200, { toTag: "t" }), source);
      expect(await frame).toMatchObject({ text: expect.stringMatching(/^SIP\/2\.0 200 /), isBinary: false });
    }
  });

  test("a body that is no text goes as a binary frame (RFC 7118 §5.2)", async () => {
    const { transport, inbox, listener } = await openWith(closers, protocol);
    const socket = await browser(protocol, listener.port);
    socket.send(optionsBytes(protocol));
    const [, source] = await inbox.next();
    const frame = nextFrame(socket);
    transport.send({ ...optionsRequest(`SIP/2.0/${protocol.toUpperCase()} x;branch=z9hG4bK2`), body: Buffer.from([0xff, 0xfe]) }, source);
    expect((await frame).isBinary).toBe(true);
  });

  test("without Content-Length the body goes to the end of the frame", async () => {
    const { inbox, listener } = await openWith(closers, protocol);
    const socket = await browser(protocol, listener.port);
    socket.send(
      optionsBytes(protocol)
        .toString()
        .replace(/Content-Length.*\r\n/, "") + "body",
    );
    expect(String((await inbox.next())[0].body)).toBe("body");
  });
});

test.each([[["chat"]], [[]]])("an upgrade with the subprotocols %j is refused (RFC 7118 §5.1)", async (subprotocols) => {
  const { transport, listener } = await openWith(closers, "ws");
  const socket = await browser("ws", listener.port, subprotocols);
  expect(socket.readyState).toBe(WebSocket.CLOSED);
  await expect.poll(() => transport.counters).toMatchObject({ connections: 0, connectionsOpened: 0, handshakeFailures: 1 });
});

test("a page that is asked for by HTTP is told to upgrade", async () => {
  const { transport, listener } = await openWith(closers, "ws");
  const socket = await connectedTo(closers, listener.port);
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  expect(await textFrom(socket)).toContain("426 Upgrade Required");
  await expect.poll(() => transport.counters.connections).toBe(0);
});

test("a frame that is no SIP is counted, and the connection goes on; line ends are a ping", async () => {
  const { transport, inbox, listener } = await openWith(closers, "ws");
  const socket = await browser("ws", listener.port);
  socket.send("no SIP at all");
  const frame = nextFrame(socket);
  socket.send("\r\n\r\n");
  expect((await frame).text).toBe("\r\n");
  socket.send(optionsBytes("ws"));
  await inbox.next();
  expect(transport.counters).toMatchObject({ dropped: 1, received: 1, connections: 1 });
});

test("nothing connects out: a browser that has gone is a failure", async () => {
  const { transport, inbox, listener, address } = await openWith(closers, "ws");
  const socket = await browser("ws", listener.port);
  socket.send(optionsBytes("ws"));
  const [request, source] = await inbox.nextRequest();
  socket.terminate();
  await expect.poll(() => transport.counters.connections).toBe(0);
  for (const destination of [source, address])
    expect(await failure((failed) => transport.send(responseTo(request, 200, { toTag: "t" }), destination, failed))).toBe(
      "the peer has closed its connection",
    );
});
