/** Session timers, RFC 4028: who refreshes, with what, and what ends a session that nobody refreshes. */
import { expect, test } from "vitest";
import { accepting, inviteOptions, lastValues, recorded, sdp, textOf, userAgent } from "../../../../test/support/sip-ends.ts";
import { VirtualClock } from "../../../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../../../test/support/virtual-network.ts";
import type { SipRequest, SipResponse } from "../../message/message.ts";
import type { InviteEvents, InviteOptions } from "../invite-events.ts";
import type { SessionSettings } from "./session-interval.ts";

type Sides = { readonly alice?: SessionSettings | null; readonly bob?: SessionSettings | null };

const standard: SessionSettings = { intervalS: 1800, minS: 90 };

function setUp(
  { alice: ours = standard, bob: theirs = standard }: Sides = {},
  react: Partial<InviteEvents> = {},
  more: Partial<InviteOptions> = {},
) {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1, minDelayMs: 5 });
  const alice = userAgent(network, clock, "192.0.2.1", "udp", { sessionTimer: ours ?? undefined });
  const bob = userAgent(network, clock, "192.0.2.2", "udp", { sessionTimer: theirs ?? undefined });
  const [a, b] = [recorded(), recorded(react)];
  const taken = accepting(bob, b, (callee) => callee.answer(sdp("answer")));
  const usage = alice.stack.invite(inviteOptions(alice, bob, more), a.events);
  const requests = (method: string, from = "") =>
    network.seen.flatMap((seen) =>
      seen.message.kind === "request" && seen.message.method === method && seen.from.startsWith(from) ? seen.message : [],
    );
  const success = (method: string): SipResponse | undefined =>
    network.seen
      .map(({ message }) => message)
      .findLast(
        (message): message is SipResponse =>
          message.kind === "response" && message.status === 200 && message.headers.get("CSeq")?.endsWith(method) === true,
      );
  const advance = (seconds: number) => clock.advance(seconds * 1000);
  advance(1);
  return { clock, network, alice, bob, a, b, taken: taken.usage, usage, requests, success, advance };
}

const expiry = (message: SipRequest | SipResponse | undefined) => message?.headers.get("Session-Expires");

test("§7.1, §9: both know timers: the callee refreshes at half the interval, by UPDATE without SDP", () => {
  const at = setUp();
  expect(expiry(at.requests("INVITE")[0])).toBe("1800");
  expect(at.requests("INVITE")[0]?.headers.all("Supported")).toContain("timer");
  expect(expiry(at.success("INVITE"))).toBe("1800;refresher=uas");
  expect(at.usage.dialog?.timer).toEqual({ intervalS: 1800, refresher: "remote" });
  at.advance(898);
  expect(at.requests("UPDATE")).toHaveLength(0);
  at.advance(3);
  const [update] = at.requests("UPDATE");
  expect([expiry(update), update?.body.length]).toEqual(["1800;refresher=uac", 0]);
  expect(expiry(at.success("UPDATE"))).toBe("1800;refresher=uac");
  expect(at.success("UPDATE")?.headers.all("Require")).toEqual(["timer"]);
  at.advance(3 * 3600);
  expect(at.requests("UPDATE", "192.0.2.2")).toHaveLength(13);
  expect([at.usage.phase, at.taken().phase]).toEqual(["confirmed", "confirmed"]);
  at.usage.bye();
  at.advance(64);
  expect(at.clock.armed).toBe(0);
});

test("§9: the caller may ask to refresh itself, and is told by Require that it must", () => {
  const at = setUp(
    { alice: null },
    {},
    {
      headers: [
        ["Supported", "timer"],
        ["Session-Expires", "600;refresher=uac"],
      ],
    },
  );
  expect(expiry(at.success("INVITE"))).toBe("600;refresher=uac");
  expect(at.success("INVITE")?.headers.all("Require")).toEqual(["timer"]);
});

test.each([
  [90, 60],
  [600, 568],
])("§10: an interval of %i s that the peer does not refresh ends after %i s with BYE and Reason", (intervalS, endS) => {
  const headers = [
    ["Supported", "timer"],
    ["Session-Expires", `${intervalS};refresher=uac`],
  ] as const;
  const at = setUp({ alice: null, bob: { intervalS, minS: 90 } }, {}, { headers });
  at.advance(endS - 2);
  expect(at.requests("BYE")).toHaveLength(0);
  at.advance(3);
  expect(at.requests("BYE", "192.0.2.2")[0]?.headers.get("Reason")).toBe('Q.850;cause=102;text="Session expired"');
  expect(at.b.values.at(-1)).toEqual([{ by: "lost", reason: "Session expired" }]);
});

test("a peer without timers is called and calls as ever, and nothing expires", () => {
  for (const sides of [
    { alice: null, bob: standard },
    { alice: standard, bob: null },
  ]) {
    const at = setUp(sides);
    at.advance(7_200);
    expect([at.usage.phase, at.taken().phase]).toEqual(["confirmed", "confirmed"]);
    expect(at.requests("UPDATE")).toHaveLength(0);
  }
});

test("§9, table 2: a proxy asks for a timer and the caller knows none: we refresh", () => {
  const at = setUp({ alice: null }, {}, { headers: [["Session-Expires", "1200"]] });
  expect(expiry(at.success("INVITE"))).toBe("1200;refresher=uas");
  expect(at.success("INVITE")?.headers.has("Require")).toBe(false);
  at.advance(601);
  expect(at.requests("UPDATE", "192.0.2.2")).toHaveLength(1);
});

test("§9: an interval below our minimum gets 422 with it, and §7.3: the next try asks for that much", () => {
  const at = setUp({ alice: { intervalS: 100, minS: 90 }, bob: { intervalS: 1800, minS: 300 } });
  const failure = at.a.values.at(-1)?.[0] as { response: SipResponse } | undefined;
  expect([failure?.response.status, failure?.response.headers.get("Min-SE")]).toEqual([422, "300"]);
  const again = recorded();
  const more = { callId: "call-1", branch: "z9hG4bK-second", sequence: 2, minSessionS: 300 };
  at.alice.stack.invite(inviteOptions(at.alice, at.bob, more), again.events);
  at.advance(1);
  const invite = at.requests("INVITE").at(-1);
  expect([expiry(invite), invite?.headers.get("Min-SE")]).toEqual(["300", "300"]);
  expect(again.names).toContain("answered");
});

test("§7.4: a refresh that gets 422 is sent again with the peer's Min-SE", () => {
  const at = setUp();
  const { network, alice } = at;
  let refused = 0;
  network.lose = (message, from) => {
    if (message.kind !== "request" || message.method !== "UPDATE" || refused++ > 0) return false;
    const transport = network.openSip({ protocol: "udp", address: "192.0.2.9", port: 5060 });
    const answer = {
      kind: "response",
      status: 422,
      reason: "Session Interval Too Small",
      headers: message.headers.clone(),
      body: new Uint8Array(0),
    } as const;
    answer.headers.set("Min-SE", "2000");
    transport.send(answer, { protocol: "udp", address: from.split(":")[0] ?? "", port: 5060 });
    return true;
  };
  expect(alice.stack.counters().usages).toBe(1);
  at.advance(901);
  const update = at.requests("UPDATE").at(-1);
  expect([expiry(update), update?.headers.get("Min-SE")]).toEqual(["2000;refresher=uac", "2000"]);
});

test("§7.4: without UPDATE in the peer's Allow the refresh is a re-INVITE with the last description, and any 2xx to a re-INVITE counts", () => {
  const at = setUp();
  // The callee refreshes; it believes that the caller takes no UPDATE.
  at.network.lose = (message) => {
    if (message.kind === "request" && message.method === "UPDATE") refuse(at, message, 405);
    return message.kind === "request" && message.method === "UPDATE";
  };
  at.advance(901);
  expect(at.b.names).toContain("refreshDue");
  at.taken().reoffer(sdp("same"));
  at.advance(1);
  const [invite] = at.requests("INVITE", "192.0.2.2");
  expect(expiry(invite)).toBe("1800;refresher=uac");
  at.advance(900);
  const second = at.requests("INVITE", "192.0.2.2").at(-1);
  expect(Buffer.from(second?.body ?? "").toString()).toBe("s=same");
  expect(second).not.toBe(invite);
  expect(textOf(at.b.values[at.b.names.lastIndexOf("sessionAccepted")]?.[0])).toBe("s=answer");
});

function refuse({ network }: ReturnType<typeof setUp>, request: SipRequest, status: number): void {
  const transport = network.openSip({ protocol: "udp", address: `192.0.2.${100 + network.seen.length}`, port: 5060 });
  const headers = request.headers.clone();
  transport.send(
    { kind: "response", status, reason: "No", headers, body: new Uint8Array(0) },
    { protocol: "udp", address: "192.0.2.2", port: 5060 },
  );
}

test.each([
  [500, "confirmed"],
  [603, "confirmed"],
  [481, "ended"],
])("a refresh that gets %i leaves the dialog %s", (status, phase) => {
  const at = setUp();
  at.network.lose = (message) => {
    if (message.kind === "request" && message.method === "UPDATE") refuse(at, message, status);
    return message.kind === "request" && message.method === "UPDATE";
  };
  at.advance(902);
  expect(at.taken().phase).toBe(phase);
  // Once more before the peer gives up.
  at.advance(452);
  expect(at.requests("UPDATE")).toHaveLength(phase === "ended" ? 1 : 2);
});

test("a refresh that nobody answers ends the dialog", () => {
  const at = setUp();
  at.network.lose = () => true;
  at.advance(940);
  expect(at.b.values.at(-1)).toEqual([{ by: "lost", status: 408 }]);
});

test("the timer is in the dialog's values and runs again after a restart", () => {
  const at = setUp();
  const values = lastValues(at.b);
  expect(values.timer).toEqual({ intervalS: 1800, refresher: "local" });
  at.bob.stack.close();
  void at.bob.transport.close();
  at.advance(60);
  const bob = userAgent(at.network, at.clock, "192.0.2.2", "udp", { sessionTimer: standard });
  const restored = bob.stack.restore({ ...values, localCseq: values.localCseq + 1000 }, recorded().events);
  restored.refresh();
  at.advance(1);
  expect(at.requests("UPDATE", "192.0.2.2")).toHaveLength(1);
  at.advance(901);
  expect(at.requests("UPDATE", "192.0.2.2")).toHaveLength(2);
  at.advance(3_600);
  expect(at.usage.phase).toBe("confirmed");
});
