import { describe, expect, test } from "vitest";
import { requestOf, responseTo } from "./builder.ts";
import { formatMessage } from "./format-message.ts";

const invite = requestOf({
  method: "INVITE",
  uri: "sip:b@h",
  via: "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
  from: "<sip:a@h>;tag=1",
  to: "<sip:b@h>",
  callId: "c",
  sequence: 7,
  contact: "<sip:a@192.0.2.1>",
  headers: [
    ["Record-Route", "<sip:p;lr>"],
    ["Timestamp", "54"],
    ["Subject", "s"],
  ],
  body: { contentType: "application/sdp", content: "v=0\r\n" },
});

test("requestOf writes what §8.1.1 demands", () => {
  expect(formatMessage(invite).toString()).toBe(
    [
      "INVITE sip:b@h SIP/2.0",
      "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
      "Max-Forwards: 70",
      "From: <sip:a@h>;tag=1",
      "To: <sip:b@h>",
      "Call-ID: c",
      "CSeq: 7 INVITE",
      "Contact: <sip:a@192.0.2.1>",
      "Record-Route: <sip:p;lr>",
      "Timestamp: 54",
      "Subject: s",
      "Content-Type: application/sdp",
      "Content-Length: 5",
      "",
      "v=0\r\n",
    ].join("\r\n"),
  );
});

describe("responseTo (§8.2.6)", () => {
  test("copies the five fields, and Record-Route when a dialog may begin", () => {
    const ringing = responseTo(invite, 180, { toTag: "t", contact: "<sip:us@h>", headers: [["Require", "100rel"]] });
    expect([...ringing.headers]).toEqual([
      ["Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1"],
      ["From", "<sip:a@h>;tag=1"],
      ["To", "<sip:b@h>;tag=t"],
      ["Call-ID", "c"],
      ["CSeq", "7 INVITE"],
      ["Record-Route", "<sip:p;lr>"],
      ["Contact", "<sip:us@h>"],
      ["Require", "100rel"],
    ]);
    expect(ringing.reason).toBe("Ringing");
  });

  test("a refusal and a 100 make no dialog; 100 has no tag and repeats the Timestamp", () => {
    expect(responseTo(invite, 486, { toTag: "t", reason: "Not now" })).toMatchObject({ status: 486, reason: "Not now" });
    expect(responseTo(invite, 486, { toTag: "t" }).headers.has("Record-Route")).toBe(false);
    const trying = responseTo(invite, 100, { toTag: "t" });
    expect([trying.headers.get("To"), trying.headers.get("Timestamp"), trying.headers.has("Record-Route")]).toEqual([
      "<sip:b@h>",
      "54",
      false,
    ]);
  });

  test("a To that has a tag keeps it", () => {
    const bye = requestOf({ method: "BYE", uri: "sip:b@h", from: "<sip:a>;tag=1", to: "<sip:b>;tag=2", callId: "c", sequence: 8 });
    expect(responseTo(bye, 200, { toTag: "other" }).headers.get("To")).toBe("<sip:b>;tag=2");
  });
});
