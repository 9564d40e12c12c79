import { describe, expect, test } from "vitest";
import { redacted } from "./redaction.ts";

function shown(text: string): string {
  return redacted(Buffer.from(text, "latin1")).toString("latin1");
}

test.each([
  [
    'Authorization: Digest username="a", realm="r", nonce="n0", uri="sip:h", response="6629fae4", algorithm=MD5, cnonce="0a4f", qop=auth, nc=00000001, opaque="5c"',
    'Authorization: Digest username="a", realm="r", nonce="xx", uri="sip:h", response="xxxxxxxx", algorithm=MD5, cnonce="xxxx", qop=auth, nc=00000001, opaque="xx"',
  ],
  ['proxy-authorization:Digest response="\\"q, x"', 'proxy-authorization:Digest response="xxxx x"'],
  ["Authorization: Basic YWxhZGRpbg==", "Authorization: Basic xxxxxxxxxxxx"],
  ["Authorization: YWxhZGRpbg== ", "Authorization: xxxxxxxxxxxx "],
  ["Authorization: Digest broken", "Authorization: Digest xxxxxx"],
  ["INVITE sip:bob:pw@h SIP/2.0", "INVITE sip:bob:xx@h SIP/2.0"],
  ["a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNf|2^20|1:32", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:xxxxxxxxxxxxxx"],
  ["a=ice-pwd:asd88fgpdd777uzjYhagZg", "a=ice-pwd:xxxxxxxxxxxxxxxxxxxxxx"],
])("%s", (given, expected) => {
  expect(shown(given)).toBe(expected);
});

describe("stays", () => {
  test.each([
    'WWW-Authenticate: Digest realm="r", nonce="n0", algorithm=MD5',
    "Contact: <sip:bob@192.0.2.1:5060;transport=tcp>, <sip:192.0.2.2:5060>",
    "a=ice-ufrag:8hhY",
    "X-Authorization-Of: nobody",
    "INFO sip:h SIP/2.0\r\nContent-Type: text/plain\r\n\r\n5",
    "k: timer",
  ])("%s", (text) => {
    expect(shown(text)).toBe(text);
  });
});

test("a digit alone in a body, and in a part of one", () => {
  expect(shown("INFO sip:h SIP/2.0\r\nc: application/dtmf\r\n\r\n5")).toBe("INFO sip:h SIP/2.0\r\nc: application/dtmf\r\n\r\nx");
  expect(shown("a\r\n\r\n--b\r\nContent-Type: audio/vnd.nortelnetworks.digits\r\n\r\nd=5\r\n--b\r\n\r\n7\r\n--b--")).toBe(
    "a\r\n\r\n--b\r\nContent-Type: audio/vnd.nortelnetworks.digits\r\n\r\nxxx\r\n--b\r\n\r\n7\r\n--b--",
  );
});
