import { expect, test } from "vitest";
import type { TracedMessage } from "../../sip/index.ts";
import type { Call } from "../model.ts";
import { invitedBy } from "../signaling/leg-names.ts";
import { messagesOf } from "./leg-messages.ts";

const secret = Buffer.alloc(32, 7);
const end = { address: "192.0.2.1", port: 5060 };

function message(order: number, direction: "sent" | "received", start: string, from: string, to = ""): TracedMessage {
  const method = start.startsWith("SIP/2.0") ? "INVITE" : start.split(" ")[0];
  const tagged = to === "" ? "" : `;tag=${to}`;
  const text = `${start}\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=${from}\r\nTo: <sip:b@h>${tagged}\r\nCall-ID: c\r\nCSeq: 1 ${method}\r\n\r\n`;
  return { order, at: order, direction, protocol: "udp", local: end, remote: end, callId: "c", bytes: Buffer.from(text) };
}

function callWith(leg: object): Call {
  return { legs: { l: { id: "l", ...leg } } } as unknown as Call;
}

const invite = "INVITE sip:b@h SIP/2.0";
const bye = "BYE sip:b@h SIP/2.0";
const ok = "SIP/2.0 200 OK";

test("of a leg that was invited: the peer's tag tells, whoever asks and before there is one of ours (RFC 3261 §12)", () => {
  const ours = [
    message(1, "received", invite, "peer"),
    message(2, "sent", "SIP/2.0 100 Trying", "peer"),
    message(3, "sent", ok, "peer", "us"),
    message(4, "sent", bye, "us", "peer"),
    message(5, "received", ok, "us", "peer"),
  ];
  const others = [message(6, "received", invite, "other"), message(7, "sent", ok, "other", "us"), message(8, "sent", bye, "us", "other")];
  const call = callWith({ direction: "inbound", invitedAs: { callId: "c", tag: "peer" } });
  expect(
    messagesOf(call, secret, (callId) => (callId === "c" ? [...others, ...ours] : [])).map(({ order, legId }) => [order, legId]),
  ).toEqual(ours.map(({ order }) => [order, "l"]));
});

test("of a leg that we invited: ours does", () => {
  const { callId, localTag } = invitedBy(secret, "l");
  const ours = [
    message(1, "sent", invite, localTag),
    message(2, "received", ok, localTag, "peer"),
    message(3, "received", bye, "peer", localTag),
  ];
  const others = [message(4, "received", invite, "stranger"), message(5, "received", bye, "peer", "not-ours")];
  const found = messagesOf(callWith({ direction: "outbound" }), secret, (asked) => (asked === callId ? [...ours, ...others] : []));
  expect(found.map(({ order }) => order)).toEqual([1, 2, 3]);
});

test("of a leg of which no INVITE is known: none", () => {
  expect(messagesOf(callWith({ direction: "inbound" }), secret, () => [message(1, "received", invite, "peer")])).toEqual([]);
});
