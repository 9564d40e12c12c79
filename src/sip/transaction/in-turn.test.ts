import { expect, test } from "vitest";
import { recorded, userAgent } from "../../../test/support/sip-ends.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../../test/support/virtual-network.ts";
import type { DialogValues } from "../dialog/dialog.ts";
import type { SipAddresses } from "../location/locator.ts";
import { responseTo } from "../message/builder.ts";
import type { SipAddress, SipProtocol } from "../transport/transport.ts";

const addresses = ["192.0.2.2", "192.0.2.3"] as const;

function setUp(protocol: SipProtocol = "udp") {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1 });
  const [first, second] = addresses.map((address): SipAddress => ({ protocol, address, port: 5060, name: "servers.example" }));
  const destinations = [first, second] as unknown as SipAddresses;
  const avoided: string[] = [];
  const locator = {
    locate: (_target: unknown, found: (located: { ok: true; addresses: SipAddresses }) => void) =>
      found({ ok: true, addresses: destinations }),
    avoid: ({ address }: SipAddress) => void avoided.push(address),
  };
  const alice = userAgent(network, clock, "192.0.2.1", protocol, { locator });
  /** A server that answers every request, at once or later. */
  const serve = (address: string, status: number, afterMs = 0) => {
    const transport = network.openSip({ protocol, address, port: 5060 });
    transport.onMessage((message) => {
      if (message.kind !== "request" || message.method === "ACK") return;
      const answer = () => transport.send(responseTo(message, status, { toTag: address, contact: `<sip:${address}>` }), alice.address);
      if (afterMs === 0) answer();
      else clock.after(afterMs, answer);
    });
  };
  const ask = () => {
    const statuses: number[] = [];
    const request = { method: "OPTIONS", uri: "sip:servers.example", from: "<sip:a@a>;tag=1", to: "<sip:b@b>", callId: "c", sequence: 1 };
    alice.stack.request({ ...request, branch: "z9hG4bK-1", destinations }, ({ status }) => statuses.push(status));
    return statuses;
  };
  const sentTo = () => network.seen.filter(({ from }) => from === "192.0.2.1:5060").map(({ to }) => to.split(":")[0]);
  return { clock, network, alice, avoided, serve, ask, sentTo };
}

test("OPTIONS goes to the next address after 8*T1 of silence, in a transaction of its own (RFC 3263 §4.3)", () => {
  const { clock, network, avoided, serve, ask } = setUp();
  serve("192.0.2.3", 200);
  const statuses = ask();
  clock.advance(3_999);
  expect(statuses).toEqual([]);
  clock.advance(10);
  expect(statuses).toEqual([200]);
  expect(avoided).toEqual(["192.0.2.2"]);
  const vias = new Set(network.seen.flatMap(({ message }) => (message.kind === "request" ? [message.headers.get("Via")] : [])));
  expect(vias.size).toBe(2);
  clock.advance(40_000);
  expect(clock.armed).toBe(0);
});

test("an address that cannot be reached, or answers 503, is passed over at once", () => {
  const refused = setUp("tcp");
  refused.serve("192.0.2.3", 200);
  const overloaded = setUp();
  overloaded.serve("192.0.2.2", 503);
  overloaded.serve("192.0.2.3", 200);
  for (const { clock, ask, avoided } of [refused, overloaded]) {
    const statuses = ask();
    clock.advance(10);
    expect(statuses).toEqual([200]);
    expect(avoided).toEqual(["192.0.2.2"]);
  }
});

test("any other answer decides, and the last failure is told when there is no address left", () => {
  const refusing = setUp();
  refusing.serve("192.0.2.2", 404);
  const one = refusing.ask();
  refusing.clock.advance(10);
  expect([one, refusing.sentTo()]).toEqual([[404], ["192.0.2.2"]]);
  const silent = setUp();
  const other = silent.ask();
  silent.clock.advance(4_000 + 31_999);
  expect(other).toEqual([]);
  silent.clock.advance(1);
  expect(other).toEqual([408]);
});

test("a late answer of an address that was given up is dropped", () => {
  const { clock, serve, ask } = setUp();
  serve("192.0.2.2", 200, 6_000);
  serve("192.0.2.3", 486, 3_000);
  const statuses = ask();
  clock.advance(20_000);
  expect(statuses).toEqual([486]);
});

const values: DialogValues = {
  role: "uac",
  state: "confirmed",
  callId: "call",
  localTag: "l",
  remoteTag: "r",
  localAddress: "<sip:a@b>",
  remoteAddress: "<sip:c@d>",
  localContact: "sip:a@192.0.2.1",
  remoteTarget: "sip:c@servers.example",
  routeSet: [],
  localCseq: 1,
  remoteCseq: undefined,
  protocol: "udp",
  peer: { protocol: "udp", address: "192.0.2.9", port: 5060 },
  reachedAtPeer: false,
};

test.each(["BYE", "INVITE"])("%s inside a dialog whose next hop is a name tries its addresses in turn, with one CSeq", (method) => {
  const { clock, network, alice, serve, sentTo } = setUp();
  serve("192.0.2.3", 200);
  const log = recorded();
  const usage = alice.stack.restore(values, log.events);
  if (method === "BYE") usage.bye();
  else usage.reoffer({ contentType: "application/sdp", content: "s=x" });
  clock.advance(4_100);
  expect(new Set(sentTo())).toEqual(new Set(addresses));
  const sequences = network.seen.flatMap(({ message }) => (message.kind === "request" ? [message.headers.get("CSeq")] : []));
  expect(new Set(sequences.filter((sequence) => sequence?.endsWith(method)))).toEqual(new Set([`2 ${method}`]));
  expect(log.names).toContain(method === "BYE" ? "ended" : "sessionAccepted");
});

test("the Via of a request inside a dialog names the protocol of the address that was found (RFC 3261 §18.1.1)", () => {
  const { clock, network, alice, serve } = setUp("tcp");
  serve("192.0.2.2", 200);
  alice.stack.restore({ ...values, remoteTarget: "sip:c@servers.example;transport=tcp" }, recorded().events).bye();
  clock.advance(10);
  const [bye] = network.seen.flatMap(({ message }) => (message.kind === "request" ? [message] : []));
  expect(bye?.headers.get("Via")).toMatch(/^SIP\/2\.0\/TCP /);
});
