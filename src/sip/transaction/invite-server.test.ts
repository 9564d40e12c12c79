import { expect, test } from "vitest";
import { layerUnderTest, requestFor } from "../../../test/support/transaction-layer.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { responseTo } from "../message/builder.ts";
import type { SipAddress, SipProtocol } from "../transport/transport.ts";

function setUp(protocol: SipProtocol = "udp") {
  const clock = new VirtualClock(0);
  const peer: SipAddress = { protocol, address: "192.0.2.2", port: 5060 };
  const { layer, sent, passed } = layerUnderTest(clock);
  const told: string[] = [];
  const transaction = layer.openInvite(requestFor("INVITE"), peer);
  transaction.attach({ cancelled: () => told.push("cancelled"), failed: ({ cause }) => told.push(cause) });
  const respond = (status: number) => transaction.respond(responseTo(transaction.request, status, { toTag: "b" }));
  const receive = (method: string) => layer.receive(requestFor(method), peer);
  return { clock, layer, sent, passed, told, respond, receive };
}

test("100 goes out by itself after 150 ms, when nothing was said", () => {
  const { clock, sent, receive } = setUp();
  clock.advance(100);
  receive("INVITE");
  clock.advance(100);
  receive("INVITE");
  expect(sent).toEqual(["150 100", "200 100"]);
});

test("no 100 after an earlier answer; a repeat gets the last one", () => {
  const { clock, sent, respond, receive } = setUp();
  clock.advance(10);
  respond(180);
  clock.advance(500);
  receive("INVITE");
  respond(183);
  receive("INVITE");
  expect(sent).toEqual(["10 180", "510 180", "510 183", "510 183"]);
});

test("a refusal is repeated by timer G until its ACK, and ACKs are absorbed for timer I", () => {
  const { clock, layer, sent, told, passed, respond, receive } = setUp();
  respond(486);
  clock.advance(4_000);
  receive("INVITE");
  receive("ACK");
  clock.advance(1_000);
  receive("ACK");
  receive("INVITE");
  expect(sent).toEqual(["0 486", "500 486", "1500 486", "3500 486", "4000 486"]);
  expect(layer.counters()).toMatchObject({ live: 0, lingering: 1 });
  clock.advance(6_000);
  expect(layer.counters().lingering).toBe(0);
  expect([told, passed]).toEqual([[], []]);
});

test("a refusal without ACK is told after timer H", () => {
  const { clock, told, respond, sent } = setUp();
  respond(486);
  clock.advance(32_000);
  expect(told).toEqual(["timeout"]);
  expect(sent).toHaveLength(11);
});

test("over tcp a refusal is sent once", () => {
  const { clock, sent, respond, receive, layer } = setUp("tcp");
  respond(486);
  clock.advance(20_000);
  receive("ACK");
  expect(sent).toEqual(["0 486"]);
  expect(layer.counters()).toMatchObject({ live: 0, lingering: 0 });
});

test("after 2xx repeats of INVITE are dropped until timer L and ACKs passed up (RFC 6026)", () => {
  const { clock, layer, sent, passed, respond, receive } = setUp();
  respond(200);
  respond(486);
  clock.advance(31_000);
  receive("INVITE");
  receive("ACK");
  expect(sent).toEqual(["0 200"]);
  expect(passed).toEqual(["ACK"]);
  clock.advance(1_500);
  expect(layer.counters().lingering).toBe(0);
});

test("CANCEL gets 200 and is told; after the final answer it gets 200 and changes nothing; without INVITE it is 481", () => {
  const { layer, passed, told, respond, receive } = setUp();
  receive("CANCEL");
  expect(told).toEqual(["cancelled"]);
  respond(487);
  receive("CANCEL");
  expect(told).toEqual(["cancelled"]);
  layer.receive(requestFor("CANCEL", "z9hG4bKother"), { protocol: "udp", address: "192.0.2.2", port: 5060 });
  expect(passed).toEqual(["CANCEL 200", "CANCEL 200", "CANCEL 481"]);
});
