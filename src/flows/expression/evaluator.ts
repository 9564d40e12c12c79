import type { Json } from "../../calls/index.ts";
import type { BinaryOperator, Expression } from "./expression.ts";

/** Values by name; nested values are reached by paths. */
export type Scope = Readonly<Record<string, Json>>;

/** A longer text is cut off by giving null: texts must not grow without limit in a loop. */
const longestText = 16_384;

/**
 * The value of an expression. Never throws: a path that leads nowhere, a sum of something else than numbers and a division by zero
 * give null, and null compared with `<` is false. A number equals a text that reads as the same number, because digits are texts.
 * `+` joins when one side is a text.
 */
export function evaluate(expression: Expression, scope: Scope): Json {
  if (expression.kind === "literal") return expression.value;
  if (expression.kind === "path") return lookUp(expression.names, scope);
  if (expression.kind === "unary") {
    const value = evaluate(expression.operand, scope);
    return expression.operator === "not" ? !isTrue(value) : sum(0, value, (zero, number) => zero - number);
  }
  const left = evaluate(expression.left, scope);
  if (expression.operator === "and" && !isTrue(left)) return false;
  if (expression.operator === "or" && isTrue(left)) return true;
  return operations[expression.operator](left, evaluate(expression.right, scope));
}

/** What counts as true: everything but null, false, 0 and the empty text. */
export function isTrue(value: Json): boolean {
  return value !== null && value !== false && value !== 0 && value !== "";
}

function lookUp(names: readonly string[], scope: Scope): Json {
  let value: Json = scope;
  for (const name of names) {
    if (!isRecord(value) || !Object.hasOwn(value, name)) return null;
    value = value[name] ?? null;
  }
  return value;
}

function isRecord(value: Json): value is Scope {
  return typeof value === "object" && value !== null;
}

const operations: Readonly<Record<BinaryOperator, (left: Json, right: Json) => Json>> = {
  and: (_left, right) => isTrue(right),
  or: (_left, right) => isTrue(right),
  "==": equals,
  "!=": (left, right) => !equals(left, right),
  "<": (left, right) => order(left, right, (sign) => sign < 0),
  "<=": (left, right) => order(left, right, (sign) => sign <= 0),
  ">": (left, right) => order(left, right, (sign) => sign > 0),
  ">=": (left, right) => order(left, right, (sign) => sign >= 0),
  contains: (left, right) =>
    Array.isArray(left) ? left.some((item: Json) => equals(item, right)) : isText(left) && toText(left).includes(toText(right)),
  startsWith: (left, right) => isText(left) && toText(left).startsWith(toText(right)),
  endsWith: (left, right) => isText(left) && toText(left).endsWith(toText(right)),
  "+": (left, right) => (typeof left === "string" || typeof right === "string" ? join(left, right) : sum(left, right, (a, b) => a + b)),
  "-": (left, right) => sum(left, right, (a, b) => a - b),
  "*": (left, right) => sum(left, right, (a, b) => a * b),
  "/": (left, right) => sum(left, right, (a, b) => a / b),
};

function equals(left: Json, right: Json): boolean {
  if (typeof left === typeof right) return left === right || (typeof left === "object" && JSON.stringify(left) === JSON.stringify(right));
  const [a, b] = [toNumber(left), toNumber(right)];
  return a !== undefined && a === b;
}

function order(left: Json, right: Json, holds: (sign: number) => boolean): boolean {
  const [a, b] = [toNumber(left), toNumber(right)];
  if (a !== undefined && b !== undefined) return holds(Math.sign(a - b));
  if (typeof left !== "string" || typeof right !== "string") return false;
  return holds(left < right ? -1 : Number(left > right));
}

function sum(left: Json, right: Json, operate: (a: number, b: number) => number): Json {
  const [a, b] = [toNumber(left), toNumber(right)];
  if (a === undefined || b === undefined) return null;
  const result = operate(a, b);
  // JSON has no -0.
  return Number.isFinite(result) ? result + 0 : null;
}

function join(left: Json, right: Json): Json {
  const text = toText(left) + toText(right);
  return text.length > longestText ? null : text;
}

const numeric = /^-?[0-9]{1,15}(?:\.[0-9]{1,15})?$/;

function toNumber(value: Json): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" && numeric.test(value) ? Number(value) : undefined;
}

function isText(value: Json): boolean {
  return typeof value === "string" || typeof value === "number";
}

function toText(value: Json): string {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
