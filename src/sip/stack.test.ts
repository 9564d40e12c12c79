import { expect, test } from "vitest";
import { accepting, inviteOptions, recorded, sdp, userAgent } from "../../test/support/sip-ends.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../test/support/virtual-network.ts";
import { requestOf } from "./message/builder.ts";
import type { HeaderPair } from "./message/header-list.ts";
import type { SipMessage, SipRequest } from "./message/message.ts";
import type { SipStackOptions } from "./stack.ts";
import type { SipAddress } from "./transport/transport.ts";

function setUp(options: Partial<SipStackOptions> = {}) {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1 });
  const house = userAgent(network, clock, "192.0.2.1", "udp", options);
  const peer = network.openSip({ protocol: "udp", address: "192.0.2.2", port: 5060 });
  const answers: SipMessage[] = [];
  peer.onMessage((message) => answers.push(message));
  const send = (request: SipRequest) => {
    answers.length = 0;
    peer.send(request, house.address);
    clock.advance(20);
    const [answer] = answers;
    return answer?.kind === "response" ? answer : undefined;
  };
  return { clock, network, house, peer, send };
}

type Parts = {
  branch?: string;
  tag?: string;
  to?: string;
  uri?: string;
  sequence?: number;
  contact?: string | undefined;
  headers?: HeaderPair[];
  maxForwards?: number;
};
function requestFor(method: string, parts: Parts = {}): SipRequest {
  const { branch = "z9hG4bK1", tag = "f", to = "<sip:us@192.0.2.1>", uri = "sip:us@192.0.2.1", sequence = 1, headers, maxForwards } = parts;
  return requestOf({
    method,
    uri,
    via: `SIP/2.0/UDP 192.0.2.2;branch=${branch};rport`,
    from: `<sip:peer@192.0.2.2>;tag=${tag}`,
    to,
    callId: "c",
    sequence,
    contact: "contact" in parts ? parts.contact : "<sip:peer@192.0.2.2>",
    headers,
    maxForwards,
  });
}

function withBody(request: SipRequest, type: string): SipRequest {
  request.headers.set("Content-Type", type);
  return { ...request, body: Buffer.from("what") };
}

test.each<[string, SipRequest, number, HeaderPair | undefined]>([
  ["OPTIONS (§11.2)", requestFor("OPTIONS"), 200, ["Accept", "application/sdp, multipart/mixed, multipart/alternative"]],
  ["OPTIONS at the end of its way", requestFor("OPTIONS", { maxForwards: 0 }), 200, undefined],
  ["an unknown method", requestFor("FROB"), 501, ["Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK, INFO"]],
  ["REGISTER without a registrar", requestFor("REGISTER"), 405, undefined],
  ["BYE for no dialog", requestFor("BYE", { to: "<sip:us@192.0.2.1>;tag=x" }), 481, undefined],
  ["BYE without a To tag", requestFor("BYE"), 481, undefined],
  ["a re-INVITE for no dialog", requestFor("INVITE", { to: "<sip:us@192.0.2.1>;tag=x" }), 481, undefined],
  ["CANCEL for no INVITE", requestFor("CANCEL"), 481, undefined],
  [
    "an extension we do not know",
    requestFor("INVITE", { headers: [["Require", "100rel, precondition, replaces"]] }),
    420,
    ["Unsupported", "precondition"],
  ],
  ["a body of a type we do not know (§8.2.3)", withBody(requestFor("INVITE"), "application/unknown"), 415, ["Accept-Encoding", "identity"]],
  ["an UPDATE with such a body", withBody(requestFor("UPDATE", { to: "<sip:us@192.0.2.1>;tag=x" }), "application/unknown"), 415, undefined],
  ["a peer that takes no session description (§21.4.7)", requestFor("INVITE", { headers: [["Accept", "text/plain"]] }), 406, undefined],
  ["a BYE with any body", withBody(requestFor("BYE"), "application/unknown"), 481, undefined],
  ["too many hops", requestFor("INVITE", { maxForwards: 0 }), 483, undefined],
  ["INVITE without Contact", requestFor("INVITE", { contact: undefined }), 400, undefined],
  ["a Request-URI of another scheme", requestFor("INVITE", { uri: "http://example.org" }), 416, undefined],
  ["a Request-URI that is none", requestFor("INVITE", { uri: "sip:@@" }), 400, undefined],
])("%s is answered without state, the same way each time", (_name, request, status, header) => {
  const { send, house, clock } = setUp({ extensions: ["replaces"] });
  house.stack.onInvite(() => {
    throw new Error("must not get here");
  });
  const [first, second] = [send(request), send(request)];
  expect(first?.status).toBe(status);
  if (header !== undefined) expect(first?.headers.all(header[0]).join(", ")).toBe(header[1]);
  expect(first?.headers.get("To")).toMatch(/;tag=./);
  expect([...(second?.headers ?? [])]).toEqual([...(first?.headers ?? [])]);
  expect(house.stack.counters()).toMatchObject({ live: 0, lingering: 0, usages: 0 });
  expect(clock.armed).toBe(0);
});

test("one INVITE that comes by two ways is one call: the second copy is 482", () => {
  const { send, house } = setUp();
  house.stack.onInvite((transaction) => {
    house.stack.acceptInvite(transaction, { localTag: "t", contact: "sip:l@192.0.2.1" }, recorded().events).ring(180);
  });
  expect(send(requestFor("INVITE"))?.status).toBe(180);
  expect(send(requestFor("INVITE", { branch: "z9hG4bK2" }))?.status).toBe(482);
  expect(send(requestFor("INVITE", { branch: "z9hG4bK3", sequence: 2, tag: "g" }))?.status).toBe(180);
});

test("a screened INVITE leaves nothing behind, and its ACK is dropped", () => {
  const { send, house } = setUp({ screen: () => ({ status: 503, headers: [["Retry-After", "3"]] }) });
  house.stack.onInvite(() => {
    throw new Error("must not get here");
  });
  expect(send(requestFor("INVITE"))?.headers.get("Retry-After")).toBe("3");
  expect(send(requestFor("ACK"))).toBeUndefined();
  expect(house.stack.counters()).toMatchObject({ live: 0, stateless: { 503: 1 }, requests: { INVITE: 1 } });
});

test("an INVITE whose taker fails gets 500 and is forgotten", () => {
  const { send, house, clock } = setUp();
  house.stack.onInvite(() => {
    throw new Error("a bug");
  });
  expect(send(requestFor("INVITE"))?.status).toBe(500);
  clock.advance(100_000);
  expect(house.stack.counters()).toMatchObject({ live: 0, lingering: 0 });
});

test("a flood of requests that match nothing costs no memory", () => {
  const { house, peer, clock } = setUp();
  for (let index = 0; index < 1_000; index++) {
    for (const method of ["BYE", "CANCEL", "OPTIONS", "ACK", "FROB"])
      peer.send(requestFor(method, { branch: `z9hG4bK${index}`, tag: String(index) }), house.address);
  }
  clock.advance(20);
  expect(house.stack.counters()).toMatchObject({ live: 0, lingering: 0, usages: 0, stateless: { 200: 1_000, 481: 2_000, 501: 1_000 } });
  expect(clock.armed).toBe(0);
});

test("in-dialog requests go to the address a named route resolves to, and to the peer's last address when it does not", async () => {
  const resolved: SipAddress = { protocol: "udp", address: "192.0.2.7", port: 5066 };
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1 });
  const house = userAgent(network, clock, "192.0.2.1", "udp", {
    locator: {
      locate: ({ host }, found) => found(host === "edge.example.org" ? { ok: true, addresses: [resolved] } : { ok: false, reason: "none" }),
      avoid: () => undefined,
    },
  });
  const peer = { protocol: "udp", address: "192.0.2.2", port: 5060 } as const;
  const sentTo: string[] = [];
  for (const host of ["edge.example.org", "unknown.example.org"]) {
    const usage = house.stack.restore(
      {
        role: "uac",
        state: "confirmed",
        callId: host,
        localTag: "l",
        remoteTag: "r",
        localAddress: "<sip:a@b>",
        remoteAddress: "<sip:c@d>",
        localContact: "sip:a@192.0.2.1",
        remoteTarget: "sip:c@d",
        routeSet: [`<sip:${host};lr>`],
        localCseq: 1,
        remoteCseq: undefined,
        protocol: "udp",
        peer,
        reachedAtPeer: false,
      },
      recorded().events,
    );
    network.seen.length = 0;
    usage.bye();
    await clock.advanceAsync(10);
    sentTo.push(network.seen.at(-1)?.to ?? "");
  }
  expect(sentTo).toEqual(["192.0.2.7:5066", "192.0.2.2:5060"]);
  house.stack.close();
});

test("close stops every timer and says nothing: after a restart the peers still wait", () => {
  const { clock, network, house } = setUp();
  const far = userAgent(network, clock, "192.0.2.3");
  const [ours, theirs] = [recorded({ offered: () => undefined }), recorded()];
  accepting(house, ours, (usage) => usage.answer(sdp("x")));
  const call = far.stack.invite(inviteOptions(far, house), theirs.events);
  clock.advance(50);
  call.reoffer(sdp("hold"));
  far.stack.invite(inviteOptions(far, house, { callId: "2", branch: "z9hG4bK-second" }), recorded().events);
  clock.advance(5);
  expect(ours.names).toContain("offered");
  far.stack.close();
  const sent = network.seen.length;
  house.stack.close();
  clock.advance(100);
  expect(network.seen).toHaveLength(sent);
  expect(clock.armed).toBe(0);
});
