import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HeaderList, type HeaderPair } from "../message/header-list.ts";
import type { SipRequest } from "../message/message.ts";
import { parseRefer } from "./refer-request.ts";
import { formatReplaces, parseReplaces, replacesOf } from "./replaces.ts";
import { sipfragOf, statusOfSipfrag } from "./sipfrag.ts";

function request(method: string, headers: readonly HeaderPair[]): SipRequest {
  return {
    kind: "request",
    method,
    uri: "sip:a@b",
    headers: new HeaderList([["CSeq", `93 ${method}`], ...headers]),
    body: new Uint8Array(),
  };
}

const refer = (to: string, ...headers: HeaderPair[]) => parseRefer(request("REFER", [["Refer-To", to], ...headers]));

describe("REFER (RFC 3515)", () => {
  test("§2.1: a plain target", () => {
    expect(refer("<sip:5003@example.org>")).toMatchObject({ ok: true, uri: "sip:5003@example.org", wantsNotifying: true, sequence: 93 });
    expect(refer("tel:+12025550100")).toMatchObject({ ok: true, uri: "tel:+12025550100" });
  });

  test("§2.1: the method and the escaped header fields are taken out of the URI (RFC 3891 §5, RFC 3261 §19.1.1)", () => {
    const asked = refer("<sip:b@example.org;method=INVITE;transport=tcp?Replaces=12%40x%3Bto-tag%3D7%3Bfrom-tag%3D9&Require=replaces>");
    expect(asked).toMatchObject({
      ok: true,
      uri: "sip:b@example.org;transport=tcp",
      replaces: { callId: "12@x", localTag: "7", remoteTag: "9", earlyOnly: false },
    });
  });

  test.each([
    ["none", [], 400],
    [
      "two",
      [
        ["Refer-To", "<sip:a@b>"],
        ["Refer-To", "<sip:c@d>"],
      ],
      400,
    ],
    ["two in a line", [["Refer-To", "<sip:a@b>, <sip:c@d>"]], 400],
    ["unreadable", [["Refer-To", "<sip:a@b"]], 400],
    ["no host", [["Refer-To", "<sip:>"]], 400],
    ["an unreadable Replaces", [["Refer-To", "<sip:a@b?Replaces=x>"]], 400],
    ["§2.4.2: another method", [["Refer-To", "<sip:a@b;method=BYE>"]], 603],
    ["§2.4.2: another scheme", [["Refer-To", "<https://example.org/>"]], 603],
    ["an extension the new call would need", [["Refer-To", "<sip:a@b?Require=100rel>"]], 603],
  ] as const)("refused: %s", (_name, headers, status) => {
    expect(parseRefer(request("REFER", headers as readonly HeaderPair[]))).toEqual({ ok: false, status });
  });

  test("RFC 4488 §4: Refer-Sub: false, or norefersub required, wants no NOTIFY", () => {
    for (const header of [
      ["Refer-Sub", "false"],
      ["Refer-Sub", " FALSE;x=1"],
      ["Require", "norefersub"],
    ] as const) {
      expect(refer("<sip:a@b>", header)).toMatchObject({ wantsNotifying: false });
    }
    expect(refer("<sip:a@b>", ["Refer-Sub", "true"])).toMatchObject({ wantsNotifying: true });
  });

  test("RFC 3892 §3: Referred-By is kept as it is; an unreadable one is left out", () => {
    expect(refer("<sip:a@b>", ["Referred-By", '<sip:ann@b>;cid="x@y"'])).toMatchObject({ referredBy: '<sip:ann@b>;cid="x@y"' });
    expect(refer("<sip:a@b>", ["Referred-By", "<sip:ann"])).not.toHaveProperty("referredBy");
  });

  test("whatever comes, it does not throw", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (to, by) => {
        for (const text of [to, `<sip:a@b?Replaces=${to}>`]) refer(text, ["Referred-By", by]);
        parseReplaces(to);
        statusOfSipfrag({ contentType: "message/sipfrag", content: to });
      }),
    );
  });
});

describe("Replaces (RFC 3891 §6.1)", () => {
  test("is written as it is read", () => {
    const token = fc.stringMatching(/^[A-Za-z0-9.-]{1,20}$/);
    const value = fc.record({ callId: token, localTag: token, remoteTag: token, earlyOnly: fc.boolean() });
    fc.assert(
      fc.property(value, (replaces) => {
        expect(parseReplaces(formatReplaces(replaces))).toEqual({ ok: true, value: replaces });
      }),
    );
  });

  test("§3: one INVITE replaces one dialog", () => {
    expect(replacesOf(request("INVITE", []))).toBeUndefined();
    const one: HeaderPair = ["Replaces", "a;to-tag=1;from-tag=2"];
    expect(replacesOf(request("INVITE", [one]))?.ok).toBe(true);
    expect(replacesOf(request("INVITE", [one, one]))?.ok).toBe(false);
    for (const text of ["", "a", "a;to-tag=1", "a;from-tag=1", ";to-tag=1;from-tag=2"]) expect(parseReplaces(text).ok).toBe(false);
  });
});

test("sipfrag (RFC 3420): the status line, whatever follows it", () => {
  for (const status of [100, 180, 200, 486, 603]) expect(statusOfSipfrag(sipfragOf(status))).toBe(status);
  const contentType = "message/sipfrag;version=2.0";
  expect(statusOfSipfrag({ contentType, content: "SIP/2.0 503 Service Unavailable\r\nRetry-After: 5\r\n" })).toBe(503);
  for (const content of ["", "200", "SIP/2.0 9 x", "SIP/2.0 2000 OK"]) expect(statusOfSipfrag({ contentType, content })).toBeUndefined();
  expect(statusOfSipfrag({ contentType: "text/plain", content: "SIP/2.0 200 OK\r\n" })).toBeUndefined();
});
