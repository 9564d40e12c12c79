import { expect, test } from "vitest";
import type { Json } from "../../calls/index.ts";
import { evaluate, type Scope } from "./evaluator.ts";
import { parseExpression } from "./parser.ts";

const scope: Scope = {
  choice: "1",
  tries: 2,
  caller: { number: "+18144043093" },
  list: ["a", 5],
  nothing: null,
  reply: { status: 200, body: { items: [{ id: 7 }] } },
};

function value(source: string): Json {
  const read = parseExpression(source);
  if (!read.ok) throw new Error(`${read.reason} at ${read.at}`);
  return evaluate(read.value, scope);
}

test.each<[string, Json]>([
  ["choice == '1' and caller.number startsWith '+1'", true],
  ["choice == 1", true],
  ["choice == '01'", false],
  ["tries + 1 * 2 == 4", true],
  ["(tries + 1) * 2", 6],
  ["10 - 3 - 2", 5],
  ["12 / 3 / 2", 2],
  ["- tries + 5", 3],
  ["1 / 0", null],
  ["nothing + 1", null],
  ["'a' + 1 + nothing", "a1"],
  ["tries < 10 and '9' < '10'", true],
  ["'b' > 'a'", true],
  ["nothing < 1", false],
  ["not choice == '2'", true],
  ["not nothing or missing.at.all", true],
  ["list contains 'a' and list contains 5 and not (list contains 'b')", true],
  ["reply.body.items.0.id", 7],
  ['caller.number endsWith "93"', true],
  ["'it\\'s' + \"\\n\"", "it's\n"],
  ["caller.constructor", null],
  ["list.length", 2],
  ["missing == null", true],
])("%s is %j", (source, expected) => {
  expect(value(source)).toEqual(expected);
});

test.each([
  ["", 0],
  ["1 +", 3],
  ["(1", 2],
  ["1 2", 2],
  ["a = 1", 2],
  ["a & b", 2],
  ["'open", 0],
  ["'\\x'", 2],
  ["1 < 2 < 3", 6],
  ["and", 0],
  ["f(1)", 1],
  ["a..b", 1],
])("%j is refused at %i", (source, at) => {
  expect(parseExpression(source)).toMatchObject({ ok: false, at });
});

test.each([
  ["parentheses", `${"(".repeat(400)}1${")".repeat(400)}`],
  ["signs", `${"-".repeat(900)}1`],
  ["not", `${"not ".repeat(200)}true`],
  ["a chain", Array.from({ length: 200 }, () => "1").join("+")],
  ["the whole", " ".repeat(1001)],
])("a limit on %s", (_name, source) => {
  expect(parseExpression(source).ok).toBe(false);
});
