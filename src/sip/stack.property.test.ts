import * as fc from "fast-check";
import { expect, test } from "vitest";
import { inviteOptions, recorded, sdp, userAgent } from "../../test/support/sip-ends.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../test/support/virtual-network.ts";
import { responseTo } from "./message/builder.ts";
import { formatMessage } from "./message/format-message.ts";
import { HeaderList, type HeaderPair } from "./message/header-list.ts";
import type { SipMessage } from "./message/message.ts";
import { parseMessage } from "./message/parse-message.ts";
import { stampSource } from "./transport/address.ts";
import type { MessageHandler, SipTransport } from "./transport/transport.ts";

// The virtual network throws when a message is written that cannot be read back: these properties are about what peers make us write.

const junk = fc.oneof(
  fc.string({ maxLength: 30 }),
  fc.constantFrom(
    "",
    "*",
    "<>",
    "<sip:>",
    "sip:x",
    "<sip:a@b;lr>",
    '"q" <sip:a@[::1]:99>',
    "<sip:a b>",
    ";tag=",
    "<tel:+1>",
    "<sip:h>, <sip:i;lr>",
    "0",
    "99999999999",
  ),
);
const headerNames = [
  "Contact",
  "Record-Route",
  "Route",
  "To",
  "From",
  "CSeq",
  "Call-ID",
  "Require",
  "Reason",
  "Max-Forwards",
  "Via",
  "Authorization",
];
const changes = fc.array(fc.tuple(fc.constantFrom(...headerNames), junk), { maxLength: 4 });

function changed(message: SipMessage, list: readonly (readonly [string, string])[]): SipMessage {
  const headers = new HeaderList([...message.headers].map(([name, value]): HeaderPair => [name, value]));
  for (const [name, value] of list) headers.set(name, value);
  return { ...message, headers };
}

/** As a socket would hand it up; undefined where the transport already refuses it. */
function received(message: SipMessage): SipMessage | undefined {
  const parsed = parseMessage(formatMessage(message));
  if (!parsed.ok) return undefined;
  if (parsed.value.kind === "request" && !stampSource(parsed.value, source)) return undefined;
  return parsed.value;
}

const source = { protocol: "udp", address: "192.0.2.2", port: 5060 } as const;

function tapped(transport: SipTransport): { readonly transport: SipTransport; deliver: MessageHandler } {
  const tap: { transport: SipTransport; deliver: MessageHandler } = {
    transport: {
      ...transport,
      onMessage: (handler) => {
        tap.deliver = handler;
        transport.onMessage(handler);
      },
    },
    deliver: () => undefined,
  };
  return tap;
}

function setUp() {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1 });
  const { transport } = userAgent(network, clock, "192.0.2.99");
  const tap = tapped(transport);
  const house = userAgent(network, clock, "192.0.2.1", "udp", { transport: tap.transport });
  return { clock, network, house, tap };
}

test("whatever an answer to our INVITE says, nothing throws, what we send is readable, and the call ends", () => {
  fc.assert(
    fc.property(changes, fc.constantFrom(180, 200, 302, 407, 486), (list, status) => {
      const { clock, network, house, tap } = setUp();
      const log = recorded();
      const call = house.stack.invite(inviteOptions(house, { ...house, address: source }), log.events);
      const invite = network.seen[0]?.message;
      if (invite?.kind !== "request") throw new Error("nothing was sent");
      const answer = received(changed(responseTo(invite, status, { toTag: "t", contact: "<sip:p@192.0.2.2>" }), list));
      if (answer !== undefined) tap.deliver(answer, source);
      call.reoffer(sdp("x"));
      clock.advance(100);
      call.bye();
      clock.advance(200_000);
      expect(log.ends).toHaveLength(1);
      expect(house.stack.counters()).toMatchObject({ live: 0, lingering: 0, usages: 0 });
    }),
  );
});

test("whatever an INVITE and the requests after it say, nothing throws, what we send is readable, and nothing is left", () => {
  const later = fc.array(
    fc.tuple(fc.constantFrom("INVITE", "ACK", "BYE", "CANCEL", "UPDATE", "INFO", "OPTIONS", "REGISTER", "FROB"), changes),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(changes, later, fc.boolean(), (list, requests, answers) => {
      const { clock, network, house, tap } = setUp();
      const far = userAgent(network, clock, "192.0.2.2");
      const log = recorded();
      house.stack.onInvite((transaction) => {
        const usage = house.stack.acceptInvite(
          transaction,
          { localTag: `bob-tag${log.names.length}`, contact: "sip:b@192.0.2.1" },
          log.events,
        );
        usage.ring(180);
        if (answers) usage.answer(sdp("y"));
        clock.after(50_000, () => usage.bye());
      });
      far.stack.invite(inviteOptions(far, { ...house, address: { ...source, address: "192.0.2.98" } }), recorded().events);
      const invite = network.seen[0]?.message;
      far.stack.close();
      if (invite?.kind !== "request") throw new Error("nothing was sent");
      const first = received(changed(invite, list));
      if (first !== undefined) tap.deliver(first, source);
      for (const [index, [method, more]] of requests.entries()) {
        const headers = new HeaderList([...invite.headers]);
        headers.set("CSeq", `${index + 2} ${method}`);
        headers.set("Via", `SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK${index}`);
        headers.set("To", "<sip:bob@example.org>;tag=bob-tag0");
        const request = received(changed({ ...invite, method, headers }, more));
        if (request !== undefined) tap.deliver(request, source);
        clock.advance(20);
      }
      clock.advance(300_000);
      expect(house.stack.counters()).toMatchObject({ live: 0, lingering: 0, usages: 0 });
    }),
  );
});
