/**
 * A peer that is there no more, before or after each single message of a call: what we keep for it goes away by itself. The calls are
 * answered, changed from both sides, probed and hung up, or cancelled, or refused; we are caller or callee; the peer's host is
 * switched off (nothing comes back) or its process has died (connections are refused).
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { type EventLog, inviteOptions, recorded, sdp, type UserAgent, userAgent } from "../../test/support/sip-ends.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../test/support/virtual-network.ts";
import type { InviteUsage } from "./dialog/invite-usage.ts";
import type { SipProtocol } from "./transport/transport.ts";

const plans = ["caller hangs up", "callee hangs up", "cancelled", "refused"] as const;
const deaths = ["silent", "refusing"] as const;

type Case = {
  readonly plan: (typeof plans)[number];
  readonly weCall: boolean;
  readonly death: (typeof deaths)[number];
  /** The message of the call, counted from 0, with which the peer goes; none: it stays. */
  readonly at: number | undefined;
  readonly isDelivered: boolean;
};

type Side = { readonly usage: () => InviteUsage | undefined; readonly isThere: () => boolean };

function world(protocol: SipProtocol) {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1 });
  const house = userAgent(network, clock, "192.0.2.1", protocol);
  const invitedBy = new Map<string, Taken>();
  takeInvites(house, invitedBy, (callId) => logs.get(callId) ?? recorded());
  /** Messages so far, by Call-ID; and what is to happen at each. */
  const counts = new Map<string, number>();
  const watchers = new Map<string, (index: number) => boolean>();
  network.lose = (message) => {
    const callId = message.headers.get("Call-ID") ?? "";
    const index = counts.get(callId) ?? 0;
    counts.set(callId, index + 1);
    return watchers.get(callId)?.(index) ?? false;
  };
  return { clock, network, house, invitedBy, counts, watchers, protocol };
}

type Taken = (accept: (tag: string) => InviteUsage) => void;

function takeInvites(agent: UserAgent, invitedBy: ReadonlyMap<string, Taken>, logOf: (callId: string) => EventLog): void {
  agent.stack.onInvite((transaction) => {
    const callId = transaction.request.headers.get("Call-ID") ?? "";
    const log = logOf(callId);
    invitedBy.get(callId)?.((localTag) =>
      agent.stack.acceptInvite(transaction, { localTag, contact: agent.stack.contactUri("leg", agent.address) }, log.events),
    );
  });
}

/** Of our side of each call. */
const logs = new Map<string, EventLog>();
let made = 0;

function place(at: ReturnType<typeof world>, { plan, weCall, death, at: deadAt, isDelivered }: Case) {
  const { clock, network, house } = at;
  const number = ++made;
  const callId = `call-${number}`;
  const log = recorded();
  logs.set(callId, log);
  const peer = userAgent(network, clock, `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`, at.protocol);
  let isDead = false;
  const die = () => {
    isDead = true;
    peer.stack.close();
    if (death === "refusing") void peer.transport.close();
  };
  at.watchers.set(callId, (index) => {
    if (isDead) return death === "silent";
    if (index !== deadAt) return false;
    // Never within the call of the stack that sends: a process does not die there.
    clock.after(isDelivered ? 1.5 : 0, die);
    return !isDelivered;
  });
  let calling: InviteUsage | undefined;
  let called: InviteUsage | undefined;
  const us: Side = { usage: () => (weCall ? calling : called), isThere: () => true };
  const them: Side = { usage: () => (weCall ? called : calling), isThere: () => !isDead };
  const [caller, callee] = weCall ? [us, them] : [them, us];
  const later = (ms: number, side: Side, act: (usage: InviteUsage) => void) =>
    clock.after(ms, () => {
      const usage = side.usage();
      if (usage !== undefined && side.isThere()) act(usage);
    });
  const invitedBy = weCall ? new Map<string, Taken>() : at.invitedBy;
  if (weCall) takeInvites(peer, invitedBy, () => recorded());
  invitedBy.set(callId, (accept) => {
    called = accept(`callee-${number}`);
    called.ring(180);
    later(50, callee, (usage) => usage.ring(183, sdp("early")));
    if (plan === "refused") later(200, callee, (usage) => usage.reject(486));
    if (plan === "caller hangs up" || plan === "callee hangs up") later(200, callee, (usage) => usage.answer(sdp("answer")));
  });
  const [from, to] = weCall ? [house, peer] : [peer, house];
  const names = { callId, localTag: `caller-${number}`, branch: `z9hG4bK-${number}` };
  calling = from.stack.invite(inviteOptions(from, to, names), weCall ? log.events : recorded().events);
  if (plan === "cancelled") later(120, caller, (usage) => usage.bye());
  else {
    later(400, caller, (usage) => usage.reoffer(sdp("of the caller")));
    later(600, callee, (usage) => usage.reoffer(sdp("of the callee")));
    later(800, us, (usage) => usage.options());
    later(1000, plan === "caller hangs up" ? caller : callee, (usage) => usage.bye());
  }
  // What the ring limit, the probes and the duration limit of the layer above do.
  later(60_000, us, (usage) => usage.bye());
  return { callId, peer, isThere: them.isThere };
}

const nothing = { live: 0, lingering: 0, usages: 0 };

/** Places these calls beside each other, lets 5 minutes pass, and looks for what is left. Returns how many messages each call had. */
function round(at: ReturnType<typeof world>, cases: readonly Case[]): number[] {
  const { clock, network, house, counts, watchers, invitedBy } = at;
  const placed = cases.map((each) => {
    clock.advance(3);
    return place(at, each);
  });
  clock.advance(300_000);
  expect(house.stack.counters()).toMatchObject(nothing);
  for (const { peer, isThere } of placed) {
    if (isThere()) expect(peer.stack.counters()).toMatchObject(nothing);
    void peer.transport.close();
  }
  expect(clock.armed).toBe(0);
  const lengths = placed.map(({ callId }, index) => {
    const ends = logs.get(callId)?.ends.length;
    const { weCall = true, at: deadAt, isDelivered = true } = cases[index] ?? {};
    const reachedUs = weCall || isDelivered || deadAt !== 0;
    expect([cases[index], ends]).toEqual([cases[index], reachedUs ? 1 : 0]);
    logs.delete(callId);
    invitedBy.delete(callId);
    watchers.delete(callId);
    return counts.get(callId) ?? 0;
  });
  counts.clear();
  network.seen.length = 0;
  return lengths;
}

/** Every way to go: each plan, role, kind of death and message, lost with the peer or heard by it. */
function everyCase(at: ReturnType<typeof world>): Case[] {
  const kinds = plans.flatMap((plan) =>
    [true, false].flatMap((weCall) => deaths.map((death) => ({ plan, weCall, death, at: undefined, isDelivered: false }))),
  );
  const lengths = round(at, kinds);
  return kinds.flatMap((kind, index) =>
    Array.from({ length: lengths[index] ?? 0 }, (_, number) =>
      [true, false].map((isDelivered) => ({ ...kind, at: number, isDelivered })),
    ).flat(),
  );
}

function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}

test.each(["udp", "tcp"] as const)("%s: of 5,000 calls whose peer goes at any point nothing is left", { timeout: 120_000 }, (protocol) => {
  const at = world(protocol);
  const cases = everyCase(at);
  // A call has at least 15 messages when it is answered: fewer cases than this would mean that the plans do not run.
  expect(cases.length).toBeGreaterThan(250);
  let calls = 0;
  let settledBytes = 0;
  for (let turn = 0; calls < 5_000; turn++) {
    round(at, cases);
    calls += cases.length;
    if (turn === 1) settledBytes = heapBytes();
  }
  // A kilobyte kept for each of the 4,000 and more calls since would be beyond.
  expect(heapBytes() - settledBytes).toBeLessThan(4 * 1024 * 1024);
});
