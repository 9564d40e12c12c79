import { expect, test } from "vitest";
import { layerUnderTest, requestFor } from "../../../test/support/transaction-layer.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { responseTo } from "../message/builder.ts";
import type { SipAddress } from "../transport/transport.ts";

const udp: SipAddress = { protocol: "udp", address: "192.0.2.2", port: 5060 };

function setUp(peer = udp) {
  const clock = new VirtualClock(0);
  const { layer, sent, passed } = layerUnderTest(clock);
  const transaction = layer.open(requestFor("BYE"), peer);
  const respond = (status: number) => transaction.respond(responseTo(transaction.request, status, { toTag: "b" }));
  return { clock, layer, sent, passed, transaction, respond };
}

test("repeats are dropped before the answer and get it again after it, until timer J", () => {
  const { clock, layer, sent, passed, respond } = setUp();
  layer.receive(requestFor("BYE"), udp);
  expect(sent).toEqual([]);
  respond(200);
  respond(500);
  clock.advance(31_000);
  layer.receive(requestFor("BYE"), udp);
  expect(sent).toEqual(["0 200", "31000 200"]);
  clock.advance(1_500);
  layer.receive(requestFor("BYE"), udp);
  expect(passed).toEqual(["BYE"]);
});

test("without an answer it is given up after 64*T1, and no late answer goes out (RFC 4320 §4.2)", () => {
  const { clock, layer, sent, respond, transaction } = setUp();
  clock.advance(32_000);
  respond(200);
  expect(sent).toEqual([]);
  expect(transaction.state).toBe("terminated");
  expect(layer.counters()).toMatchObject({ live: 0, lingering: 0 });
});

test("over tcp nothing lingers", () => {
  const { layer, respond } = setUp({ ...udp, protocol: "tcp" });
  respond(200);
  expect(layer.counters()).toMatchObject({ live: 0, lingering: 0 });
});

test("branch, method and sent-by tell transactions apart", () => {
  const { layer, passed } = setUp();
  layer.receive(requestFor("BYE"), udp);
  layer.receive(requestFor("INFO"), udp);
  layer.receive(requestFor("BYE", "z9hG4bKother"), udp);
  layer.receive(requestFor("BYE", "z9hG4bKtest", 5070), udp);
  expect(passed).toEqual(["INFO", "BYE", "BYE"]);
});
