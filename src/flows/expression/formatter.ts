import type { Expression } from "./expression.ts";

/** Writes an expression so that parsing it gives the same one. Each operator has its parentheses. */
export function formatExpression(expression: Expression): string {
  if (expression.kind === "literal") return typeof expression.value === "string" ? quote(expression.value) : formatPlain(expression.value);
  if (expression.kind === "path") return expression.names.join(".");
  if (expression.kind === "unary") return `${expression.operator} ${operand(expression.operand)}`;
  return `${operand(expression.left)} ${expression.operator} ${operand(expression.right)}`;
}

function operand(expression: Expression): string {
  const text = formatExpression(expression);
  return expression.kind === "unary" || expression.kind === "binary" ? `(${text})` : text;
}

function formatPlain(value: null | boolean | number): string {
  if (typeof value !== "number") return String(value);
  const text = String(value);
  return text.includes("e") ? value.toFixed(15).replace(/\.?0+$/, "") : text;
}

function quote(text: string): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return `'${escaped}'`;
}
