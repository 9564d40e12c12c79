import { expect, test } from "vitest";
import { accepting, inviteOptions, recorded, sdp, userAgent } from "../../../test/support/sip-ends.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../../test/support/virtual-network.ts";
import { responseTo } from "../message/builder.ts";
import type { SipRequest } from "../message/message.ts";
import type { SipProtocol } from "../transport/transport.ts";
import type { Authorize } from "./invite-events.ts";

function setUp(protocol: SipProtocol = "udp") {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1 });
  return { clock, network, alice: userAgent(network, clock, "192.0.2.1", protocol) };
}

/** A peer that answers by hand: INVITE with 200, what comes in the dialog as `answer` says. */
function trunk({ network, alice }: ReturnType<typeof setUp>, answer: (request: SipRequest) => number) {
  const peer = network.openSip({ protocol: "udp", address: "192.0.2.2", port: 5060 });
  const got: SipRequest[] = [];
  peer.onMessage((request) => {
    if (request.kind !== "request" || request.method === "ACK") return;
    got.push(request);
    const status = got.length === 1 ? 200 : answer(request);
    peer.send(responseTo(request, status, { toTag: "t", contact: "<sip:trunk@192.0.2.2>" }), alice.address);
  });
  return got;
}

test.each(["BYE", "INVITE"])("a challenge to %s in the dialog is answered once, with the next CSeq", (method) => {
  const parts = setUp();
  const asked: unknown[] = [];
  const authorize: Authorize = (challenge, { method: signed }) => {
    asked.push([challenge.status, signed]);
    return ["Proxy-Authorization", "Digest x=1"];
  };
  const got = trunk(parts, (request) => (request.headers.has("Proxy-Authorization") ? 200 : 407));
  const log = recorded();
  const call = parts.alice.stack.invite(
    inviteOptions(parts.alice, { ...parts.alice, address: { protocol: "udp", address: "192.0.2.2", port: 5060 } }, { authorize }),
    log.events,
  );
  parts.clock.advance(100);
  if (method === "BYE") call.bye();
  else call.reoffer(sdp("hold"));
  parts.clock.advance(100);
  expect(asked).toEqual([[407, method]]);
  expect(got.map(({ headers }) => headers.get("CSeq"))).toEqual(["1 INVITE", `2 ${method}`, `3 ${method}`]);
  expect(log.names.at(method === "BYE" ? -1 : -2)).toBe(method === "BYE" ? "ended" : "sessionAccepted");
});

const guess: Authorize = () => ["Authorization", "Digest x=1"];

test("a second challenge is final", () => {
  const parts = setUp();
  const got = trunk(parts, () => 401);
  const log = recorded();
  const call = parts.alice.stack.invite(
    inviteOptions(parts.alice, { ...parts.alice, address: { protocol: "udp", address: "192.0.2.2", port: 5060 } }, { authorize: guess }),
    log.events,
  );
  parts.clock.advance(100);
  call.reoffer(sdp("hold"));
  parts.clock.advance(100);
  expect(got).toHaveLength(3);
  expect(log.values.at(-1)).toEqual([401]);
});

test("over tcp the callee's requests go back on the connection, and to the target when that is gone", () => {
  const { clock, network, alice } = setUp("tcp");
  const bob = userAgent(network, clock, "192.0.2.2", "tcp");
  // Alice's connection has a port of its own, as any outgoing one.
  const connection = network.openSip({ protocol: "tcp", address: "192.0.2.1", port: 49_000 });
  connection.onMessage(() => undefined);
  const b = recorded();
  const taken = accepting(bob, b, (usage) => usage.answer(sdp("answer")));
  alice.stack.invite(inviteOptions(alice, bob), recorded().events);
  clock.advance(100);
  const values = taken.usage().dialog;
  if (values === undefined) throw new Error("no dialog");
  expect(values.reachedAtPeer).toBe(true);
  const log = recorded();
  const detached = bob.stack.restore({ ...values, callId: "2", peer: { ...values.peer, port: 49_000 } }, log.events);
  void connection.close();
  network.seen.length = 0;
  detached.options();
  clock.advance(100);
  expect(network.seen.filter(({ message }) => message.kind === "request").map(({ to }) => to)).toEqual([
    "192.0.2.1:49000",
    "192.0.2.1:5060",
  ]);
});
