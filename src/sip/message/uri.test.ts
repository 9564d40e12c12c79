import { describe, expect, test } from "vitest";
import { formatUri, parseUri, type SipUri, sameUri } from "./uri.ts";

function uri(text: string): SipUri {
  const result = parseUri(text);
  if (!result.ok) throw new Error(`${text}: ${result.reason}`);
  return result.value;
}

describe("parseUri", () => {
  test.each<[string, Partial<SipUri>]>([
    ["sip:example.com", { scheme: "sip", host: "example.com" }],
    ["SIPS:alice@example.com:5061", { scheme: "sips", user: "alice", host: "example.com", port: 5061 }],
    ["sip:alice:secret@10.0.0.1", { user: "alice", password: "secret", host: "10.0.0.1" }],
    ["sip:alice:@host", { user: "alice", password: "", host: "host" }],
    ["sip:[2001:db8::1]:5070", { host: "2001:db8::1", port: 5070 }],
    ["sip:j%40son%3Aq@host", { user: "j@son:q", host: "host" }],
    ["sip:+1-202;phone-context=x?y@gw", { user: "+1-202;phone-context=x?y", host: "gw" }],
    ["sip:%zz%C3%A9-%FF@h", { user: "%zzé-%FF", host: "h" }],
    ["sip:my_host.local", { host: "my_host.local" }],
    ["tel:+1-202-555-0100", { scheme: "tel", user: "+1-202-555-0100", host: "" }],
  ])("reads %s", (text, parts) => {
    expect(uri(text)).toMatchObject(parts);
  });

  test("reads parameters and headers", () => {
    const { params, headers } = uri("sip:a@h;LR;Transport=tcp;x=%41;x=second?Replaces=c%3Bto-tag%3D1&body=");
    expect([...params]).toEqual([
      ["lr", ""],
      ["transport", "tcp"],
      ["x", "A"],
    ]);
    expect([...headers]).toEqual([
      ["replaces", "c;to-tag=1"],
      ["body", ""],
    ]);
    expect(uri("tel:2000;phone-context=example.com").params.get("phone-context")).toBe("example.com");
  });

  test.each([
    "",
    "sip:",
    "sip:@host",
    "sip:a@b@c",
    "sip:a@",
    "sip:host:",
    "sip:host:0",
    "sip:host:65536",
    "sip:ho st",
    "sip:[::1",
    "sip:::1",
    "sip:-h",
    "tel:",
    "tel:abc xyz",
    "tel:+-()",
    "nonsense",
    "<sip:a@b>",
  ])("refuses %j", (text) => {
    expect(parseUri(text).ok).toBe(false);
  });

  test.each(["http://example.com", "mailto:a@b", "soap.beep://h:1"])("%s has another scheme", (text) => {
    expect(parseUri(text)).toMatchObject({ ok: false, reason: "scheme" });
  });
});

test("formatUri escapes what would change the meaning", () => {
  const hostile = {
    ...uri("sip:x@h"),
    user: "a@b:c%",
    password: "p/@",
    params: new Map([["p;", "a=b;c"]]),
    headers: new Map([["h", "x&y=z\r\n"]]),
  };
  const text = formatUri(hostile);
  expect(text).toBe("sip:a%40b%3Ac%25:p%2F%40@h;p%3B=a%3Db%3Bc?h=x%26y%3Dz%0D%0A");
  expect(uri(text)).toEqual(hostile);
});

describe("sameUri (§19.1.4)", () => {
  test.each([
    ["sip:%61lice@Example.com;transport=TCP", "sip:alice@example.COM;Transport=tcp"],
    ["sip:a@h", "sip:a@h;unknown=5"],
    ["sip:a@h;x=1;y=2", "sip:a@h;y=2;z=3"],
    ["sip:a@h?subject=p&priority=u", "sip:a@h?priority=u&subject=p"],
    ["tel:+1-202-555", "tel:+1202555"],
  ])("%s is %s", (a, b) => {
    expect(sameUri(uri(a), uri(b))).toBe(true);
    expect(sameUri(uri(b), uri(a))).toBe(true);
  });

  test.each([
    ["sip:ALICE@h", "sip:alice@h"],
    ["sip:a@h", "sip:a@h:5060"],
    ["sip:a@h", "sip:a@h;transport=udp"],
    ["sip:a@h", "sips:a@h"],
    ["sip:a@h", "sip:a@h?subject=x"],
    ["sip:a@h;x=1", "sip:a@h;x=2"],
    ["sip:a@h", "sip:h"],
    ["sip:a@h;user=phone", "sip:a@h"],
    ["sip:a@h", "sip:a:pw@h"],
    ["tel:+1202", "tel:1202"],
  ])("%s is not %s", (a, b) => {
    expect(sameUri(uri(a), uri(b))).toBe(false);
    expect(sameUri(uri(b), uri(a))).toBe(false);
  });
});
