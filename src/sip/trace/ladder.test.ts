import { expect, test } from "vitest";
import { formatLadder, type LadderMessage } from "./ladder.ts";

const us = { address: "192.0.2.1", port: 5060 };
const far = { address: "192.0.2.9", port: 5060 };
const phone = { address: "2001:db8::7", port: 40_123 };

function message(
  at: number,
  direction: "sent" | "received",
  remote: typeof us,
  start: string,
  more: Partial<LadderMessage> = {},
): LadderMessage {
  const cseq = start.startsWith("SIP/2.0") ? "1 INVITE" : `1 ${start.split(" ")[0]}`;
  const head = `${start}\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=a\r\nTo: <sip:b@h>\r\nCall-ID: c\r\nCSeq: ${cseq}\r\n`;
  const bytes = Buffer.from(`${head}Content-Length: 0\r\n\r\n`);
  return {
    order: at,
    at: 1_800_000_000_000 + at,
    direction,
    protocol: "udp",
    local: us,
    remote,
    callId: "c",
    legId: "leg-1",
    bytes,
    ...more,
  };
}

test("a column for each peer, an arrow for each message, then the messages; a repeat once", () => {
  const text = formatLadder("call 1", [
    message(0, "received", far, "INVITE sip:b@h SIP/2.0"),
    message(2, "sent", far, "SIP/2.0 100 Trying"),
    message(500, "received", far, "INVITE sip:b@h SIP/2.0"),
    message(1234.5, "sent", phone, "INVITE sip:c@h SIP/2.0", { protocol: "wss", legId: "leg-2" }),
    message(1300, "received", phone, "SIP/2.0 486 Busy \x1b[31mHere, and a reason that is far too long", {
      protocol: "wss",
      legId: "leg-2",
    }),
  ]);
  expect(text).toMatchInlineSnapshot(`
    "call 1
    5 messages from 2027-01-15T08:00:00.000Z; times in ms since then

                           192.0.2.9:5060                    callwright                  [2001:db8::7]:40123
                                 udp                       192.0.2.1:5060                        wss
       1            0             |----------- INVITE ----------->|                               |
       2            2             |<-------- 100 Trying ----------|                               |
       3          500             |------- INVITE (again) ------->|                               |
       4       1234.5             |                               |----------- INVITE ----------->|
       5         1300             |                               |<- 486 Busy ?[31mHere, and a --|

    --- 1 --- +0 ms --- udp 192.0.2.9:5060 -> 192.0.2.1:5060 --- leg leg-1
    INVITE sip:b@h SIP/2.0
    Via: SIP/2.0/UDP h;branch=z9hG4bK1
    From: <sip:a@h>;tag=a
    To: <sip:b@h>
    Call-ID: c
    CSeq: 1 INVITE
    Content-Length: 0

    --- 2 --- +2 ms --- udp 192.0.2.1:5060 -> 192.0.2.9:5060 --- leg leg-1
    SIP/2.0 100 Trying
    Via: SIP/2.0/UDP h;branch=z9hG4bK1
    From: <sip:a@h>;tag=a
    To: <sip:b@h>
    Call-ID: c
    CSeq: 1 INVITE
    Content-Length: 0

    --- 3 --- +500 ms --- udp 192.0.2.9:5060 -> 192.0.2.1:5060 --- leg leg-1
    (the same bytes as 1)

    --- 4 --- +1234.5 ms --- wss 192.0.2.1:5060 -> [2001:db8::7]:40123 --- leg leg-2
    INVITE sip:c@h SIP/2.0
    Via: SIP/2.0/UDP h;branch=z9hG4bK1
    From: <sip:a@h>;tag=a
    To: <sip:b@h>
    Call-ID: c
    CSeq: 1 INVITE
    Content-Length: 0

    --- 5 --- +1300 ms --- wss [2001:db8::7]:40123 -> 192.0.2.1:5060 --- leg leg-2
    SIP/2.0 486 Busy ?[31mHere, and a reason that is far too long
    Via: SIP/2.0/UDP h;branch=z9hG4bK1
    From: <sip:a@h>;tag=a
    To: <sip:b@h>
    Call-ID: c
    CSeq: 1 INVITE
    Content-Length: 0
    "
  `);
  expect(text).toMatch(/^[\n\x20-\x7e]*$/);
});

test("a call that we place goes from left to right", () => {
  const text = formatLadder("call 1", [message(0, "sent", far, "INVITE sip:b@h SIP/2.0"), message(1, "received", far, "SIP/2.0 200 OK")]);
  expect(text).toMatch(/callwright +192\.0\.2\.9:5060\n[^]*\|-+ INVITE -+>\|\n[^]*\|<-+ 200 OK -+\|/);
});

test("nothing", () => {
  expect(formatLadder("call 1", [])).toBe("call 1\nNo message is remembered.\n");
});
