import { describe, expect, test } from "vitest";
import { accepting, inviteOptions, recorded, sdp, userAgent } from "../../../test/support/sip-ends.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../../test/support/virtual-network.ts";
import { formatMessage } from "../message/format-message.ts";
import { HeaderList } from "../message/header-list.ts";
import type { SipRequest } from "../message/message.ts";
import type { SipAddress } from "../transport/transport.ts";
import { MessageTrace } from "./message-trace.ts";
import { readTraced, repeatsOf, type TracedMessage } from "./traced-message.ts";

const mebibyte = 1024 * 1024;

function refuseStrangers(_request: SipRequest, source: SipAddress) {
  return source.address === "192.0.2.66" ? { status: 403 } : undefined;
}

/** Two user agents; what bob sends and receives is recorded. */
function setting(memoryMiB = 4) {
  const clock = new VirtualClock(1_800_000_000_000);
  const network = new VirtualNetwork(clock, { seed: 1 });
  const trace = new MessageTrace({ clock, memoryBytes: memoryMiB * mebibyte });
  const alice = userAgent(network, clock, "192.0.2.1");
  const bob = userAgent(network, clock, "192.0.2.2", "udp", { screen: refuseStrangers });
  trace.attach(bob.transport);
  return { clock, network, trace, alice, bob };
}

function story(messages: readonly TracedMessage[]): string[] {
  return messages.map((message) => {
    const read = readTraced(message);
    return `${message.direction} ${read?.kind === "request" ? read.method : read?.status}`;
  });
}

function stranger(method: string, callId: string, size = 0): SipRequest {
  const headers = new HeaderList([
    ["Via", `SIP/2.0/UDP 192.0.2.66;branch=z9hG4bK${callId}`],
    ["From", "<sip:x@192.0.2.66>;tag=x"],
    ["To", "<sip:y@192.0.2.2>"],
    ["Call-ID", callId],
    ["CSeq", `1 ${method}`],
    ["Max-Forwards", "70"],
  ]);
  return { kind: "request", method, uri: "sip:y@192.0.2.2", headers, body: Buffer.alloc(size, "x") };
}

test("a call from its INVITE to its BYE, with addresses and times, as the bytes were", () => {
  const { clock, network, trace, alice, bob } = setting();
  const ringing = accepting(bob, recorded(), (usage) => {
    usage.ring(180);
    clock.after(1000, () => usage.answer(sdp("answer")));
  });
  alice.stack.invite(inviteOptions(alice, bob), recorded().events);
  clock.advance(2000);
  ringing.usage().bye();
  clock.advance(10);
  const messages = trace.find("call-1");
  expect(story(messages)).toEqual(["received INVITE", "sent 180", "sent 200", "received ACK", "sent BYE", "received 200"]);
  expect(messages[2]).toMatchObject({
    at: 1_800_000_001_001,
    protocol: "udp",
    local: { address: "192.0.2.2", port: 5060 },
    remote: { address: "192.0.2.1", port: 5060 },
    callId: "call-1",
  });
  expect(messages[4]?.bytes).toEqual(
    formatMessage(network.seen.find(({ message }) => message.kind === "request" && message.method === "BYE")?.message as SipRequest),
  );
  expect(trace.find("call-2")).toEqual([]);
});

test("what is sent again is there again, and marked (RFC 3261 §13.3.1.4: the 2xx repeats until ACK)", () => {
  const { clock, network, trace, alice, bob } = setting();
  network.lose = (message) => message.kind === "request" && message.method === "ACK";
  accepting(bob, recorded(), (usage) => usage.answer(sdp("answer")));
  alice.stack.invite(inviteOptions(alice, bob), recorded().events);
  clock.advance(1600);
  const messages = trace.find("call-1");
  expect(story(messages)).toEqual(["received INVITE", "sent 200", "sent 200", "sent 200"]);
  expect(repeatsOf(messages)).toEqual([undefined, undefined, 1, 1]);
});

describe("strangers", () => {
  test("push out nothing of a call, and what they send is bounded", () => {
    const { clock, network, trace, alice, bob } = setting();
    accepting(bob, recorded(), (usage) => usage.answer(sdp("answer")));
    alice.stack.invite(inviteOptions(alice, bob), recorded().events);
    clock.advance(100);
    const call = story(trace.find("call-1"));
    const flood = network.openSip({ protocol: "udp", address: "192.0.2.66", port: 5060 });
    for (let index = 0; index < 300; index++) {
      for (const method of ["OPTIONS", "REGISTER", "INVITE", "BYE"])
        flood.send(stranger(method, `${method}-${index}`, 20_000), bob.address);
      clock.advance(5);
    }
    expect(story(trace.find("call-1"))).toEqual(call);
    expect(trace.heldBytes).toBeLessThanOrEqual(4 * mebibyte);
    expect(trace.counters.forgotten).toBe(0);
    expect(trace.find("OPTIONS-0")).toEqual([]);
    expect(story(trace.find("OPTIONS-299"))[0]).toBe("received OPTIONS");
  });

  test("who then make a call take what they said before along", () => {
    const { clock, network, trace, alice, bob } = setting();
    accepting(bob, recorded(), (usage) => clock.after(5000, () => usage.ring(180)));
    alice.stack.invite(inviteOptions(alice, bob), recorded().events);
    clock.advance(6000);
    const flood = network.openSip({ protocol: "udp", address: "192.0.2.66", port: 5060 });
    for (let index = 0; index < 300; index++) {
      flood.send(stranger("OPTIONS", `o-${index}`, 20_000), bob.address);
      clock.advance(5);
    }
    // INVITE is not repeated once a provisional response has come.
    expect(story(trace.find("call-1"))).toEqual(expect.arrayContaining(["received INVITE", "sent 180"]));
    expect(trace.find("o-0")).toEqual([]);
  });
});

test("memory is taken as it is needed", () => {
  const { clock, network, trace, bob } = setting(64);
  expect(trace.heldBytes).toBe(2 * mebibyte);
  const flood = network.openSip({ protocol: "udp", address: "192.0.2.66", port: 5060 });
  for (let index = 0; index < 60; index++) flood.send(stranger("OPTIONS", `o-${index}`, 30_000), bob.address);
  clock.advance(5);
  expect(trace.heldBytes).toBe(3 * mebibyte);
});
