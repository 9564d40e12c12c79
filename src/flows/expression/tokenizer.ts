import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";
import { longestExpression } from "./expression.ts";

export type ExpressionToken =
  | { readonly kind: "number"; readonly value: number; readonly at: number }
  | { readonly kind: "text"; readonly value: string; readonly at: number }
  /** A variable path or a word such as `and`. */
  | { readonly kind: "word"; readonly value: string; readonly at: number }
  | { readonly kind: "symbol"; readonly value: string; readonly at: number };

const space = /\s*/y;
const number = /[0-9]{1,15}(?:\.[0-9]{1,15})?/y;
const word = /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*/y;
const symbol = /==|!=|<=|>=|[<>+\-*/()]/y;
const escapes: Readonly<Record<string, string>> = { "\\": "\\", "'": "'", '"': '"', n: "\n", t: "\t" };

/** Splits an expression into tokens. Never throws. */
export function tokenizeExpression(source: string): Parsed<readonly ExpressionToken[]> {
  if (source.length > longestExpression) return unparsed(`longer than ${longestExpression} characters`);
  const tokens: ExpressionToken[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  while (true) {
    at += take(space)?.length ?? 0;
    const first = source[at];
    if (first === undefined) return parsed(tokens);
    if (first === "'" || first === '"') {
      const text = readText(source, at);
      if (!text.ok) return text;
      tokens.push({ kind: "text", value: text.value.value, at });
      at = text.value.end;
      continue;
    }
    const digits = take(number);
    const name = take(word);
    const value = digits ?? name ?? take(symbol);
    if (value === undefined) return unparsed(`unexpected ${JSON.stringify(first)}`, at);
    if (digits !== undefined) tokens.push({ kind: "number", value: Number(digits), at });
    else tokens.push({ kind: name === undefined ? "symbol" : "word", value, at });
    at += value.length;
  }
}

function readText(source: string, start: number): Parsed<{ readonly value: string; readonly end: number }> {
  const quote = source[start];
  let value = "";
  for (let at = start + 1; at < source.length; at++) {
    const character = source[at];
    if (character === quote) return parsed({ value, end: at + 1 });
    if (character === "\\") {
      at++;
      const escaped = escapes[source[at] ?? ""];
      if (escaped === undefined) return unparsed("unknown escape in a text", at);
      value += escaped;
    } else value += character;
  }
  return unparsed("a text that does not end", start);
}
