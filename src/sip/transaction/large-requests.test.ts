import { expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { requestOf, responseTo } from "../message/builder.ts";
import { formatMessage } from "../message/format-message.ts";
import type { SipRequest } from "../message/message.ts";
import { parseMessage } from "../message/parse-message.ts";
import type { SipAddress, SipTransport } from "../transport/transport.ts";
import { standardTimers } from "./timers.ts";
import { TransactionLayer } from "./transaction-layer.ts";

const peer: SipAddress = { protocol: "udp", address: "192.0.2.2", port: 5060 };

function setUp(servesTcp = true) {
  const clock = new VirtualClock(0);
  /** What was sent: method, protocol, and what its Via says. */
  const sent: string[] = [];
  let lastFailed: ((reason: string) => void) | undefined;
  const sendBytes: SipTransport["sendBytes"] = (bytes, { protocol }, failed) => {
    const parsed = parseMessage(bytes);
    const message = parsed.ok ? parsed.value : undefined;
    if (message?.kind === "request") sent.push(`${message.method} ${protocol} ${message.headers.get("Via")?.split(";")[0]}`);
    lastFailed = failed;
  };
  const transport: SipTransport = {
    send: (message, destination, failed) => sendBytes(formatMessage(message), destination, failed),
    sendBytes,
    serves: (protocol) => protocol === "udp" || (servesTcp && protocol === "tcp"),
    sentBy: ({ protocol }) => ({ host: "192.0.2.1", port: protocol === "udp" ? 5060 : 5070 }),
    tap: () => undefined,
    onMessage: () => undefined,
    close: async () => undefined,
  };
  const layer = new TransactionLayer(transport, clock, standardTimers, {
    request: () => undefined,
    acknowledgement: () => undefined,
    success: () => undefined,
    straySuccess: () => undefined,
    answerCancel: () => undefined,
  });
  const heard: unknown[] = [];
  const events = {
    response: ({ status }: { status: number }) => void heard.push(status),
    failed: (failure: unknown) => void heard.push(failure),
  };
  return { clock, layer, sent, heard, events, fail: (reason: string) => lastFailed?.(reason) };
}

let branches = 0;

/** A request of exactly that many bytes. */
function requestOfBytes(sizeBytes: number, method = "INVITE"): SipRequest {
  const parts = {
    method,
    uri: "sip:bob@192.0.2.2",
    via: `SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK${String(++branches).padStart(4, "0")};rport`,
    from: "<sip:alice@example.org>;tag=a",
    to: "<sip:bob@example.org>",
    callId: "c",
    sequence: 1,
  };
  const pad = (count: number) => requestOf({ ...parts, headers: [["X-Pad", "x".repeat(count)]] });
  return pad(sizeBytes - formatMessage(pad(0)).length);
}

function cancelOf(invite: SipRequest): SipRequest {
  const { headers } = invite;
  const via = headers.get("Via");
  return requestOf({
    method: "CANCEL",
    uri: invite.uri,
    via,
    from: headers.get("From") ?? "",
    to: headers.get("To") ?? "",
    callId: "c",
    sequence: 1,
  });
}

const udp = "udp SIP/2.0/UDP 192.0.2.1:5060";
const tcp = "tcp SIP/2.0/TCP 192.0.2.1:5070";

test("up to 1,300 bytes go by UDP, what is larger by TCP, with that in its Via (RFC 3261 §18.1.1)", () => {
  const { layer, sent, events } = setUp();
  for (const size of [1_300, 1_301]) layer.invite(requestOfBytes(size), peer, events);
  layer.request(requestOfBytes(1_400, "REFER"), peer, events);
  layer.invite(requestOfBytes(5_000), { ...peer, protocol: "tls" }, events);
  expect(sent).toEqual([`INVITE ${udp}`, `INVITE ${tcp}`, `REFER ${tcp}`, "INVITE tls SIP/2.0/UDP 192.0.2.1:5060"]);
});

test("by TCP nothing is repeated, and CANCEL and the ACK of a refusal follow the INVITE (§9.1, §17.1.1.3)", () => {
  const { clock, layer, sent, heard, events } = setUp();
  const invite = requestOfBytes(1_500);
  layer.invite(invite, peer, events);
  clock.advance(2_000);
  layer.receive(responseTo(invite, 180, { toTag: "b" }), { ...peer, protocol: "tcp" });
  layer.request(cancelOf(invite), peer, events);
  layer.receive(responseTo(invite, 487, { toTag: "b" }), { ...peer, protocol: "tcp" });
  expect(sent).toEqual([`INVITE ${tcp}`, `CANCEL ${tcp}`, `ACK ${tcp}`]);
  expect(heard).toEqual([180, 487]);
});

test("a peer that takes no connection gets it by UDP, at once from then on for ten minutes; CANCEL and ACK follow", () => {
  const { clock, layer, sent, heard, events, fail } = setUp();
  const invite = requestOfBytes(1_500);
  layer.invite(invite, peer, events);
  fail("connection refused");
  layer.receive(responseTo(invite, 180, { toTag: "b" }), peer);
  layer.request(cancelOf(invite), peer, events);
  layer.receive(responseTo(invite, 487, { toTag: "b" }), peer);
  expect(sent).toEqual([`INVITE ${tcp}`, `INVITE ${udp}`, `CANCEL ${udp}`, `ACK ${udp}`]);
  expect(heard).toEqual([180, 487]);
  sent.length = 0;
  layer.request(requestOfBytes(1_500, "REFER"), peer, events);
  layer.request(requestOfBytes(1_500, "REFER"), { ...peer, address: "192.0.2.3" }, events);
  expect(sent).toEqual([`REFER ${udp}`, `REFER ${tcp}`]);
  clock.advance(600_000);
  sent.length = 0;
  layer.request(requestOfBytes(1_500, "INFO"), peer, events);
  expect(sent).toEqual([`INFO ${tcp}`]);
});

test("over UDP it is repeated as ever, and the failure of that is told once", () => {
  const { clock, layer, sent, heard, events, fail } = setUp();
  layer.invite(requestOfBytes(1_500), peer, events);
  fail("connect timed out");
  clock.advance(1_000);
  expect(sent).toEqual([`INVITE ${tcp}`, `INVITE ${udp}`, `INVITE ${udp}`]);
  fail("unreachable");
  expect(heard).toEqual([{ status: 503, cause: "transport", reason: "unreachable" }]);
  clock.advance(64_000);
  expect([heard.length, clock.armed]).toEqual([1, 0]);
});

test("a connection that breaks after an answer is a failure: the peer has the request", () => {
  const { layer, sent, heard, events, fail } = setUp();
  const invite = requestOfBytes(1_500);
  layer.invite(invite, peer, events);
  layer.receive(responseTo(invite, 100), { ...peer, protocol: "tcp" });
  fail("connection reset");
  expect(sent).toEqual([`INVITE ${tcp}`]);
  expect(heard).toEqual([100, { status: 503, cause: "transport", reason: "connection reset" }]);
});

test("one that was given up on its second way stays silent", () => {
  const { clock, layer, sent, heard, events, fail } = setUp();
  const transaction = layer.invite(requestOfBytes(1_500), peer, events);
  fail("connection refused");
  layer.abandon(transaction);
  clock.advance(64_000);
  expect([sent.length, heard.length, clock.armed, layer.counters().live]).toEqual([2, 0, 0, 0]);
});

test("a transport without TCP sends all by UDP", () => {
  const { layer, sent, events } = setUp(false);
  layer.invite(requestOfBytes(5_000), peer, events);
  expect(sent).toEqual([`INVITE ${udp}`]);
});
