import { expect, test } from "vitest";
import { accepting, inviteOptions, lastValues, recorded, sdp, userAgent } from "../../../test/support/sip-ends.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../../test/support/virtual-network.ts";
import { requestOf } from "../message/builder.ts";
import { HeaderList } from "../message/header-list.ts";
import type { SipAddress } from "../transport/transport.ts";
import { Dialog, type DialogValues } from "./dialog.ts";

const source: SipAddress = { protocol: "udp", address: "192.0.2.2", port: 5060 };
const way = { protocol: "udp", sentBy: { host: "192.0.2.1", port: 5060 } } as const;

const confirmed: DialogValues = {
  role: "uas",
  state: "confirmed",
  callId: "c",
  localTag: "ours",
  remoteTag: "theirs",
  localAddress: "<sip:us@example.org>",
  remoteAddress: '"Peer" <sip:peer@example.org>',
  localContact: "sip:leg@192.0.2.1:5060",
  remoteTarget: "sip:peer@192.0.2.2:5080",
  routeSet: [],
  localCseq: 7,
  remoteCseq: 3,
  protocol: "udp",
  peer: source,
  reachedAtPeer: false,
};

function invite(headers: [string, string][] = []) {
  return requestOf({
    method: "INVITE",
    uri: "sip:us@192.0.2.1",
    via: "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1",
    from: "<sip:peer@example.org>;tag=theirs",
    to: "<sip:us@example.org>",
    callId: "c",
    sequence: 3,
    contact: "<sip:peer@192.0.2.2:5080>",
    headers,
  });
}

const infoAt = (sequence: number) => ({ ...invite(), headers: new HeaderList([["CSeq", `${sequence} INFO`]]) });
const nextHopTo = (remoteTarget: string) => Dialog.restore({ ...confirmed, remoteTarget }).nextHop();

test("a UAS keeps the order of Record-Route, a UAC reverses it", () => {
  const routes: [string, string][] = [
    ["Record-Route", "<sip:p1;lr>, <sip:p2;lr>"],
    ["Record-Route", "<sip:p3;lr>"],
  ];
  const uas = Dialog.ofInvite(invite(routes), source, { tag: "ours", contact: "sip:leg@192.0.2.1" });
  expect(uas.values.routeSet).toEqual(["<sip:p1;lr>", "<sip:p2;lr>", "<sip:p3;lr>"]);
  const headers = new HeaderList([...invite(routes).headers].map(([name, value]) => [name, name === "To" ? `${value};tag=ours` : value]));
  const response = { kind: "response", status: 200, reason: "OK", headers, body: new Uint8Array() } as const;
  const uac = Dialog.ofResponse(response, source, { contact: "sip:x@y", requestUri: "sip:z", reachedAtPeer: false });
  expect(uac.values.routeSet).toEqual(["<sip:p3;lr>", "<sip:p2;lr>", "<sip:p1;lr>"]);
  expect([uac.values.localTag, uac.values.remoteTag]).toEqual(["theirs", "ours"]);
});

test("restored values survive JSON; tags, route set and roles stay where they are, and CSeq goes on from what was given", () => {
  const values: DialogValues = {
    ...confirmed,
    routeSet: ["<sip:192.0.2.8;lr>", "<sip:192.0.2.9;lr>"],
    localCseq: confirmed.localCseq + 1_000,
  };
  const dialog = Dialog.restore(JSON.parse(JSON.stringify(values)) as DialogValues);
  const bye = dialog.request("BYE", way);
  expect(bye.headers.get("From")).toBe("<sip:us@example.org>;tag=ours");
  expect(bye.headers.get("To")).toBe('"Peer" <sip:peer@example.org>;tag=theirs');
  expect(bye.headers.get("CSeq")).toBe("1008 BYE");
  expect(bye.headers.all("Route")).toEqual(["<sip:192.0.2.8;lr>", "<sip:192.0.2.9;lr>"]);
  expect(bye.headers.all("Via")).toHaveLength(1);
  expect(bye.headers.has("Record-Route")).toBe(false);
  expect(bye.uri).toBe(confirmed.remoteTarget);
  expect(dialog.nextHop()).toEqual({ kind: "address", address: { protocol: "udp", address: "192.0.2.8", port: 5060 } });
});

test("a strict router first becomes the Request-URI", () => {
  const bye = Dialog.restore({ ...confirmed, routeSet: ["<sip:192.0.2.8>", "<sip:192.0.2.9;lr>"] }).request("BYE", way);
  expect(bye.uri).toBe("sip:192.0.2.8");
  expect(bye.headers.all("Route")).toEqual(["<sip:192.0.2.9;lr>", "<sip:peer@192.0.2.2:5080>"]);
});

test("CSeq of the peer must rise; a gap is legal", () => {
  const dialog = Dialog.restore(confirmed);
  expect([2, 3, 4, 4, 900].map((sequence) => dialog.take(infoAt(sequence), source))).toEqual([false, false, true, false, true]);
});

test("IPv6 targets and the transport parameter of the target", () => {
  expect(nextHopTo("sip:x@[2001:db8::1]:5070")).toEqual({
    kind: "address",
    address: { protocol: "udp", address: "2001:db8::1", port: 5070 },
  });
  expect(nextHopTo("sip:x@192.0.2.7;transport=TCP")).toEqual({
    kind: "address",
    address: { protocol: "tcp", address: "192.0.2.7", port: 5060 },
  });
  expect(nextHopTo("sips:x@192.0.2.7")).toEqual({ kind: "address", address: { protocol: "tls", address: "192.0.2.7", port: 5061 } });
  expect(nextHopTo("sip:x@peer.example.org")).toMatchObject({ kind: "name", target: { host: "peer.example.org", protocol: "udp" } });
});

test.each<[string, DialogValues["protocol"], object]>([
  ["sip:x@192.0.2.7;transport=tls", "udp", { protocol: "tls", port: 5061 }],
  ["sip:x@192.0.2.7:5080", "tls", { protocol: "tls", port: 5080 }],
  ["sip:x@192.0.2.7", "tls", { protocol: "tls", port: 5061 }],
  // RFC 3261 §26.2.2, RFC 5630 §4: sips is TLS on every hop, whatever transport it names.
  ["sips:x@192.0.2.7", "udp", { protocol: "tls", port: 5061 }],
  ["sips:x@192.0.2.7;transport=tcp", "tcp", { protocol: "tls", port: 5061 }],
  ["sip:x@192.0.2.7;transport=ws", "ws", { protocol: "ws", port: 80 }],
])("%s in a dialog by %s", (remoteTarget, protocol, expected) => {
  const hop = Dialog.restore({ ...confirmed, remoteTarget, protocol, peer: { ...source, protocol } }).nextHop();
  expect(hop).toEqual({ kind: "address", address: { address: "192.0.2.7", ...expected } });
});

test("the listener a peer is at stays its own, and the name its certificate is checked for stays at the same address", () => {
  const peer: SipAddress = {
    protocol: "tls",
    address: "192.0.2.2",
    port: 40_000,
    name: "sip.example.org",
    listener: "tls://192.0.2.1:5061",
  };
  const at = (remoteTarget: string) => Dialog.restore({ ...confirmed, protocol: "tls", peer, remoteTarget }).nextHop();
  expect(at("sip:x@192.0.2.2:5061")).toEqual({ kind: "address", address: { ...peer, port: 5061 } });
  const { name: _name, ...unnamed } = peer;
  expect(at("sip:x@192.0.2.3:5061")).toEqual({ kind: "address", address: { ...unnamed, address: "192.0.2.3", port: 5061 } });
  expect(at("sip:x@192.0.2.3:5060;transport=udp")).toEqual({
    kind: "address",
    address: { protocol: "udp", address: "192.0.2.3", port: 5060 },
  });
});

test("a private target that came from a public address is reached where it came from", () => {
  const request = {
    ...invite(),
    headers: new HeaderList([...invite().headers].map(([name, value]) => [name, name === "Contact" ? "<sip:p@10.1.2.3:5080>" : value])),
  };
  const dialog = Dialog.ofInvite(request, { ...source, port: 40_000 }, { tag: "ours", contact: "sip:leg@192.0.2.1" });
  expect(dialog.nextHop()).toEqual({ kind: "address", address: { ...source, port: 40_000 } });
  expect(dialog.request("BYE", way).uri).toBe("sip:p@10.1.2.3:5080");
});

test.each(["alice", "bob"] as const)("%s's process dies and comes back: both sides still end the call", (who) => {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1 });
  const alice = userAgent(network, clock, "192.0.2.1");
  const bob = userAgent(network, clock, "192.0.2.2");
  const [a, b] = [recorded(), recorded()];
  accepting(bob, b, (usage) => usage.answer(sdp("answer")));
  alice.stack.invite(inviteOptions(alice, bob), a.events);
  clock.advance(100);
  const dead = who === "alice" ? alice : bob;
  const values = lastValues(who === "alice" ? a : b);
  dead.stack.close();
  void dead.transport.close();
  const back = userAgent(network, clock, dead.address.address);
  const log = recorded();
  const usage = back.stack.restore({ ...values, localCseq: values.localCseq + 1_000 }, log.events);
  usage.reoffer(sdp("after the crash"));
  clock.advance(100);
  expect(log.names).toContain("sessionAccepted");
  usage.bye();
  clock.advance(100);
  expect(log.ends).toEqual(["ended"]);
  expect((who === "alice" ? b : a).values.at(-1)).toEqual([{ by: "peer" }]);
});

test("an INVITE that rang is taken up again after a restart: CANCEL still matches; and ours is sent again byte for byte", () => {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1 });
  const alice = userAgent(network, clock, "192.0.2.1");
  const bob = userAgent(network, clock, "192.0.2.2");
  accepting(bob, recorded(), (usage) => usage.ring(180));
  alice.stack.invite(inviteOptions(alice, bob), recorded().events);
  clock.advance(100);
  for (const agent of [alice, bob]) {
    agent.stack.close();
    void agent.transport.close();
  }
  const stored = network.seen[0]?.message;
  if (stored?.kind !== "request") throw new Error("no INVITE");
  const [a, b] = [recorded(), recorded()];
  const bobBack = userAgent(network, clock, "192.0.2.2");
  const transaction = bobBack.stack.restoreInvite(stored, alice.address);
  bobBack.stack.acceptInvite(transaction, { localTag: "bob-tag", contact: "sip:leg-b@192.0.2.2:5060" }, b.events).ring(180);
  const aliceBack = userAgent(network, clock, "192.0.2.1");
  const call = aliceBack.stack.invite(inviteOptions(aliceBack, bobBack), a.events);
  clock.advance(100);
  expect(a.names).toContain("provisional");
  expect(network.seen.filter(({ message }) => message.kind === "request").map(({ message }) => [...message.headers])).toEqual([
    [...stored.headers],
    [...stored.headers],
  ]);
  call.bye();
  clock.advance(100);
  expect([a.ends, b.ends]).toEqual([["failed"], ["cancelled"]]);
});
