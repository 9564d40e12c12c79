import { describe, expect, test } from "vitest";
import { HeaderList, splitList } from "./header-list.ts";

describe("HeaderList", () => {
  test("finds fields by any case and by compact form, and writes canonical names", () => {
    const headers = new HeaderList([
      ["v", "SIP/2.0/UDP a;branch=z9hG4bK1"],
      ["CALL-id", "1@a"],
      ["x-Custom", "kept"],
    ]);
    expect(headers.get("via")).toBe("SIP/2.0/UDP a;branch=z9hG4bK1");
    expect(headers.get("i")).toBe("1@a");
    expect(headers.get("X-CUSTOM")).toBe("kept");
    expect([...headers].map(([name]) => name)).toEqual(["Via", "Call-ID", "x-Custom"]);
  });

  test.each([
    ["a, b ,c", ["a", "b", "c"]],
    ['"a, b" <sip:x>, <sip:y?h=1,2>', ['"a, b" <sip:x>', "<sip:y?h=1,2>"]],
    ['"quote \\" , still" <sip:x>,<sip:y>', ['"quote \\" , still" <sip:x>', "<sip:y>"]],
    ['<sip:a"b@x>,<sip:c>', ['<sip:a"b@x>', "<sip:c>"]],
    [", ,", []],
    ['"never closed, so one', ['"never closed, so one']],
  ])("splits %s", (text, parts) => {
    expect(splitList(text)).toEqual(parts);
  });

  test("takes list fields apart and leaves the commas of others alone", () => {
    const headers = new HeaderList([
      ["Route", "<sip:a;lr>, <sip:b;lr>"],
      ["Route", "<sip:c;lr>"],
      ["Date", "Fri, 20 Nov 2026 06:00:00 GMT"],
      ["WWW-Authenticate", 'Digest realm="a", nonce="b"'],
      ["Supported", ""],
    ]);
    expect(headers.all("Route")).toEqual(["<sip:a;lr>", "<sip:b;lr>", "<sip:c;lr>"]);
    expect(headers.get("Route")).toBe("<sip:a;lr>");
    expect(headers.get("Date")).toBe("Fri, 20 Nov 2026 06:00:00 GMT");
    expect(headers.all("WWW-Authenticate")).toEqual(['Digest realm="a", nonce="b"']);
    expect(headers.all("Supported")).toEqual([]);
    expect(headers.all("Require")).toEqual([]);
  });

  test("set keeps the place of the first and drops the rest", () => {
    const headers = new HeaderList([
      ["Contact", "<sip:a>"],
      ["To", "<sip:t>"],
      ["m", "<sip:b>"],
    ]);
    headers.set("contact", "<sip:c>");
    headers.set("Subject", "new");
    expect([...headers]).toEqual([
      ["Contact", "<sip:c>"],
      ["To", "<sip:t>"],
      ["Subject", "new"],
    ]);
  });

  test("prepend goes above the first of its name", () => {
    const headers = new HeaderList([
      ["To", "<sip:t>"],
      ["Via", "old"],
    ]);
    headers.prepend("Via", "new");
    headers.prepend("Route", "<sip:r>");
    expect([...headers].map(([, value]) => value)).toEqual(["<sip:r>", "<sip:t>", "new", "old"]);
  });

  test("replaceFirst changes or takes one value of a shared line", () => {
    const headers = new HeaderList([
      ["Via", "one, two"],
      ["Via", "three"],
    ]);
    headers.replaceFirst("Via", "first");
    expect(headers.all("Via")).toEqual(["first", "two", "three"]);
    headers.replaceFirst("Via", undefined);
    headers.replaceFirst("Via", undefined);
    expect(headers.all("Via")).toEqual(["three"]);
    headers.replaceFirst("Via", undefined);
    headers.replaceFirst("Via", "nothing there");
    expect(headers.has("Via")).toBe(false);
  });

  test("a clone does not share changes", () => {
    const headers = new HeaderList([["To", "a"]]);
    const copy = headers.clone();
    copy.set("To", "b");
    expect(headers.get("To")).toBe("a");
  });

  test("a value cannot start a line and a name must be a token", () => {
    const headers = new HeaderList([["Subject", "hi\r\nVia: evil\n\0x"]]);
    headers.append("X-Note", "a\rb");
    expect(headers.format()).toBe("Subject: hi Via: evil x\r\nX-Note: a b\r\n");
    expect(() => headers.append("Bad Name", "x")).toThrow(TypeError);
    expect(() => headers.append("X:\r\nVia", "x")).toThrow(TypeError);
  });
});

test.each([
  ["100rel, timer", true],
  ["replaces ,\ttimer", true],
  ["TIMER", true],
  ["xtimer, timers", false],
  ["", false],
])("Supported: %s has timer: %s", (value, has) => {
  const list = new HeaderList([
    ["k", "path"],
    ["Supported", value],
  ]);
  expect(list.lists("Supported", "timer")).toBe(has);
  expect(list.lists("Require", "timer")).toBe(false);
});
