import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../calls/index.ts";
import { parseTemplate } from "./template.ts";

function rendered(source: string, scope: Record<string, Json> = {}) {
  const template = parseTemplate(source);
  return template.ok ? template.value.render(scope) : template;
}

test.each([
  ["Hello {{ caller.number }}", "Hello +12025550100"],
  ["{{ caller.number | digits }}", "1 2 0 2 5 5 5 0 1 0 0"],
  ["{{ '*7#' | digits }}", "star 7 pound"],
  ["{{ '0193a0b1c2d3000000000001' | uuid }}", "0193a0b1-c2d3-4000-8000-000001c31be5"],
  ["{{ caller.number | uuid }}", "+12025550100"],
  ["{% if vip %}Welcome back{% else %}Hello{% endif %}", "Welcome back"],
  ["{{ missing.deeply }}!", "!"],
  ["{{ caller.constructor }}{{ caller.__proto__ }}", ""],
])("%s gives %j", (source, text) => {
  expect(rendered(source, { caller: { number: "+12025550100" }, vip: true })).toEqual({ ok: true, value: text });
});

test.each([
  "{{ caller",
  "{% if a %}",
  "{{ a | nosuch }}",
  "{% include 'x' %}",
  "{% render 'x' %}",
  "{% layout 'x' %}",
  "{% for i in (1..9) %}{% endfor %}",
  "{% capture a %}{% endcapture %}",
  "{% liquid\n for i in (1..9)\n endfor %}",
  "{{ 'now' | date: '%s' }}",
  "{{ a | sample }}",
  "x".repeat(4001),
])("%j is refused when the flow is saved", (source) => {
  expect(parseTemplate(source)).toMatchObject({ ok: false, reason: expect.stringMatching(/./) });
});

test("a template cannot give more than the limit", () => {
  const doubling = `{% assign a = "xxxxxxxxxx" %}${"{% assign a = a | append: a %}".repeat(40)}{{ a }}`;
  expect(rendered(doubling)).toMatchObject({ ok: false });
  expect(rendered("{{ (1..1000000000) | join }}")).toMatchObject({ ok: false });
  expect(rendered("{{ a }}".repeat(30), { a: "x".repeat(1000) })).toMatchObject({ ok: false });
});

test("no text and no values make it throw", () => {
  const piece = fc.constantFrom(
    "{{",
    "}}",
    "{%",
    "%}",
    " if ",
    "endif",
    " a",
    ".b",
    "|",
    " append: ",
    "'",
    "a",
    "(1..3)",
    " | size",
    " assign x = ",
    "[0]",
    "-",
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(piece, fc.string({ maxLength: 5 }))),
      fc.dictionary(fc.constantFrom("a", "b", "x"), fc.jsonValue({ maxDepth: 2 })),
      (pieces, scope) => {
        const result = rendered(pieces.join(""), scope as Record<string, Json>);
        expect(typeof result.ok).toBe("boolean");
      },
    ),
    { numRuns: 1000 },
  );
});
