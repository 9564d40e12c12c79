import { expect, test } from "vitest";
import { headerOf, mediaDirection, parseSippTrace, withoutRetransmissions } from "./sip-trace.ts";

const line = "-----------------------------------------------";
const invite =
  "INVITE sip:a@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP one\r\nVia: SIP/2.0/UDP two\r\nCSeq: 7 INVITE\r\n\r\nv=0\r\na=sendonly\r\n";
const ok = "SIP/2.0 200 OK\r\nCSeq: 7 INVITE\r\n\r\n";

function traced(head: string, message: string): string {
  return `${line} 2026-11-20 06:21:31.281823\n${head}\n\n${message}\n`;
}

test("both forms of SIPp's message head are read", () => {
  const [first, second, ...rest] = parseSippTrace(
    traced(`UDP message received [${invite.length}] bytes :`, invite) + traced(`UDP message sent (${ok.length} bytes):`, ok),
  );
  expect(rest).toEqual([]);
  expect(first).toMatchObject({ direction: "received", method: "INVITE", status: undefined });
  expect(first?.headers.get("via")).toEqual(["SIP/2.0/UDP one", "SIP/2.0/UDP two"]);
  expect(first && mediaDirection(first)).toBe("sendonly");
  expect(second).toMatchObject({ direction: "sent", method: undefined, status: 200 });
  expect(second && headerOf(second, "CSeq")).toBe("7 INVITE");
});

test("a message still being written is left out", () => {
  expect(parseSippTrace(traced(`UDP message received [${invite.length}] bytes :`, invite.slice(0, 40)))).toEqual([]);
});

test("a repeated message counts once, where it first stood", () => {
  const text = [invite, ok, invite, ok.replace("7 INVITE", "8 INVITE")].map((message) =>
    traced(`UDP message sent (${message.length} bytes):`, message),
  );
  const distinct = withoutRetransmissions(parseSippTrace(text.join("")));
  expect(distinct.map((message) => headerOf(message, "cseq"))).toEqual(["7 INVITE", "7 INVITE", "8 INVITE"]);
  expect(distinct.map((message) => message.method)).toEqual(["INVITE", undefined, undefined]);
});
