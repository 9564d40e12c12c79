/** Reliable provisional answers, RFC 3262, and what offers and answers travel in them and in PRACK. */
import { expect, test } from "vitest";
import { accepting, type EventLog, inviteOptions, recorded, sdp, textOf, userAgent } from "../../../../test/support/sip-ends.ts";
import { VirtualClock } from "../../../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../../../test/support/virtual-network.ts";
import { responseTo } from "../../message/builder.ts";
import type { HeaderPair } from "../../message/header-list.ts";
import type { SipMessage, SipRequest } from "../../message/message.ts";
import type { InviteOptions } from "../invite-events.ts";
import type { InviteUsage } from "../invite-usage.ts";

function setUp(seed = 1, loss = 0) {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed, loss, minDelayMs: 5 });
  const alice = userAgent(network, clock, "192.0.2.1");
  const bob = userAgent(network, clock, "192.0.2.2");
  const seen = () => network.seen.map(({ from, message }) => `${from === "192.0.2.1:5060" ? ">" : "<"} ${nameOf(message)}`);
  const requests = (method: string) =>
    network.seen.flatMap(({ message }) => (message.kind === "request" && message.method === method ? message : []));
  const responses = (status: number, method = "INVITE") =>
    network.seen.flatMap(({ message, atMs }) =>
      message.kind === "response" && message.status === status && message.headers.get("CSeq")?.endsWith(method) === true
        ? [{ message, atMs }]
        : [],
    );
  return { clock, network, alice, bob, seen, requests, responses };
}

function nameOf(message: SipMessage): string {
  return message.kind === "request" ? message.method : `${message.status} ${message.headers.get("CSeq")?.split(" ")[1]}`;
}

type SetUp = ReturnType<typeof setUp>;

function call(
  { clock, alice, bob }: SetUp,
  take: (usage: InviteUsage) => void,
  more: Partial<InviteOptions> = {},
  logs = [recorded(), recorded()],
) {
  const [a = recorded(), b = recorded()] = logs;
  const taken = accepting(bob, b, take);
  const usage = alice.stack.invite(inviteOptions(alice, bob, more), a.events);
  clock.advance(100);
  return { usage, taken: taken.usage, a, b };
}

const required: Partial<InviteOptions> = { headers: [["Require", "100rel"]] };

function valueOf(log: EventLog, name: string): unknown[] {
  return log.values[log.names.indexOf(name)] ?? [];
}

test("§3: with SDP a provisional answer is reliable when the caller knows 100rel, and the 2xx brings the answer no second time", () => {
  const at = setUp();
  const { usage, taken, a, b } = call(at, (callee) => {
    callee.ring(180);
    callee.ring(183, sdp("answer"));
  });
  taken().answer(sdp("answer"));
  at.clock.advance(100);
  expect(at.seen()).toEqual(["> INVITE", "< 180 INVITE", "< 183 INVITE", "> PRACK", "< 200 PRACK", "< 200 INVITE", "> ACK"]);
  const [progress] = at.responses(183);
  expect(progress?.message.headers.all("Require")).toEqual(["100rel"]);
  expect(at.requests("PRACK")[0]?.headers.get("RAck")).toBe(`${progress?.message.headers.get("RSeq")} 1 INVITE`);
  expect(a.names).toEqual(["provisional", "progressed", "provisional", "answered"]);
  expect(textOf(valueOf(a, "progressed")[0])).toBe("s=answer");
  expect(valueOf(a, "answered")[2]).toBe(true);
  expect(at.responses(200)[0]?.message.body).toHaveLength(0);
  expect(b.names).toContain("acknowledged");
  // The PRACK used a CSeq of the dialog: what follows counts on from there.
  usage.bye();
  at.clock.advance(100);
  expect(at.requests("BYE")[0]?.headers.get("CSeq")).toBe("3 BYE");
  at.clock.advance(64_000);
  expect(at.clock.armed).toBe(0);
});

test("§3: required by the caller, 180 is reliable too, and the next one waits for its PRACK", () => {
  const at = setUp();
  at.network.lose = (message) => message.kind === "request" && message.method === "PRACK" && at.clock.monotonicMs() < 100;
  call(
    at,
    (callee) => {
      callee.ring(180);
      callee.ring(181);
    },
    required,
  );
  expect(at.responses(181)).toHaveLength(0);
  at.clock.advance(1_000);
  const [ringing, forwarded] = [at.responses(180)[0], at.responses(181)[0]];
  expect(Number(forwarded?.message.headers.get("RSeq"))).toBe(Number(ringing?.message.headers.get("RSeq")) + 1);
  expect(at.requests("PRACK").at(-1)?.headers.get("RAck")).toBe(`${forwarded?.message.headers.get("RSeq")} 1 INVITE`);
});

test("§3: without PRACK it is repeated at T1, doubling, and after 64*T1 the INVITE is refused with 504", () => {
  const at = setUp();
  at.network.lose = (message) => message.kind === "request" && message.method === "PRACK";
  const { a, b } = call(at, (callee) => callee.ring(183, sdp("answer")));
  at.clock.advance(40_000);
  const sent = at.responses(183).map(({ atMs }) => atMs);
  // Timers are swept every 10 ms.
  expect(sent.map((atMs) => Math.floor((atMs - (sent[0] ?? 0)) / 10) * 10)).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
  expect(valueOf(a, "failed")[0]).toMatchObject({ status: 504 });
  expect(b.values.at(-1)).toEqual([{ by: "lost", status: 504 }]);
  // §4: the repeats are dropped: one event, and no second PRACK but its own repeats.
  expect(a.names.filter((name) => name === "progressed")).toHaveLength(1);
  expect(new Set(at.requests("PRACK").map(({ headers }) => headers.get("Via"))).size).toBe(1);
});

test("§3: the 2xx waits for the PRACK of a description, and a CANCEL meanwhile still gets 487", () => {
  const at = setUp();
  at.network.lose = (message) => message.kind === "request" && message.method === "PRACK";
  const { usage, taken, a, b } = call(at, (callee) => callee.ring(183, sdp("answer")));
  taken().answer(sdp("answer"));
  at.clock.advance(3_000);
  expect(at.responses(200)).toHaveLength(0);
  usage.bye();
  at.clock.advance(1_000);
  expect([a.ends, b.ends]).toEqual([["failed"], ["cancelled"]]);
  at.clock.advance(64_000);
  expect(at.clock.armed).toBe(0);
});

test("§3: without a description the 2xx does not wait; a PRACK that comes after it gets 200, and another one 481", () => {
  const at = setUp();
  at.network.lose = (message) => message.kind === "request" && message.method === "PRACK" && at.clock.monotonicMs() < 400;
  const { usage, taken } = call(at, (callee) => callee.ring(180), required);
  taken().answer(sdp("answer"));
  at.clock.advance(100);
  expect(usage.phase).toBe("confirmed");
  at.clock.advance(1_000);
  expect(at.responses(200, "PRACK")).toHaveLength(1);
  const [prack] = at.requests("PRACK");
  const transport = at.network.openSip({ protocol: "udp", address: "192.0.2.3", port: 5060 });
  prack?.headers.set("Via", "SIP/2.0/UDP 192.0.2.3;branch=z9hG4bK-late");
  prack?.headers.set("CSeq", "9 PRACK");
  if (prack !== undefined) transport.send(prack, at.bob.address);
  at.clock.advance(100);
  expect(at.responses(481, "PRACK")).toHaveLength(1);
});

test("§5: an INVITE without an offer gets it in the 183, and its answer comes in the PRACK", () => {
  const at = setUp();
  const a = recorded({ progressed: () => sdp("our answer") });
  const { taken, b } = call(at, (callee) => callee.ring(183, sdp("their offer")), { body: undefined }, [a, recorded()]);
  expect(textOf(valueOf(a, "progressed")[0])).toBe("s=their offer");
  expect(textOf(valueOf(b, "answeredEarly")[0])).toBe("s=our answer");
  taken().answer(sdp("their offer"));
  at.clock.advance(100);
  expect(at.responses(200)[0]?.message.body).toHaveLength(0);
  expect(at.requests("ACK")[0]?.body).toHaveLength(0);
});

test("§5: an offer that waits goes out in the PRACK, and the 2xx to the INVITE waits for its answer", () => {
  const at = setUp();
  let respond: ((status: number, body?: ReturnType<typeof sdp>) => void) | undefined;
  const b = recorded({ offered: (_offer, answer) => void (respond = answer) });
  const logs: EventLog[] = [recorded({ progressed: () => (usage().reoffer(sdp("more")), undefined) }), b];
  const taken = accepting(at.bob, b, (callee) => callee.ring(183, sdp("answer")));
  const made = at.alice.stack.invite(inviteOptions(at.alice, at.bob), (logs[0] as EventLog).events);
  const usage = () => made;
  at.clock.advance(100);
  expect(Buffer.from(at.requests("PRACK")[0]?.body ?? "").toString()).toBe("s=more");
  taken.usage().answer(sdp("answer"));
  at.clock.advance(100);
  expect(at.responses(200)).toHaveLength(0);
  respond?.(200, sdp("answer to more"));
  at.clock.advance(100);
  expect(textOf(valueOf(logs[0] as EventLog, "sessionAccepted")[0])).toBe("s=answer to more");
  expect(usage().phase).toBe("confirmed");
});

test("§4: what comes out of order is dropped until the missing one has come", () => {
  const at = setUp();
  const peer = byHand(at);
  peer.answer(183, [...reliably(7)], "first");
  peer.answer(183, [...reliably(9)]);
  at.clock.advance(20);
  expect(peer.pracks()).toEqual(["7 1 INVITE"]);
  peer.answer(180, [...reliably(8)]);
  peer.answer(183, [...reliably(9)]);
  peer.answer(183, [...reliably(9)]);
  at.clock.advance(20);
  expect(peer.pracks()).toEqual(["7 1 INVITE", "8 1 INVITE", "9 1 INVITE"]);
  expect(peer.log.names).toEqual(["progressed", "provisional", "provisional", "provisional"]);
});

test("a peer that requires 100rel is called with it in Supported, and after a restart hears nothing but the final answer", () => {
  const at = setUp();
  const b = recorded();
  at.bob.stack.onInvite((transaction) => {
    const usage = at.bob.stack.acceptInvite(transaction, { localTag: "t", contact: "sip:b@192.0.2.2", isRestored: true }, b.events);
    usage.ring(180);
    usage.ring(183, sdp("answer"));
    at.clock.after(1_000, () => usage.answer(sdp("answer")));
  });
  const a = recorded();
  at.alice.stack.invite(inviteOptions(at.alice, at.bob, required), a.events);
  at.clock.advance(2_000);
  expect(at.requests("INVITE")[0]?.headers.all("Supported")).toEqual(["100rel"]);
  expect(at.seen()).toEqual(["> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"]);
  expect(textOf({ content: at.responses(200)[0]?.message.body })).toBe("s=answer");
});

test("with up to three datagrams in ten lost, calls with reliable early media are answered", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const at = setUp(seed, (seed % 4) / 10);
    const { taken, a, b } = call(at, (callee) => callee.ring(183, sdp("answer")));
    at.clock.advance(12_000);
    if (b.names.length === 0) continue;
    taken().answer(sdp("answer"));
    at.clock.advance(40_000);
    expect([a.names, seed]).toEqual([expect.arrayContaining(["progressed", "answered"]), seed]);
  }
});

function reliably(sequence: number): readonly HeaderPair[] {
  return [
    ["Require", "100rel"],
    ["RSeq", String(sequence)],
  ];
}

/** A peer whose every answer the test writes. */
function byHand({ clock, network, alice }: SetUp) {
  const address = { protocol: "udp", address: "192.0.2.7", port: 5060 } as const;
  const transport = network.openSip(address);
  const got: SipRequest[] = [];
  transport.onMessage((message) => {
    if (message.kind !== "request") return;
    got.push(message);
    if (message.method === "PRACK") transport.send(responseTo(message, 200), alice.address);
  });
  const log = recorded();
  const usage = alice.stack.invite(inviteOptions(alice, { ...alice, address }), log.events);
  clock.advance(20);
  return {
    log,
    usage,
    pracks: () => got.filter(({ method }) => method === "PRACK").map(({ headers }) => headers.get("RAck")),
    answer: (status: number, headers: readonly HeaderPair[], text?: string) => {
      const [invite] = got;
      if (invite === undefined) throw new Error("no INVITE came");
      const body = text === undefined ? undefined : sdp(text);
      transport.send(responseTo(invite, status, { toTag: "hand", contact: "<sip:hand@192.0.2.7>", headers, body }), alice.address);
    },
  };
}
