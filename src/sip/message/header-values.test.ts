/** The small readers and writers of single header values. */
import { describe, expect, test } from "vitest";
import { formatChallenge, formatCredentials, parseAuthParams } from "./auth-params.ts";
import { leadingSeconds, parseCSeq, wholeNumber } from "./cseq.ts";
import { formatNameAddr, nameAddr, parseNameAddr, tagOf } from "./name-addr.ts";
import { q850OfStatus, statusOfQ850 } from "./q850.ts";
import { formatReason, parseReason } from "./reason.ts";
import { reasonPhrase } from "./status.ts";
import { formatVia, parseVia } from "./via.ts";

describe("name-addr", () => {
  test.each([
    ["sip:a@h;tag=7", "", "sip:a@h", { tag: "7" }],
    ["<sip:a@h;lr>;tag=7", "", "sip:a@h;lr", { tag: "7" }],
    ['"A \\"B\\" <C>" <sip:a@h>', 'A "B" <C>', "sip:a@h", {}],
    ["Alice  Example <sip:a@h>", "Alice  Example", "sip:a@h", {}],
    ['""<sip:a@h> ; expires = 60 ; Q=0.5', "", "sip:a@h", { expires: "60", q: "0.5" }],
    ['<sip:a@h>;+sip.instance="<urn:uuid:1>";reg-id=1', "", "sip:a@h", { "+sip.instance": "<urn:uuid:1>", "reg-id": "1" }],
    ["<tel:+1202;phone-context=x>", "", "tel:+1202;phone-context=x", {}],
  ])("reads %s", (text, displayName, uri, params) => {
    const result = parseNameAddr(text);
    expect(result.ok && { ...result.value, params: Object.fromEntries(result.value.params) }).toEqual({ displayName, uri, params });
  });

  test.each(["", "<>", "<sip:a", '"open <sip:a>', "<sip:a> rubbish", "two words", ";tag=1", "<sip:a b>"])("refuses %j", (text) => {
    expect(parseNameAddr(text).ok).toBe(false);
  });

  test("formatNameAddr quotes the name and what is no token, and cannot be broken out of", () => {
    expect(formatNameAddr(nameAddr("sip:a@h", { displayName: 'a"b\\', params: new Map([["x", "<y>"]]) }))).toBe(
      '"a\\"b\\\\" <sip:a@h>;x="<y>"',
    );
    expect(formatNameAddr(nameAddr("sip:a@h>;tag=evil"))).toBe("<sip:a@h%3E;tag=evil>");
  });

  test.each([
    ["<sip:a;tag=inside>;tag=outside", "outside"],
    ["sip:a;tag=bare", "bare"],
    ['"x;tag=name" <sip:a>', undefined],
    ["<sip:a>;TAG=up;x", "up"],
    ["<sip:a>;tag=", undefined],
    ["", undefined],
  ])("the tag of %s is %s", (text, tag) => {
    expect(tagOf(text)).toBe(tag);
  });
});

describe("Via", () => {
  test.each([
    [
      "SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK1;rport",
      { protocol: "UDP", host: "192.0.2.1", port: 5062, branch: "z9hG4bK1", rport: "asked" },
    ],
    [
      "sip / 2.0 / tcp  host.example ; received = 10.0.0.1;rport=99",
      { protocol: "TCP", host: "host.example", port: undefined, received: "10.0.0.1", rport: 99 },
    ],
    ["SIP/2.0/TLS [2001:db8::1] : 5061;branch=1;received=[2001:db8::2]", { host: "2001:db8::1", port: 5061, received: "2001:db8::2" }],
    [
      "SIP/2.0/UDP h;branch=1;maddr=224.0.0.1;ttl=1",
      {
        params: new Map([
          ["maddr", "224.0.0.1"],
          ["ttl", "1"],
        ]),
      },
    ],
  ])("reads %s", (text, parts) => {
    const result = parseVia(text);
    expect(result.ok && result.value).toMatchObject(parts);
  });

  test.each(["", "SIP/2.0/UDP", "SIP/2.0/UDP ;branch=1", "HTTP/1.1 host", "SIP/2.0/UDP a b", "SIP/2.0/UDP h:99999", "SIP/2.0 UDP h"])(
    "refuses %j",
    (text) => {
      expect(parseVia(text).ok).toBe(false);
    },
  );

  test("writes what a server adds", () => {
    const via = {
      protocol: "UDP",
      host: "::1",
      port: 5060,
      branch: "z9hG4bKx",
      received: "10.0.0.1",
      rport: 5,
      params: new Map([["alias", ""]]),
    };
    expect(formatVia(via)).toBe("SIP/2.0/UDP [::1]:5060;branch=z9hG4bKx;received=10.0.0.1;rport=5;alias");
  });
});

test.each([
  ["1 INVITE", { sequence: 1, method: "INVITE" }],
  ["2147483647\t  ACK", { sequence: 2147483647, method: "ACK" }],
])("CSeq %j", (text, value) => {
  expect(parseCSeq(text)).toEqual({ ok: true, value });
});

test.each(["", "1", "INVITE", "-1 INVITE", "1 IN VITE", "2147483648 INVITE", "1e3 INVITE"])("CSeq refuses %j", (text) => {
  expect(parseCSeq(text).ok).toBe(false);
});

test("numbers are digits and nothing else", () => {
  expect([wholeNumber("4294967295"), wholeNumber("4294967296"), wholeNumber("1 "), wholeNumber(""), wholeNumber(undefined)]).toEqual([
    4294967295,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect([
    leadingSeconds("120 (busy);duration=3"),
    leadingSeconds("1800;refresher=uas"),
    leadingSeconds("12x"),
    leadingSeconds(undefined),
  ]).toEqual([120, 1800, undefined, undefined]);
});

describe("challenges and credentials", () => {
  test("reads commas and escapes inside quotes", () => {
    const result = parseAuthParams('Digest realm="a, \\"b\\"" , NONCE=abc,qop="auth,auth-int", stale=FALSE');
    expect(result.ok && [result.value.scheme, ...result.value.params]).toEqual([
      "Digest",
      ["realm", 'a, "b"'],
      ["nonce", "abc"],
      ["qop", "auth,auth-int"],
      ["stale", "FALSE"],
    ]);
  });

  test.each(["", "Digest", 'realm="x"', 'Digest a="1", a="2"', "Digest =x", "Digest novalue"])("refuses %j", (text) => {
    const result = parseAuthParams(text);
    expect(result.ok && result.value.params.size > 0).toBe(false);
  });

  test("quotes by the place it stands in", () => {
    const value = {
      scheme: "Digest",
      params: new Map([
        ["realm", "r"],
        ["algorithm", "MD5"],
        ["qop", "auth"],
        ["nc", "00000001"],
      ]),
    };
    expect(formatChallenge(value)).toBe('Digest realm="r", algorithm=MD5, qop="auth", nc="00000001"');
    expect(formatCredentials(value)).toBe('Digest realm="r", algorithm=MD5, qop=auth, nc=00000001');
  });
});

describe("reasons", () => {
  test("Reason is read and written", () => {
    expect(parseReason('Q.850 ;cause=16; text="Normal; \\"clear\\""')).toEqual({
      ok: true,
      value: { protocol: "Q.850", cause: 16, text: 'Normal; "clear"' },
    });
    expect(formatReason({ protocol: "SIP", cause: 200, text: "Call completed elsewhere" })).toBe(
      'SIP;cause=200;text="Call completed elsewhere"',
    );
    expect(formatReason({ protocol: "Q.850" })).toBe("Q.850");
    expect(parseReason(";cause=1").ok).toBe(false);
  });

  test("statuses and causes map both ways", () => {
    expect([17, 1, 19, 28, 16, 99].map(statusOfQ850)).toEqual([486, 404, 480, 484, undefined, 500]);
    expect([486, 404, 200, 487, 603, 499].map(q850OfStatus)).toEqual([17, 1, 16, 16, 21, 31]);
  });

  test("an unknown status has the phrase of its class", () => {
    expect([486, 299, 499, 699, 999].map(reasonPhrase)).toEqual(["Busy Here", "OK", "Bad Request", "Busy Everywhere", "Unknown"]);
  });
});

test.each([
  'SIP/2.0/UDP h;branch="a,b"',
  'SIP/2.0/UDP h;branch="a;received=192.0.2.9"',
  'SIP/2.0/UDP h;received=v"',
  "SIP/2.0/UDP h;branch=<",
])("a Via whose branch or received would divide it is refused: %s", (text) => {
  expect(parseVia(text).ok).toBe(false);
});
