import { expect, test } from "vitest";
import { layerUnderTest, requestFor } from "../../../test/support/transaction-layer.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { responseTo } from "../message/builder.ts";
import type { SipAddress, SipProtocol } from "../transport/transport.ts";

function setUp(protocol: SipProtocol = "udp") {
  const clock = new VirtualClock(0);
  const peer: SipAddress = { protocol, address: "192.0.2.2", port: 5060 };
  const { layer, sent, passed, transport } = layerUnderTest(clock);
  const heard: unknown[] = [];
  const request = requestFor("INVITE");
  const transaction = layer.invite(request, peer, {
    response: ({ status }) => heard.push(status),
    failed: (failure) => heard.push(failure),
  });
  const receive = (status: number) => layer.receive(responseTo(request, status, { toTag: "b" }), peer);
  return { clock, layer, sent, passed, transport, heard, transaction, receive };
}

test("over udp INVITE is repeated by timer A until timer B", () => {
  const { clock, sent, heard, transaction } = setUp();
  clock.advance(32_000);
  expect(sent).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500, 31_500].map((at) => `${at} INVITE`));
  expect(heard).toEqual([{ status: 408, cause: "timeout" }]);
  expect(transaction.state).toBe("terminated");
});

test("over tcp nothing is repeated", () => {
  const { clock, sent, heard } = setUp("tcp");
  clock.advance(32_000);
  expect(sent).toEqual(["0 INVITE"]);
  expect(heard).toHaveLength(1);
});

test("a provisional answer stops timers A and B", () => {
  const { clock, sent, heard, receive, transaction } = setUp();
  receive(100);
  receive(180);
  clock.advance(300_000);
  expect(sent).toEqual(["0 INVITE"]);
  expect(heard).toEqual([100, 180]);
  expect(transaction.state).toBe("proceeding");
});

test("a refusal is acknowledged each time it comes until timer D, and passed up once", () => {
  const { clock, sent, heard, receive, layer } = setUp();
  receive(486);
  clock.advance(31_000);
  receive(486);
  receive(200);
  clock.advance(1_500);
  receive(486);
  expect(sent).toEqual(["0 INVITE", "0 ACK", "31000 ACK"]);
  expect(heard).toEqual([486]);
  expect(layer.counters()).toMatchObject({ live: 0, lingering: 0, repeats: 1, strayResponses: 1 });
});

test("every 2xx is passed up until timer M, the first one to the user", () => {
  const { clock, heard, passed, receive, sent } = setUp();
  receive(180);
  receive(200);
  receive(200);
  receive(180);
  clock.advance(31_000);
  receive(200);
  clock.advance(1_500);
  receive(200);
  expect(heard).toEqual([180, 200]);
  expect(passed).toEqual(["200", "200"]);
  expect(sent).toEqual(["0 INVITE"]);
});

test("what cannot be sent is 503, once", () => {
  const { clock, heard, transport } = setUp();
  transport.failLast("unreachable");
  clock.advance(40_000);
  expect(heard).toEqual([{ status: 503, cause: "transport", reason: "unreachable" }]);
});
