import { expect, test } from "vitest";
import { inviteOptions, recorded, sdp, userAgent } from "../../../test/support/sip-ends.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../../test/support/virtual-network.ts";
import { requestOf } from "../message/builder.ts";
import { asksForSips } from "./sips.ts";

function invite(uri: string, contact: string, recordRoute?: string) {
  return requestOf({
    method: "INVITE",
    uri,
    via: "SIP/2.0/TLS h;branch=z9hG4bK1",
    from: "<sip:a@h>;tag=1",
    to: "<sip:b@h>",
    callId: "c",
    sequence: 1,
    contact,
    headers: recordRoute === undefined ? [] : [["Record-Route", recordRoute]],
  });
}

test.each([
  ["sips:b@h", "<sip:a@h>", undefined, true],
  ["SIPS:b@h", "<sip:a@h>", undefined, true],
  ["sip:b@h", "<sips:a@h>", undefined, true],
  ["sip:b@h", "<sip:a@h>", "<sips:p;lr>", true],
  // With a Record-Route the Contact does not count.
  ["sip:b@h", "<sips:a@h>", "<sip:p;lr>", false],
  ["sip:b@h", "<sip:a@h>", undefined, false],
])("INVITE %s, Contact %s, Record-Route %s asks for sips: %s (RFC 3261 §12.1.1)", (uri, contact, recordRoute, expected) => {
  expect(asksForSips(invite(uri, contact, recordRoute))).toBe(expected);
});

test("our Contact says how we are reached", () => {
  const network = new VirtualNetwork(new VirtualClock(), { seed: 1 });
  const { stack } = userAgent(network, new VirtualClock(), "192.0.2.1", "tls");
  const contact = (protocol: "udp" | "tls" | "ws" | "wss", isSecure?: boolean) =>
    stack.contactUri("leg", { protocol, address: "192.0.2.2", port: 1 }, isSecure);
  expect([contact("udp"), contact("tls"), contact("ws"), contact("wss")]).toEqual([
    "sip:leg@192.0.2.1:5060",
    "sip:leg@192.0.2.1:5060;transport=tls",
    "sip:leg@192.0.2.1:5060;transport=ws",
    "sip:leg@192.0.2.1:5060;transport=ws",
  ]);
  // RFC 5630 §3.1.1: TLS follows from the scheme.
  expect([contact("tls", true), contact("wss", true)]).toEqual(["sips:leg@192.0.2.1:5060", "sips:leg@192.0.2.1:5060;transport=ws"]);
});

test("a dialog of sips URIs stays on TLS: ACK and BYE too", () => {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1 });
  const alice = userAgent(network, clock, "192.0.2.1", "tls");
  const bob = userAgent(network, clock, "192.0.2.2", "tls");
  bob.stack.onInvite((transaction) => {
    const contact = bob.stack.contactUri("leg-b", transaction.source, asksForSips(transaction.request));
    bob.stack.acceptInvite(transaction, { localTag: "b", contact }, recorded().events).answer(sdp("answer"));
  });
  const log = recorded();
  const contact = alice.stack.contactUri("leg-a", bob.address, true);
  const call = alice.stack.invite(inviteOptions(alice, bob, { requestUri: "sips:bob@192.0.2.2:5060", contact }), log.events);
  clock.advance(100);
  expect(call.dialog?.remoteTarget).toBe("sips:leg-b@192.0.2.2:5060");
  call.bye();
  clock.advance(100);
  expect(log.ends).toEqual(["ended"]);
  const vias = network.seen.flatMap(({ message }) => (message.kind === "request" ? [message.headers.get("Via")?.split(" ")[0]] : []));
  expect(vias).toEqual(["SIP/2.0/TLS", "SIP/2.0/TLS", "SIP/2.0/TLS"]);
});
