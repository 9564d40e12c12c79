import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";
import { type BinaryOperator, compareOperators, deepestExpression, type Expression, reservedWords } from "./expression.ts";
import { type ExpressionToken, tokenizeExpression } from "./tokenizer.ts";

/** Reads an expression; the grammar is in expression.ts. Never throws. */
export function parseExpression(source: string): Parsed<Expression> {
  const tokens = tokenizeExpression(source);
  if (!tokens.ok) return tokens;
  const parser = new Parser(tokens.value, source.length);
  const expression = parser.level(0, 0);
  if (!expression.ok) return expression;
  return parser.rest() ?? expression;
}

/** Binary operators from the loosest to the tightest. `not` sits between `and` and the comparisons. */
const levels: readonly (readonly BinaryOperator[])[] = [["or"], ["and"], compareOperators, ["+", "-"], ["*", "/"]];
const compareLevel = 2;

class Parser {
  readonly #tokens: readonly ExpressionToken[];
  readonly #end: number;
  #next = 0;

  constructor(tokens: readonly ExpressionToken[], end: number) {
    this.#tokens = tokens;
    this.#end = end;
  }

  /** What is wrong when something follows the expression. */
  rest(): Parsed<never> | undefined {
    const token = this.#tokens[this.#next];
    return token === undefined ? undefined : unparsed(`unexpected ${JSON.stringify(token.value)}`, token.at);
  }

  level(level: number, depth: number): Parsed<Expression> {
    if (depth > deepestExpression) return this.#wrong(`nested deeper than ${deepestExpression}`);
    const operators = levels[level];
    if (operators === undefined) return this.#sign(depth);
    if (level === compareLevel && this.#take("word", "not")) {
      const operand = this.level(level, depth + 1);
      return operand.ok ? parsed({ kind: "unary", operator: "not", operand: operand.value }) : operand;
    }
    let left = this.level(level + 1, depth);
    for (let chain = depth + 1; left.ok; chain++) {
      const operator = operators.find((name) => this.#take("symbol", name) || this.#take("word", name));
      if (operator === undefined) return left;
      if (chain > deepestExpression) return this.#wrong(`nested deeper than ${deepestExpression}`);
      const right = this.level(level + 1, depth + 1);
      if (!right.ok) return right;
      left = parsed({ kind: "binary", operator, left: left.value, right: right.value });
      if (level === compareLevel) return left;
    }
    return left;
  }

  #sign(depth: number): Parsed<Expression> {
    if (depth > deepestExpression) return this.#wrong(`nested deeper than ${deepestExpression}`);
    if (!this.#take("symbol", "-")) return this.#primary(depth);
    const operand = this.#sign(depth + 1);
    return operand.ok ? parsed({ kind: "unary", operator: "-", operand: operand.value }) : operand;
  }

  #primary(depth: number): Parsed<Expression> {
    if (this.#take("symbol", "(")) {
      const inner = this.level(0, depth + 1);
      if (!inner.ok) return inner;
      return this.#take("symbol", ")") ? inner : this.#wrong("a closing parenthesis is missing");
    }
    const token = this.#tokens[this.#next];
    if (token === undefined || token.kind === "symbol") return this.#wrong("a value is missing");
    if (token.kind !== "word") {
      this.#next++;
      return parsed({ kind: "literal", value: token.value });
    }
    if (token.value === "true" || token.value === "false") {
      this.#next++;
      return parsed({ kind: "literal", value: token.value === "true" });
    }
    if (token.value === "null") {
      this.#next++;
      return parsed({ kind: "literal", value: null });
    }
    if (reservedWords.includes(token.value)) return this.#wrong("a value is missing");
    this.#next++;
    return parsed({ kind: "path", names: token.value.split(".") });
  }

  #take(kind: "symbol" | "word", value: string): boolean {
    const token = this.#tokens[this.#next];
    if (token?.kind !== kind || token.value !== value) return false;
    this.#next++;
    return true;
  }

  #wrong(reason: string): Parsed<never> {
    const token = this.#tokens[this.#next];
    return token === undefined
      ? unparsed(`${reason} at the end`, this.#end)
      : unparsed(`${reason} before ${JSON.stringify(token.value)}`, token.at);
  }
}
