/** Forks of our INVITE (RFC 3261 §13.2.2.4), and UPDATE before the answer (RFC 3311). */
import { expect, test } from "vitest";
import {
  accepting,
  type EventLog,
  inviteOptions,
  recorded,
  sdp,
  textOf,
  type UserAgent,
  userAgent,
} from "../../../test/support/sip-ends.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../../test/support/virtual-network.ts";
import { responseTo } from "../message/builder.ts";
import type { HeaderPair } from "../message/header-list.ts";
import type { SipRequest, SipResponse } from "../message/message.ts";
import { tagOf } from "../message/name-addr.ts";

function setUp(seed = 1, loss = 0) {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed, loss, minDelayMs: 5 });
  return { clock, network, alice: userAgent(network, clock, "192.0.2.1") };
}

/** A proxy that forks: each fork answers with a tag, Contact and Record-Route of its own. */
function forks({ clock, network, alice }: ReturnType<typeof setUp>) {
  const address = { protocol: "udp", address: "192.0.2.8", port: 5060 } as const;
  const transport = network.openSip(address);
  const got: SipRequest[] = [];
  transport.onMessage((message) => {
    if (message.kind !== "request") return;
    got.push(message);
    if (message.method !== "INVITE" && message.method !== "ACK") transport.send(responseTo(message, 200), alice.address);
  });
  const log = recorded();
  const usage = alice.stack.invite(inviteOptions(alice, { ...alice, address }), log.events);
  clock.advance(2_000);
  const answer = (tag: string, status: number, text?: string, headers: readonly HeaderPair[] = []) => {
    const invite = got.find(({ method }) => method === "INVITE");
    if (invite === undefined) throw new Error("no INVITE came");
    const route: HeaderPair = ["Record-Route", `<sip:192.0.2.8;lr;fork=${tag}>`];
    const parts = {
      toTag: tag,
      contact: `<sip:${tag}@192.0.2.8>`,
      headers: [route, ...headers],
      body: text === undefined ? undefined : sdp(text),
    };
    transport.send(responseTo(invite, status, parts), alice.address);
  };
  const facts = (method: string) =>
    got
      .filter((request) => request.method === method)
      .map(({ headers, uri }) => [tagOf(headers.get("To") ?? ""), headers.get("CSeq"), uri, headers.get("Route")].join(" "));
  return { log, usage, answer, facts, got };
}

const reliable = (sequence: number): readonly HeaderPair[] => [
  ["Require", "100rel"],
  ["RSeq", String(sequence)],
];

test("each fork has its own CSeq, RSeq, target and route; the first 2xx wins, another gets ACK and BYE, its repeat the same again", () => {
  const at = setUp();
  const peer = forks(at);
  peer.answer("one", 183, "a", reliable(5));
  peer.answer("two", 183, "b", reliable(90));
  at.clock.advance(20);
  peer.answer("one", 180, undefined, reliable(6));
  at.clock.advance(20);
  expect(peer.facts("PRACK")).toEqual([
    "one 2 PRACK sip:one@192.0.2.8 <sip:192.0.2.8;lr;fork=one>",
    "two 2 PRACK sip:two@192.0.2.8 <sip:192.0.2.8;lr;fork=two>",
    "one 3 PRACK sip:one@192.0.2.8 <sip:192.0.2.8;lr;fork=one>",
  ]);
  expect(peer.log.values.filter((_, index) => peer.log.names[index] === "progressed").map(([body, tag]) => [textOf(body), tag])).toEqual([
    ["s=a", "one"],
    ["s=b", "two"],
  ]);
  peer.answer("two", 200);
  peer.answer("one", 200, "a");
  at.clock.advance(1_000);
  peer.answer("one", 200, "a");
  at.clock.advance(1_000);
  expect(peer.log.names.filter((name) => name === "answered")).toHaveLength(1);
  expect(peer.usage.dialog).toMatchObject({ remoteTag: "two", localCseq: 2, state: "confirmed" });
  expect(new Set(peer.facts("ACK")).size).toBe(2);
  // Above every CSeq that the early dialog has used.
  expect(new Set(peer.facts("BYE"))).toEqual(new Set(["one 1002 BYE sip:one@192.0.2.8 <sip:192.0.2.8;lr;fork=one>"]));
  peer.usage.bye();
  at.clock.advance(100);
  expect(peer.facts("BYE").at(-1)).toBe("two 3 BYE sip:two@192.0.2.8 <sip:192.0.2.8;lr;fork=two>");
});

test("a 2xx of another fork after the call is over gets ACK and BYE too", () => {
  const at = setUp();
  const peer = forks(at);
  peer.answer("one", 180);
  peer.answer("two", 200, "a");
  at.clock.advance(100);
  peer.usage.bye();
  at.clock.advance(5_000);
  expect(peer.log.ends).toEqual(["ended"]);
  peer.answer("one", 200, "b");
  at.clock.advance(1_000);
  expect(peer.facts("ACK").map((fact) => fact.split(" ")[0])).toEqual(["two", "one"]);
  expect(peer.facts("BYE").map((fact) => fact.split(" ")[0])).toEqual(["two", "one"]);
});

test("with datagrams lost, of several 2xx exactly one stands and each other fork is told BYE", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const at = setUp(seed, 0.2);
    const peer = forks(at);
    for (let round = 0; round < 12; round++) {
      for (const tag of ["one", "two", "three"]) peer.answer(tag, 200, tag);
      at.clock.advance(1_000);
    }
    at.clock.advance(32_000);
    const standing = peer.usage.dialog?.remoteTag ?? "";
    expect(["one", "two", "three"]).toContain(standing);
    expect(new Set(peer.facts("BYE").map((fact) => fact.split(" ")[0]))).toEqual(
      new Set(["one", "two", "three"].filter((tag) => tag !== standing)),
    );
  }
});

test("no more than 16 early dialogs are kept, what asks for PRACK beyond is not taken, and 199 makes room (RFC 6228)", () => {
  const at = setUp();
  const peer = forks(at);
  for (let fork = 0; fork < 20; fork++) peer.answer(`fork${fork}`, 183, "x", reliable(1));
  at.clock.advance(100);
  expect(peer.facts("PRACK")).toHaveLength(16);
  peer.answer("fork3", 199);
  peer.answer("fork19", 183, "x", reliable(1));
  at.clock.advance(100);
  expect(peer.facts("PRACK")).toHaveLength(17);
});

/** Bob has answered in a reliable 183. */
function early(logs: { a?: EventLog; b?: EventLog } = {}) {
  const at = setUp();
  const bob = userAgent(at.network, at.clock, "192.0.2.2");
  const { a = recorded(), b = recorded() } = logs;
  const taken = accepting(bob, b, (callee) => callee.ring(183, sdp("answer")));
  const usage = at.alice.stack.invite(inviteOptions(at.alice, bob), a.events);
  at.clock.advance(100);
  for (const log of [a, b]) for (const list of [log.names, log.values]) list.length = 0;
  at.network.seen.length = 0;
  const sent = () =>
    at.network.seen.map(({ message }) =>
      message.kind === "request" ? message.method : `${message.status} ${message.headers.get("CSeq")}`,
    );
  return { ...at, bob, usage, taken, a, b, sent };
}

test.each(["alice", "bob"] as const)("RFC 3311 §5.1: once the session is agreed, %s changes it by UPDATE before the answer", (who) => {
  const { clock, usage, taken, a, b, sent } = early();
  const [ours, ourLog, theirLog] = who === "alice" ? [usage, a, b] : [taken.usage(), b, a];
  ours.reoffer(sdp("hold"));
  clock.advance(100);
  expect(sent()[0]).toBe("UPDATE");
  expect(textOf(theirLog.values[theirLog.names.indexOf("offered")]?.[0])).toBe("s=hold");
  expect(textOf(ourLog.values[ourLog.names.indexOf("sessionAccepted")]?.[0])).toBe("s=answer");
  taken.usage().answer(sdp("answer"));
  clock.advance(100);
  expect([usage.phase, taken.usage().phase]).toEqual(["confirmed", "confirmed"]);
  expect(a.values[a.names.indexOf("answered")]?.[2]).toBe(true);
});

test("RFC 3311 §5.2: crossing UPDATEs get 491, come back after their own time, and both changes happen", () => {
  const { clock, usage, taken, a, b, sent } = early();
  usage.reoffer(sdp("from alice"));
  taken.usage().reoffer(sdp("from bob"));
  clock.advance(100);
  expect(sent()).toEqual(["UPDATE", "UPDATE", expect.stringMatching(/^491/), expect.stringMatching(/^491/)]);
  clock.advance(5_000);
  expect(a.names).toContain("sessionAccepted");
  expect(b.names).toContain("sessionAccepted");
});

test("RFC 3311 §5.2: an UPDATE while another waits for its answer gets 500 with Retry-After", () => {
  let respond: ((status: number, body?: ReturnType<typeof sdp>) => void) | undefined;
  const at = early({ b: recorded({ offered: (_offer, answer) => void (respond = answer) }) });
  const { clock, usage, taken, network } = at;
  usage.reoffer(sdp("first"));
  clock.advance(20);
  const second = network.seen.map(({ message }) => message).find((message) => message.kind === "request");
  second?.headers.set("Via", "SIP/2.0/UDP 192.0.2.3;branch=z9hG4bK-second");
  second?.headers.set("CSeq", "8 UPDATE");
  const transport = network.openSip({ protocol: "udp", address: "192.0.2.3", port: 5060 });
  if (second !== undefined) transport.send(second, at.bob.address);
  clock.advance(20);
  const refusal = network.seen.map(({ message }) => message).find((message): message is SipResponse => message.kind === "response");
  expect(refusal?.status).toBe(500);
  expect(Number(refusal?.headers.get("Retry-After"))).toBeLessThan(10);
  respond?.(200, sdp("answer"));
  clock.advance(20);
  expect(at.a.names).toContain("sessionAccepted");
  expect(taken.usage().phase).toBe("ringing");
});

test("RFC 3311 §5.2: an UPDATE that would need a person gets 504, and the change comes by re-INVITE after the answer", () => {
  const at = early({
    b: recorded({ offered: (_offer, respond) => respond(at.taken.usage().phase === "ringing" ? 504 : 200, sdp("yes")) }),
  });
  at.usage.reoffer(sdp("change"));
  at.clock.advance(100);
  expect(at.a.names).toEqual([]);
  at.taken.usage().answer(sdp("answer"));
  at.clock.advance(200);
  expect(at.sent()).toContain("INVITE");
  expect(at.a.names).toContain("sessionAccepted");
});

test("an UPDATE with an offer before ours is answered gets 491, and one before theirs is answered 500", () => {
  const at = setUp();
  const bob: UserAgent = userAgent(at.network, at.clock, "192.0.2.2");
  const b = recorded();
  const taken = accepting(bob, b, (callee) => callee.ring(180));
  const a = recorded();
  const usage = at.alice.stack.invite(inviteOptions(at.alice, bob), a.events);
  at.clock.advance(100);
  const transport = at.network.openSip({ protocol: "udp", address: "192.0.2.3", port: 5060 });
  const update = (from: string, to: string): SipRequest => {
    const [invite] = at.network.seen.map(({ message }) => message);
    if (invite?.kind !== "request") throw new Error("no INVITE");
    const headers = invite.headers.clone();
    for (const [name, value] of [
      ["Via", `SIP/2.0/UDP 192.0.2.3;branch=z9hG4bK-${from}`],
      ["From", `<sip:x@x>;tag=${from}`],
      ["To", `<sip:x@x>;tag=${to}`],
      ["CSeq", "9 UPDATE"],
    ] as const)
      headers.set(name, value);
    return { kind: "request", method: "UPDATE", uri: "sip:x@x", headers, body: Buffer.from("s=offer") };
  };
  transport.send(update("bob-tag", "alice-tag"), at.alice.address);
  transport.send(update("alice-tag", "bob-tag"), bob.address);
  at.clock.advance(100);
  const statuses = at.network.seen.flatMap(({ message }) =>
    message.kind === "response" && message.headers.get("CSeq") === "9 UPDATE" ? message.status : [],
  );
  expect(statuses).toEqual([491, 500]);
  expect([usage.phase, taken.usage().phase]).toEqual(["inviting", "ringing"]);
});
