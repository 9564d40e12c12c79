import { expect, test } from "vitest";
import { breachesOf } from "./message-rules.ts";
import { parseSipMessage } from "./sip-trace.ts";

/** A message of a call from the server to a peer, as the peer saw it; `change` is one thing done wrong. */
const invite = `INVITE sip:bob@10.0.0.2 SIP/2.0
Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1
Max-Forwards: 70
From: <sip:us@10.0.0.1>;tag=ours
To: <sip:bob@10.0.0.2>
Call-ID: c1
CSeq: 1 INVITE
Contact: <sip:us@10.0.0.1>
Content-Length: 0`;

const answer = (status: string, tag = "theirs") => `SIP/2.0 ${status}
Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1
Record-Route: <sip:p2;lr>, <sip:p1;lr>
From: <sip:us@10.0.0.1>;tag=ours
To: <sip:bob@10.0.0.2>;tag=${tag}
Call-ID: c1
CSeq: 1 INVITE
Contact: <sip:bob@10.0.0.9>
Content-Length: 0`;

const within = (method: string, number: number, branch: string) => `${method} sip:bob@10.0.0.9 SIP/2.0
Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK${branch}
Route: <sip:p1;lr>
Route: <sip:p2;lr>
Max-Forwards: 70
From: <sip:us@10.0.0.1>;tag=ours
To: <sip:bob@10.0.0.2>;tag=theirs
Call-ID: c1
CSeq: ${number} ${method}
Content-Length: 0`;

const ack = within("ACK", 1, "2");
const bye = within("BYE", 2, "3");

const refusedAck = `ACK sip:bob@10.0.0.2 SIP/2.0
Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1
Max-Forwards: 70
From: <sip:us@10.0.0.1>;tag=ours
To: <sip:bob@10.0.0.2>;tag=theirs
Call-ID: c1
CSeq: 1 ACK
Content-Length: 0`;

const cancel = `CANCEL sip:bob@10.0.0.2 SIP/2.0
Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1
Max-Forwards: 70
From: <sip:us@10.0.0.1>;tag=ours
To: <sip:bob@10.0.0.2>
Call-ID: c1
CSeq: 1 CANCEL
Content-Length: 0`;

/** What the server sent stands with <, what the peer sent with >. */
type Line = readonly ["<" | ">", string];

const onTheWire = (message: string) => `${message.replaceAll("\n", "\r\n")}\r\n\r\n`;

function breaches(...lines: readonly Line[]): readonly string[] {
  return breachesOf(lines.map(([mark, message]) => parseSipMessage(onTheWire(message), mark === "<" ? "received" : "sent")));
}

const answered: readonly Line[] = [
  ["<", invite],
  [">", answer("180 Ringing")],
  [">", answer("200 OK")],
];

test("a call, a refused one and a cancelled one without a fault", () => {
  expect(breaches(...answered, ["<", ack], ["<", bye])).toEqual([]);
  expect(breaches(["<", invite], [">", answer("486 Busy Here")], ["<", refusedAck])).toEqual([]);
  expect(breaches(["<", invite], [">", answer("180 Ringing")], ["<", cancel])).toEqual([]);
});

test("a strict router stands in the Request-URI, and the target at the end of Route (§12.2.1.1)", () => {
  const strict = answer("200 OK").replace("<sip:p1;lr>", "<sip:p1>");
  const right = ack.replace("ACK sip:bob@10.0.0.9", "ACK sip:p1").replace("Route: <sip:p1;lr>\n", "");
  const complete = right.replace("Route: <sip:p2;lr>", "Route: <sip:p2;lr>\nRoute: <sip:bob@10.0.0.9>");
  expect(breaches(["<", invite], [">", strict], ["<", complete])).toEqual([]);
  expect(breaches(["<", invite], [">", strict], ["<", right])).toHaveLength(1);
});

test.each([
  ["no Max-Forwards", invite.replace("Max-Forwards: 70\n", ""), "no max-forwards"],
  ["an old branch", invite.replace("z9hG4bK", ""), "a branch without z9hG4bK"],
  ["no tag in From", invite.replace(";tag=ours", ""), "no tag in From"],
  ["another method in CSeq", invite.replace("1 INVITE", "1 BYE"), "CSeq names another method"],
  ["a wrong length", invite.replace("Content-Length: 0", "Content-Length: 3"), "Content-Length 3 of a body of 0"],
])("an INVITE with %s", (_what, wrong, breach) => {
  expect(breaches(["<", wrong])).toEqual([expect.stringContaining(breach)]);
});

test.each([
  ["BYE to another URI", bye.replace("10.0.0.9", "10.0.0.2"), "goes to sip:bob@10.0.0.2"],
  ["BYE with Route the other way round", bye.replace("p1", "px").replace("p2", "p1").replace("px", "p2"), "Route is"],
  ["BYE with the number of the INVITE", bye.replace("2 BYE", "1 BYE"), "CSeq does not rise"],
])("%s", (_what, wrong, breach) => {
  expect(breaches(...answered, ["<", ack], ["<", wrong])).toEqual([expect.stringContaining(breach)]);
});

test.each([
  ["of a success with the branch of the INVITE", ack.replace("z9hG4bK2", "z9hG4bK1"), "has the branch of the INVITE"],
  ["with another tag", ack.replace("tag=theirs", "tag=others"), "another tag than the response"],
  ["with another number", ack.replace("1 ACK", "2 ACK"), "acknowledges no INVITE"],
])("an ACK %s", (_what, wrong, breach) => {
  expect(breaches(...answered, ["<", wrong])).toEqual([expect.stringContaining(breach)]);
});

test("an ACK of a refusal with a branch of its own, and a CANCEL that comes too early", () => {
  const wrong = refusedAck.replace("z9hG4bK1", "z9hG4bK2");
  expect(breaches(["<", invite], [">", answer("486 Busy Here")], ["<", wrong])).toEqual([expect.stringContaining("another branch")]);
  expect(breaches(["<", invite], ["<", cancel])).toEqual([expect.stringContaining("comes before any response")]);
});

test("answers to the peer's INVITE", () => {
  const asked = invite.replace("tag=ours", "tag=theirs").replace("CSeq", "Record-Route: <sip:p1;lr>\nCSeq");
  const given = asked
    .replace(/^INVITE.*/, "SIP/2.0 200 OK")
    .replace("Max-Forwards: 70\n", "")
    .replace("To: <sip:bob@10.0.0.2>", "To: <sip:bob@10.0.0.2>;tag=ours");
  const judge = (message: string) => breaches([">", asked], ["<", message]);
  expect(judge(given)).toEqual([]);
  expect(judge(given.replace(";tag=ours", ""))).toEqual([expect.stringContaining("no tag in To")]);
  expect(judge(given.replace("Record-Route: <sip:p1;lr>\n", ""))).toEqual([expect.stringContaining("Record-Route is not")]);
  expect(judge(given.replace("Contact: <sip:us@10.0.0.1>\n", ""))).toEqual([expect.stringContaining("no Contact")]);
  expect(judge(given.replace("z9hG4bK1", "z9hG4bK9"))).toEqual([expect.stringContaining("answers no request")]);
});
