import * as fc from "fast-check";
import { expect, test } from "vitest";
import { HeaderList } from "./header-list.ts";
import { keptHeaders, mostFreeHeaders, parseFreeHeaders, wrongWithName } from "./free-header.ts";

test.each([
  "Via",
  "v",
  "From",
  "f",
  "To",
  "call-id",
  "CSeq",
  "Contact",
  "m",
  "Route",
  "Record-Route",
  "Max-Forwards",
  "Content-Type",
  "Content-Language",
])("%s is the stack's own", (name) => expect(wrongWithName(name)).toMatch(/set by the server itself/));

test.each([
  "P-Asserted-Identity",
  "Remote-Party-ID",
  "Privacy",
  "Diversion",
  "History-Info",
  "Reason",
  "Replaces",
  "Authorization",
  "Supported",
  "z",
])("%s is the call's own", (name) => expect(wrongWithName(name)).toMatch(/set by the server itself/));

test.each(["X-Customer", "User-to-User", "Subject", "Call-Info", "Cisco-Guid"])("%s may be set", (name) =>
  expect(wrongWithName(name)).toBeUndefined(),
);

test.each([
  [{ "X A": "1" }, /no name/],
  [{ "": "1" }, /no name/],
  [{ "X-A\r\nVia": "1" }, /no name/],
  [{ "X-A": "1\r\nVia: x" }, /line end/],
  [{ "X-A": "1\u0000" }, /control/],
  [{ "X-A": "1", "x-a": "2" }, /twice/],
  [{ "X-A": "a".repeat(1025) }, /1024 characters/],
  [Object.fromEntries(Array.from({ length: mostFreeHeaders + 1 }, (_, index) => [`X-${index}`, ""])), /At most 20/],
  [Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`X-${index}`, "ü".repeat(400)])), /4096 bytes/],
])("%j is refused in words", (fields, words) => {
  const result = parseFreeHeaders(fields);
  expect(result.ok ? "" : result.reason).toMatch(words);
});

test("what is let through is one line of its own, whatever it is", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ maxLength: 12 }), fc.string()), (fields) => {
      const result = parseFreeHeaders(fields);
      if (!result.ok) return;
      const lines = new HeaderList(result.value).format();
      expect(lines.split("\r\n")).toHaveLength(result.value.length + 1);
      expect(lines).not.toMatch(/[\0]/);
    }),
  );
});

test("kept are X-…, User-to-User and what is asked for, joined when it repeats", () => {
  const headers = new HeaderList([
    ["X-A", "1"],
    ["User-to-User", "00;encoding=hex"],
    ["x-a", "2"],
    ["P-Early-Media", "supported"],
    ["Subject", "no"],
    ["Xylo", "no"],
  ]);
  expect(keptHeaders(headers, ["p-early-media"])).toEqual({
    "x-a": "1, 2",
    "user-to-user": "00;encoding=hex",
    "p-early-media": "supported",
  });
  expect(keptHeaders(new HeaderList([["Subject", "no"]]), [])).toBeUndefined();
});

test("what is kept is bounded", () => {
  const many = new HeaderList(Array.from({ length: 100 }, (_, index) => [`X-${index}`, "a".repeat(index * 20)] as const));
  const kept = keptHeaders(many, []) ?? {};
  expect(Object.keys(kept).length).toBeLessThanOrEqual(mostFreeHeaders);
  expect(Object.entries(kept).join("").length).toBeLessThan(5000);
});
