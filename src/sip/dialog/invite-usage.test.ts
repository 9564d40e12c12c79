import { expect, test } from "vitest";
import { accepting, inviteOptions, recorded, sdp, textOf, userAgent } from "../../../test/support/sip-ends.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../../test/support/virtual-network.ts";

function setUp(protocol: "udp" | "tcp" = "udp") {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1, minDelayMs: 5 });
  const alice = userAgent(network, clock, "192.0.2.1", protocol);
  const bob = userAgent(network, clock, "192.0.2.2", protocol);
  const seen = () =>
    network.seen.map(
      ({ from, message }) =>
        `${from === "192.0.2.1:5060" ? ">" : "<"} ${message.kind === "request" ? message.method : `${message.status} ${message.headers.get("CSeq")?.split(" ")[1]}`}`,
    );
  return { clock, network, alice, bob, seen };
}

test.each(["udp", "tcp"] as const)("a call over %s: ringing, answer, BYE of the caller", (protocol) => {
  const { clock, alice, bob, seen } = setUp(protocol);
  const [a, b] = [recorded(), recorded()];
  accepting(bob, b, (usage) => {
    usage.ring(180);
    usage.answer(sdp("answer"));
  });
  const call = alice.stack.invite(inviteOptions(alice, bob), a.events);
  clock.advance(1_000);
  expect(call.phase).toBe("confirmed");
  call.bye([["Reason", 'Q.850;cause=16;text="Normal"']]);
  clock.advance(1_000);
  expect(seen()).toEqual(["> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK", "> BYE", "< 200 BYE"]);
  expect(a.names).toEqual(["provisional", "answered", "ended"]);
  expect(b.names).toEqual(["dialogChanged", "acknowledged", "ended"]);
  expect(b.values.at(-1)).toEqual([{ by: "peer", reason: "Normal", q850: 16 }]);
  clock.advance(64_000);
  for (const agent of [alice, bob]) expect(agent.stack.counters()).toMatchObject({ live: 0, lingering: 0, usages: 0 });
  expect(clock.armed).toBe(0);
});

test("the callee hangs up before the ACK arrives: BYE waits for it", () => {
  const { clock, alice, bob, seen } = setUp();
  const [a, b] = [recorded(), recorded()];
  accepting(bob, b, (usage) => {
    usage.answer(sdp("answer"));
    usage.bye();
  });
  alice.stack.invite(inviteOptions(alice, bob), a.events);
  clock.advance(1_000);
  expect(seen()).toEqual(["> INVITE", "< 200 INVITE", "> ACK", "< BYE", "> 200 BYE"]);
  expect([a.ends, b.ends]).toEqual([["ended"], ["ended"]]);
});

test("CANCEL waits for a provisional answer, and 487 ends both sides", () => {
  const { clock, alice, bob, seen } = setUp();
  const [a, b] = [recorded(), recorded()];
  accepting(bob, b, () => undefined);
  const call = alice.stack.invite(inviteOptions(alice, bob), a.events);
  call.bye([["Reason", 'SIP;cause=200;text="Call completed elsewhere"']]);
  clock.advance(100);
  expect(seen()).toEqual(["> INVITE"]);
  clock.advance(1_000);
  expect(seen()).toEqual(["> INVITE", "< 100 INVITE", "> CANCEL", "< 200 CANCEL", "< 487 INVITE", "> ACK"]);
  expect(a.values.at(-1)?.[0]).toMatchObject({ status: 487, cause: "response" });
  expect(b.names).toEqual(["cancelled"]);
  expect(b.values[0]).toEqual([{ reason: "Call completed elsewhere", sipCause: 200 }]);
});

test("a 2xx that crosses our CANCEL gets ACK and BYE", () => {
  const { clock, alice, bob, seen } = setUp();
  const [a, b] = [recorded(), recorded()];
  const taken = accepting(bob, b, (usage) => usage.ring(180));
  const call = alice.stack.invite(inviteOptions(alice, bob), a.events);
  clock.advance(20);
  call.bye();
  taken.usage().answer(sdp("answer"));
  clock.advance(2_000);
  expect(seen()).toEqual(["> INVITE", "< 180 INVITE", "> CANCEL", "< 200 INVITE", "< 200 CANCEL", "> ACK", "> BYE", "< 200 BYE"]);
  expect(a.names).toEqual(["provisional", "failed"]);
  expect(b.ends).toEqual(["ended"]);
});

test("a cancelled INVITE that stays silent is over after 64*T1", () => {
  const { clock, network, alice, bob } = setUp();
  const [a, b] = [recorded(), recorded()];
  accepting(bob, b, (usage) => usage.ring(180));
  const call = alice.stack.invite(inviteOptions(alice, bob), a.events);
  clock.advance(20);
  network.lose = (message) => message.kind === "response";
  call.bye();
  clock.advance(31_900);
  expect(a.ends).toEqual([]);
  clock.advance(200);
  expect(a.values.at(-1)).toEqual([{ status: 487, cause: "timeout" }]);
});

test("a 2xx without ACK is repeated at T1 doubling to T2, then the dialog is ended", () => {
  const { clock, network, alice, bob } = setUp();
  const [a, b] = [recorded(), recorded()];
  accepting(bob, b, (usage) => usage.answer(sdp("answer")));
  network.lose = (message) => message.kind === "request" && message.method === "ACK";
  alice.stack.invite(inviteOptions(alice, bob), a.events);
  clock.advance(40_000);
  const sent = network.seen.filter(({ message }) => message.kind === "response" && message.headers.get("CSeq") === "1 INVITE");
  // The stack's timers have slots of 10 ms.
  const start = Math.ceil((sent[0]?.atMs ?? 0) / 10) * 10;
  expect(sent.map(({ atMs }) => Math.max(0, atMs - start))).toEqual([
    0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
  ]);
  expect(b.names.slice(-2)).toEqual(["ackMissing", "ended"]);
  expect(b.values.at(-1)).toEqual([{ by: "lost" }]);
  expect(a.values.at(-1)).toEqual([{ by: "peer" }]);
  // Every repeated 2xx got its ACK again.
  expect(network.seen.filter(({ message }) => message.kind === "request" && message.method === "ACK")).toHaveLength(11);
});

test("INVITE without an answer fails with 408 after timer B", () => {
  const { clock, network, alice, bob } = setUp();
  const a = recorded();
  network.lose = () => true;
  alice.stack.invite(inviteOptions(alice, bob), a.events);
  clock.advance(32_000);
  expect(network.seen.map(({ atMs }) => atMs - 1_000_000)).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
  expect(a.values).toEqual([[{ status: 408, cause: "timeout" }]]);
});

test("no receiver over tcp fails with 503", () => {
  const { clock, alice } = setUp("tcp");
  const a = recorded();
  const nobody = { ...alice, address: { protocol: "tcp", address: "192.0.2.9", port: 5060 } as const };
  alice.stack.invite(inviteOptions(alice, nobody), a.events);
  clock.advance(10);
  expect(a.values).toEqual([[expect.objectContaining({ status: 503, cause: "transport" })]]);
});

test("an offer in the 2xx is answered in the ACK", () => {
  const { clock, alice, bob } = setUp();
  const a = recorded({ answered: () => sdp("late answer") });
  const b = recorded();
  accepting(bob, b, (usage) => usage.answer(sdp("late offer")));
  alice.stack.invite(inviteOptions(alice, bob, { body: undefined }), a.events);
  clock.advance(100);
  expect(b.names).toEqual(["dialogChanged", "acknowledged"]);
  expect(textOf(b.values[1]?.[0])).toBe("s=late answer");
});

test("a challenge ends the attempt; the next one may use the same Call-ID and tag", () => {
  const { clock, alice, bob, seen } = setUp();
  bob.stack.onInvite((transaction) => {
    const isSecond = transaction.request.headers.get("CSeq") === "2 INVITE";
    bob.stack
      .acceptInvite(transaction, { localTag: "bob-tag", contact: "sip:b@192.0.2.2" }, recorded().events)
      .reject(isSecond ? 486 : 407);
  });
  const second = recorded();
  const first = recorded({
    challenged: () => void alice.stack.invite(inviteOptions(alice, bob, { sequence: 2, branch: "z9hG4bK-2" }), second.events),
  });
  alice.stack.invite(inviteOptions(alice, bob), first.events);
  clock.advance(100);
  expect(seen()).toEqual(["> INVITE", "< 407 INVITE", "> ACK", "> INVITE", "< 486 INVITE", "> ACK"]);
  expect([first.ends, second.ends]).toEqual([["challenged"], ["failed"]]);
});

test("a second fork's 2xx gets ACK and BYE, the first call goes on", () => {
  const { clock, network, alice, bob } = setUp();
  const a = recorded();
  const carol = userAgent(network, clock, "192.0.2.3");
  const c = recorded();
  accepting(bob, recorded(), (usage) => usage.answer(sdp("bob")));
  carol.stack.onInvite((transaction) => {
    carol.stack.acceptInvite(transaction, { localTag: "carol-tag", contact: "sip:carol@192.0.2.3" }, c.events).answer(sdp("carol"));
  });
  const call = alice.stack.invite(inviteOptions(alice, bob), a.events);
  const invite = network.seen[0]?.message;
  if (invite === undefined) throw new Error("nothing was sent");
  // A proxy forked: the same INVITE reaches carol, who answers to alice.
  const proxy = network.openSip({ protocol: "udp", address: "192.0.2.4", port: 5060 });
  proxy.onMessage((message) => proxy.send(message, alice.address));
  proxy.send(invite, carol.address);
  clock.advance(5_000);
  expect(c.names).toEqual(["dialogChanged", "acknowledged", "ended"]);
  expect(call.phase).toBe("confirmed");
  expect(call.dialog?.remoteTag).toBe("bob-tag");
});

test("ringing is said again each minute until the answer", () => {
  const { clock, alice, bob, seen } = setUp();
  const taken = accepting(bob, recorded(), (usage) => usage.ring(180));
  alice.stack.invite(inviteOptions(alice, bob), recorded().events);
  clock.advance(121_000);
  taken.usage().answer(sdp("answer"));
  clock.advance(121_000);
  expect(seen()).toEqual(["> INVITE", "< 180 INVITE", "< 180 INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"]);
});

test("a re-INVITE stands for the ACK that was lost before it (RFC 5407 §3.1.4)", () => {
  const { clock, network, alice, bob, seen } = setUp();
  const b = recorded();
  accepting(bob, b, (usage) => usage.answer(sdp("answer")));
  network.lose = (message) => message.kind === "request" && message.headers.get("CSeq") === "1 ACK";
  const call = alice.stack.invite(inviteOptions(alice, bob), recorded().events);
  clock.advance(50);
  call.reoffer(sdp("hold"));
  clock.advance(5_000);
  expect(b.names).toEqual(["dialogChanged", "acknowledged", "dialogChanged", "offered", "dialogChanged", "acknowledged"]);
  expect(seen()).toEqual(["> INVITE", "< 200 INVITE", "> ACK", "> INVITE", "< 200 INVITE", "> ACK"]);
});

test("the 200 to BYE waits until it is released, repeats of the BYE are absorbed, and the dialog knows nothing else meanwhile", () => {
  const { clock, alice, bob, seen } = setUp();
  const releases: (() => void)[] = [];
  const b = recorded({ ended: (_ending, release) => void releases.push(release) });
  const taken = accepting(bob, b, (usage) => usage.answer(sdp("answer")));
  const call = alice.stack.invite(inviteOptions(alice, bob), recorded().events);
  clock.advance(100);
  call.bye();
  clock.advance(1_000);
  expect(seen().slice(3)).toEqual(["> BYE", "> BYE"]);
  expect(b.ends).toEqual(["ended"]);
  taken.usage().reoffer(sdp("too late"));
  taken.usage().bye();
  for (const release of [...releases, ...releases]) release();
  clock.advance(20_000);
  expect(seen().slice(3)).toEqual(["> BYE", "> BYE", "< 200 BYE"]);
});

test("a BYE that overtook the ACK ends the repeats of our 2xx, released or not", () => {
  const { clock, network, alice, bob, seen } = setUp();
  const b = recorded({ ended: () => undefined });
  accepting(bob, b, (usage) => usage.answer(sdp("answer")));
  network.lose = (message) => message.kind === "request" && message.method === "ACK";
  const call = alice.stack.invite(inviteOptions(alice, bob), recorded().events);
  clock.advance(100);
  call.bye();
  clock.advance(10_000);
  expect(b.ends).toEqual(["ended"]);
  expect(seen().filter((line) => line === "< 200 INVITE")).toHaveLength(1);
});

test("CANCEL is answered at once, the 487 waits until it is released", () => {
  const { clock, alice, bob, seen } = setUp();
  const releases: (() => void)[] = [];
  const a = recorded();
  const b = recorded({ cancelled: (_reason, release) => void releases.push(release) });
  const taken = accepting(bob, b, (usage) => usage.ring(180));
  const call = alice.stack.invite(inviteOptions(alice, bob), a.events);
  clock.advance(100);
  call.bye();
  clock.advance(5_000);
  taken.usage().answer(sdp("too late"));
  expect(seen()).toEqual(["> INVITE", "< 180 INVITE", "> CANCEL", "< 200 CANCEL"]);
  expect([a.ends, b.ends]).toEqual([[], ["cancelled"]]);
  releases[0]?.();
  clock.advance(100);
  expect(seen().slice(4)).toEqual(["< 487 INVITE", "> ACK"]);
});

test.each(["bye", "cancel"])("what nobody releases after %s ends on both sides when the peer has given up", (how) => {
  const { clock, alice, bob } = setUp();
  const a = recorded();
  const b = recorded({ cancelled: () => undefined, ended: () => undefined });
  accepting(bob, b, (usage) => (how === "bye" ? usage.answer(sdp("answer")) : usage.ring(180)));
  const call = alice.stack.invite(inviteOptions(alice, bob), a.events);
  clock.advance(100);
  call.bye();
  clock.advance(33_000);
  expect([a.ends, b.ends]).toEqual([[how === "bye" ? "ended" : "failed"], [how === "bye" ? "ended" : "cancelled"]]);
  clock.advance(64_000);
  for (const agent of [alice, bob]) expect(agent.stack.counters()).toMatchObject({ live: 0, lingering: 0, usages: 0 });
  expect(clock.armed).toBe(0);
});
