import { expect, test } from "vitest";
import { layerUnderTest, requestFor } from "../../../test/support/transaction-layer.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { responseTo } from "../message/builder.ts";
import type { SipAddress, SipProtocol } from "../transport/transport.ts";

function setUp(protocol: SipProtocol = "udp") {
  const clock = new VirtualClock(0);
  const peer: SipAddress = { protocol, address: "192.0.2.2", port: 5060 };
  const { layer, sent } = layerUnderTest(clock);
  const heard: unknown[] = [];
  const request = requestFor("BYE");
  layer.request(request, peer, { response: ({ status }) => heard.push(status), failed: (failure) => heard.push(failure) });
  const receive = (status: number) => layer.receive(responseTo(request, status, { toTag: "b" }), peer);
  return { clock, layer, sent, heard, receive };
}

test("over udp the request is repeated by timer E, at most each T2, until timer F", () => {
  const { clock, sent, heard } = setUp();
  clock.advance(32_000);
  expect(sent).toEqual([0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500].map((at) => `${at} BYE`));
  expect(heard).toEqual([{ status: 408, cause: "timeout" }]);
});

test("after a provisional answer it is repeated each T2", () => {
  const { clock, sent, receive, heard } = setUp();
  receive(100);
  clock.advance(9_000);
  expect(sent).toEqual(["0 BYE", "500 BYE", "4500 BYE", "8500 BYE"]);
  receive(200);
  clock.advance(60_000);
  expect(sent).toHaveLength(4);
  expect(heard).toEqual([100, 200]);
});

test("repeated final answers are absorbed until timer K", () => {
  const { clock, layer, receive, heard } = setUp();
  receive(200);
  receive(200);
  expect(heard).toEqual([200]);
  expect(layer.counters()).toMatchObject({ live: 0, lingering: 1, repeats: 0, strayResponses: 0 });
  clock.advance(5_500);
  receive(200);
  expect(layer.counters()).toMatchObject({ lingering: 0, strayResponses: 1 });
});

test("over tcp nothing is repeated and nothing lingers", () => {
  const { clock, layer, sent, receive } = setUp("tcp");
  clock.advance(20_000);
  receive(200);
  expect(sent).toEqual(["0 BYE"]);
  expect(layer.counters()).toMatchObject({ live: 0, lingering: 0 });
});
