import { describe, expect, test } from "vitest";
import { isChannelName, isChannelPattern, isMeta, isService, patternsMatching } from "./channel-name.ts";

test.each(["/a", "/a/b/c", "/v2/me/calls", "/A-z_!~()$@/0"])("%s is a channel", (text) => {
  expect([isChannelName(text), isChannelPattern(text)]).toEqual([true, true]);
});

test.each(["/*", "/**", "/a/*", "/a/b/**"])("%s is a pattern, not a channel", (text) => {
  expect([isChannelName(text), isChannelPattern(text)]).toEqual([false, true]);
});

test.each([
  "",
  "/",
  "a",
  "a/b",
  "/a/",
  "//a",
  "/a//b",
  "/a b",
  "/a?b",
  "/ä",
  "/*/a",
  "/**/a",
  "/a*",
  "/a/***",
  "/a\n",
  "*",
  `/${"a".repeat(300)}`,
])("'%s' is neither", (text) => {
  expect([isChannelName(text), isChannelPattern(text)]).toEqual([false, false]);
});

test("reserved spaces, and names that only look like them", () => {
  expect(["/meta", "/meta/connect", "/meta/**", "/metal", "/a/meta"].map(isMeta)).toEqual([true, true, true, false, false]);
  expect(["/service/a", "/services/a"].map(isService)).toEqual([true, false]);
});

describe("what matches a channel", () => {
  test.each([
    ["/a", ["/a", "/*", "/**"]],
    ["/a/b", ["/a/b", "/a/*", "/a/**", "/**"]],
    ["/a/b/c", ["/a/b/c", "/a/b/*", "/a/b/**", "/a/**", "/**"]],
  ])("%s", (channel, patterns) => {
    expect(patternsMatching(channel)).toEqual(patterns);
  });
});
