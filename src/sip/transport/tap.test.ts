import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { eventually } from "../../../test/support/waiting.ts";
import { silentLogger } from "../../kernel/index.ts";
import { responseTo } from "../message/builder.ts";
import { formatMessage } from "../message/format-message.ts";
import { openSipTransport } from "./sip-transport.ts";

function request(callId: string, line = "OPTIONS sip:b@h SIP/2.0"): string {
  // Compact names, and a body: bytes as a peer wrote them.
  return `${line}\r\nv: SIP/2.0/UDP h;rport;branch=z9hG4bK${callId}\r\nf: <sip:a@h>;tag=1\r\nt: <sip:b@h>\r\ni: ${callId}\r\nCSeq: 1 OPTIONS\r\nl: 4\r\n\r\nbody`;
}

async function opened() {
  const transport = await openSipTransport({ host: "127.0.0.1", port: 0, clock: new VirtualClock(), logger: silentLogger });
  const seen: {
    readonly direction: string;
    readonly text: string;
    readonly protocol: string;
    readonly port: number;
    readonly callId: string | undefined;
  }[] = [];
  transport.tap((direction, bytes, { protocol, port }, message) =>
    seen.push({ direction, text: Buffer.from(bytes).toString(), protocol, port, callId: message?.headers.get("Call-ID") }),
  );
  const answers: string[] = [];
  transport.onMessage((message, source) => {
    if (message.kind !== "request") return;
    const bytes = formatMessage(responseTo(message, 200, { toTag: "t" }));
    answers.push(bytes.toString());
    transport.sendBytes(bytes, source);
    transport.send(responseTo(message, 200, { toTag: "t" }), source);
  });
  return { transport, seen, answers };
}

test("sees UDP both ways, byte for byte, and what is refused", async () => {
  const { transport, seen, answers } = await opened();
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  socket.send(request("a"), transport.port, "127.0.0.1");
  await eventually("the answers", () => seen.length === 3);
  const { port } = socket.address();
  const answer = answers[0] ?? "";
  expect(seen).toEqual([
    { direction: "received", text: request("a"), protocol: "udp", port, callId: "a" },
    { direction: "sent", text: answer, protocol: "udp", port, callId: undefined },
    { direction: "sent", text: answer, protocol: "udp", port, callId: undefined },
  ]);
  const refused = request("b", "OPTIONS sip:b@h SIP/3.0");
  socket.send(refused, transport.port, "127.0.0.1");
  await eventually("the refused one", () => seen.length === 4);
  expect(seen[3]).toMatchObject({ direction: "received", text: refused, callId: "b" });
  socket.close();
  await transport.close();
});

test("sees each message of a TCP stream by itself, however it is cut", async () => {
  const { transport, seen } = await opened();
  const socket = connect(transport.port, "127.0.0.1");
  await once(socket, "connect");
  const stream = `${request("a")}\r\n\r\n${request("b")}`;
  socket.write(stream.slice(0, 100));
  await new Promise((resolve) => {
    socket.write(stream.slice(100), resolve);
  });
  await eventually("all", () => seen.length === 6);
  expect(seen.filter(({ direction }) => direction === "received").map(({ text, protocol }) => [text, protocol])).toEqual([
    [request("a"), "tcp"],
    [request("b"), "tcp"],
  ]);
  socket.destroy();
  await transport.close();
});
