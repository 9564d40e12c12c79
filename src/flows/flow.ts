import type { Json } from "../calls/index.ts";
import type { FlowDocument } from "./document.ts";
import { evaluate, type Scope } from "./expression/evaluator.ts";
import type { Expression } from "./expression/expression.ts";
import { parseExpression } from "./expression/parser.ts";
import type { Parsed } from "../kernel/index.ts";
import { parseTemplate, type Template } from "./template.ts";
import { ScriptFault } from "./verb.ts";

/** A document ready to run: each template and expression is read the first time it is needed. */
export class Flow {
  readonly document: FlowDocument;
  readonly #templates = new Map<string, Parsed<Template>>();
  readonly #expressions = new Map<string, Parsed<Expression>>();

  constructor(document: FlowDocument) {
    this.document = document;
  }

  /** The text of a template with the values of `scope`. Throws ScriptFault. */
  render(source: string, scope: Scope): string {
    const template = remembered(this.#templates, source, parseTemplate);
    return sound(template.ok ? template.value.render(scope) : template);
  }

  /** The value of an expression over `scope`. Throws ScriptFault. */
  evaluate(source: string, scope: Scope): Json {
    return evaluate(sound(remembered(this.#expressions, source, parseExpression)), scope);
  }
}

function remembered<T>(known: Map<string, T>, source: string, read: (source: string) => T): T {
  const before = known.get(source);
  if (before !== undefined) return before;
  const made = read(source);
  known.set(source, made);
  return made;
}

function sound<T>(result: Parsed<T>): T {
  if (!result.ok) throw new ScriptFault(result.reason);
  return result.value;
}
