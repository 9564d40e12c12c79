/** Whole conversations with a SIP stack: datagrams divided by 0x1e, each some time after the one before, in answer to an INVITE of ours or with their own. */
import { deepStrictEqual as equal } from "node:assert";
import { torture, tortureNames } from "../../test/support/torture-messages.ts";
import { recorded, sdp } from "../../test/support/sip-ends.ts";
import { peerAddress, wireStack } from "../../test/support/wire-stack.ts";
import type { Target } from "./targets.ts";

const divider = 0x1e;

function message(start: string, method: string, more: readonly string[], body = ""): string {
  const lines = [start, ...more, `CSeq: ${method}`, "Contact: <sip:peer@198.51.100.7:5062>", `Content-Length: ${body.length}`, "", body];
  return lines.join("\r\n");
}

const theirs = (method: string, sequence: number, branch: string, tag = "", body = "") =>
  message(
    `${method} sip:leg@192.0.2.1 SIP/2.0`,
    `${sequence} ${method}`,
    [`Via: SIP/2.0/UDP 198.51.100.7:5062;branch=z9hG4bK${branch}`, "From: <sip:peer@x>;tag=p", `To: <sip:us@x>${tag}`, "Call-ID: theirs"],
    body,
  );
const answer = (status: number, to: string, more: readonly string[] = []) =>
  message(`SIP/2.0 ${status} x`, "1 INVITE", [
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-ours;rport",
    "From: <sip:us@example.org>;tag=us",
    `To: <sip:peer@example.org>${to}`,
    "Call-ID: ours",
    ...more,
  ]);

const conversations: readonly (readonly string[])[] = [
  [theirs("INVITE", 1, "a", "", "v=0"), theirs("ACK", 1, "b", ";tag=tag-0"), theirs("BYE", 2, "c", ";tag=tag-0")],
  [theirs("INVITE", 1, "a"), theirs("CANCEL", 1, "a"), theirs("ACK", 1, "a", ";tag=tag-0")],
  [
    theirs("INVITE", 1, "a", "", "v=0"),
    theirs("ACK", 1, "b", ";tag=tag-0"),
    theirs("INVITE", 2, "d", ";tag=tag-0", "v=0"),
    theirs("ACK", 2, "e", ";tag=tag-0"),
    theirs("UPDATE", 3, "f", ";tag=tag-0"),
    theirs("INFO", 4, "g", ";tag=tag-0"),
    theirs("REFER", 5, "h", ";tag=tag-0"),
    theirs("OPTIONS", 6, "i", ";tag=tag-0"),
  ],
  [answer(100, ""), answer(180, ";tag=x"), answer(200, ";tag=x", ["Record-Route: <sip:192.0.2.77;lr>"]), answer(200, ";tag=y")],
  [answer(183, ";tag=x"), answer(486, ";tag=x"), answer(486, ";tag=x")],
  [answer(401, ";tag=x", ['WWW-Authenticate: Digest realm="r", nonce="n"'])],
  [answer(302, ";tag=x")],
  [theirs("REGISTER", 1, "r"), theirs("OPTIONS", 2, "s"), theirs("FROB", 3, "t"), theirs("SUBSCRIBE", 4, "u")],
];

function run(bytes: Uint8Array): void {
  const { clock, stack, take, errors, invited } = wireStack();
  const log = recorded();
  const destination = { ...peerAddress };
  const ours = stack.invite(
    {
      requestUri: "sip:peer@198.51.100.7:5062",
      from: "<sip:us@example.org>",
      to: "<sip:peer@example.org>",
      callId: "ours",
      localTag: "us",
      branch: "z9hG4bK-ours",
      sequence: 1,
      contact: "sip:leg@192.0.2.1",
      destinations: [destination],
      body: sdp("offer"),
    },
    log.events,
  );
  let from = 0;
  for (let number = 0; from <= bytes.length && number < 40; number++) {
    const end = bytes.indexOf(divider, from);
    const part = bytes.subarray(from, end < 0 ? bytes.length : end);
    take(part, destination);
    clock.advance(number % 4 === 3 ? 4_000 : 20);
    // The first of theirs is answered after its first message, so that what follows meets a dialog.
    if (number === 0) invited[0]?.usage.answer(sdp("answer"));
    from = end < 0 ? bytes.length + 1 : end + 1;
  }
  ours.bye();
  for (const { usage } of invited) usage.bye();
  clock.advance(400_000);
  equal(errors, [], "a handler threw");
  const { live, lingering, usages } = stack.counters();
  equal({ live, lingering, usages, armed: clock.armed, ends: log.ends.length }, { live: 0, lingering: 0, usages: 0, armed: 0, ends: 1 });
  equal(
    invited.filter((each) => each.log.ends.length !== 1),
    [],
    "a call of theirs did not end once",
  );
}

export const stackTarget: Target = {
  seeds: () => [
    ...conversations.map((parts) => Buffer.from(parts.join(String.fromCharCode(divider)))),
    ...tortureNames("rfc4475").map(torture),
  ],
  run,
};
