import { describe, expect, test } from "vitest";
import { accepting, inviteOptions, recorded, sdp, userAgent } from "../../../test/support/sip-ends.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../../test/support/virtual-network.ts";
import { isHidden } from "./hidden.ts";

const at = (address: string) => ({ protocol: "udp", address, port: 40_000 }) as const;

test.each([
  ["sip:p@10.1.2.3", "198.51.100.7", true],
  ["sip:p@[fd00::7]", "2001:db8::7", true],
  ["sip:p@100.64.0.1", "198.51.100.7", true],
  // The same private network: reachable, or at least not for us to know better.
  ["sip:p@10.1.2.3", "10.9.9.9", false],
  ["sip:p@10.1.2.3", "10.1.2.3", false],
  ["sip:p@198.51.100.8", "198.51.100.7", false],
  ["sip:p@127.0.0.1:5060", "10.1.2.3", true],
  ["sip:p@127.0.0.2:5060", "127.0.0.1", false],
  ["sip:p@0.0.0.0", "10.1.2.3", true],
  ["sip:p@df7jal23ls0d.invalid;transport=ws", "198.51.100.7", true],
  ["sip:p@phone.example.org", "198.51.100.7", false],
  ["<sip:10.0.0.1;lr>", "198.51.100.7", true],
  ["<sip:198.51.100.1;lr>", "198.51.100.7", false],
  ["tel:+12025550100", "198.51.100.7", false],
])("%s from %s is hidden: %s", (hop, source, expected) => {
  expect(isHidden(hop, at(source))).toBe(expected);
});

/** The house has a public address; the phone's is its router's, and it writes what it has at home. */
function setUp() {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1, minDelayMs: 5 });
  const house = userAgent(network, clock, "192.0.2.1");
  const phone = userAgent(network, clock, "198.51.100.7");
  const [h, p] = [recorded(), recorded()];
  const seen = (method: string) =>
    network.seen.filter(({ message }) => message.kind === "request" && message.method === method).map(({ from, to }) => `${from} ${to}`);
  return { clock, network, house, phone, h, p, seen };
}

const toPhone = "192.0.2.1:5060 198.51.100.7:5060";
const athome = "sip:phone@10.0.0.5:5062";

describe("a phone behind NAT, called or calling, whose Contact is private (RFC 3581, RFC 5626 §4)", () => {
  test("it calls: our BYE reaches it", () => {
    const { clock, house, phone, h, p, seen } = setUp();
    const accepted = accepting(house, h, (usage) => usage.answer(sdp("answer")));
    phone.stack.invite(inviteOptions(phone, house, { contact: athome }), p.events);
    clock.advance(100);
    accepted.usage().bye();
    clock.advance(100);
    expect(seen("BYE")).toEqual([toPhone]);
    expect([h.ends, p.ends]).toEqual([["ended"], ["ended"]]);
  });

  test("it is called: our ACK, re-INVITE and its ACK reach it", () => {
    const { clock, house, phone, h, p, seen } = setUp();
    phone.stack.onInvite((transaction) => {
      phone.stack.acceptInvite(transaction, { localTag: "phone", contact: athome }, p.events).answer(sdp("answer"));
    });
    const call = house.stack.invite(inviteOptions(house, phone), h.events);
    clock.advance(100);
    call.reoffer(sdp("hold"));
    clock.advance(100);
    expect(h.names).toContain("sessionAccepted");
    expect(seen("ACK")).toEqual([toPhone, toPhone]);
    call.bye();
    clock.advance(100);
    expect(seen("BYE")).toEqual([toPhone]);
  });

  test("it moves to a private Contact by re-INVITE: what follows goes to where that came from", () => {
    const { clock, network, house, phone, h, p, seen } = setUp();
    const accepted = accepting(house, h, (usage) => usage.answer(sdp("answer")));
    // At first it is reached as it says.
    const call = phone.stack.invite(inviteOptions(phone, house, { contact: "sip:phone@198.51.100.7:5060" }), p.events);
    clock.advance(100);
    const values = call.dialog;
    if (values === undefined) throw new Error("no dialog");
    phone.stack.close();
    void phone.transport.close();
    const moved = userAgent(network, clock, "198.51.100.9");
    const again = moved.stack.restore({ ...values, localContact: athome }, recorded().events);
    again.reoffer(sdp("moved"));
    clock.advance(100);
    accepted.usage().bye();
    clock.advance(100);
    expect(seen("BYE")).toEqual(["192.0.2.1:5060 198.51.100.9:5060"]);
  });

  test("a proxy that writes a private Record-Route is reached where its requests come from, with the Route it asked for", () => {
    const { clock, network, house, phone, h, p } = setUp();
    const accepted = accepting(house, h, (usage) => usage.answer(sdp("answer")));
    phone.stack.invite(inviteOptions(phone, house, { headers: [["Record-Route", "<sip:10.0.0.1;lr>"]] }), p.events);
    clock.advance(100);
    accepted.usage().bye();
    clock.advance(10);
    const bye = network.seen.find(({ message }) => message.kind === "request" && message.method === "BYE");
    expect([bye?.to, bye?.message.headers.get("Route")]).toEqual(["198.51.100.7:5060", "<sip:10.0.0.1;lr>"]);
  });
});
