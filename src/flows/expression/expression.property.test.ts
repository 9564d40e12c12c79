import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isJson } from "../validation/canonical-json.ts";
import { evaluate, type Scope } from "./evaluator.ts";
import { type BinaryOperator, compareOperators, type Expression, reservedWords } from "./expression.ts";
import { formatExpression } from "./formatter.ts";
import { parseExpression } from "./parser.ts";

const name = fc.stringMatching(/^[a-z][A-Za-z0-9_]{0,5}$/).filter((word) => !reservedWords.includes(word));
const operator = fc.constantFrom<BinaryOperator>(...compareOperators, "and", "or", "+", "-", "*", "/");
const text = fc.string({ maxLength: 6, unit: fc.constantFrom("a", "1", "'", '"', "\\", "\n", "\t", " ", "é", "😀") });
const { tree } = fc.letrec<{ tree: Expression; leaf: Expression; unary: Expression; binary: Expression }>((tie) => ({
  tree: fc.oneof({ maxDepth: 4 }, tie("leaf"), tie("unary"), tie("binary")),
  leaf: fc.oneof(
    fc.record({
      kind: fc.constant("literal" as const),
      value: fc.oneof(
        fc.constant(null),
        fc.boolean(),
        text,
        fc.integer({ min: 0, max: 1e9 }).map((n) => n / 1000),
      ),
    }),
    fc.record({ kind: fc.constant("path" as const), names: fc.array(name, { minLength: 1, maxLength: 3 }) }),
  ),
  unary: fc.record({ kind: fc.constant("unary" as const), operator: fc.constantFrom("not" as const, "-" as const), operand: tie("tree") }),
  binary: fc.record({ kind: fc.constant("binary" as const), operator, left: tie("tree"), right: tie("tree") }),
}));

test("reading what was written gives the same expression", () => {
  fc.assert(
    fc.property(tree, (expression) => {
      const source = formatExpression(expression);
      fc.pre(source.length <= 1000);
      expect(parseExpression(source)).toEqual({ ok: true, value: expression });
    }),
    { numRuns: 500 },
  );
});

test("reading never throws, and a refusal names a place in the text", () => {
  const token = fc.constantFrom("(", ")", "and", "not", "==", "'", "a.b", "1", "-", "+", " ", "contains", "\\", "<");
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(token).map((tokens) => tokens.join(" ")),
        fc.string({ unit: "binary" }),
      ),
      (source) => {
        const read = parseExpression(source);
        if (!read.ok) expect(read.at).toBeLessThanOrEqual(source.length);
      },
    ),
    { numRuns: 1000 },
  );
});

test("evaluating never throws and gives JSON", () => {
  fc.assert(
    fc.property(tree, fc.dictionary(name, fc.jsonValue({ maxDepth: 3 })), (expression, scope) => {
      const value = evaluate(expression, scope as Scope);
      expect(isJson(value)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
