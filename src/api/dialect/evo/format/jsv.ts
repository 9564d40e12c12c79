/**
 * JSV, ServiceStack's text format:
 *
 *     value  := object | list | scalar
 *     object := '{' [ key ':' value { ',' key ':' value } ] '}'
 *     list   := '[' [ value { ',' value } ] ']'
 *     scalar := '"' { char | '""' } '"' | bare
 *     bare   := what ends before the next , or } (in a list , or ]) or at the end of the line; nothing at all is null
 *
 * White space around tokens is skipped, as metadata pages show JSV on several lines. So that a text which begins or ends with white
 * space survives, it is written in quotes too; every reader takes those off.
 */
import { type Parsed, parsed, unparsed } from "../../../../kernel/index.ts";
import { deepest, type Tree } from "./tree.ts";

const needsQuotes = /[":,{}[\]\r\n]|^[ \t]|[ \t]$/;

export function formatJsv(tree: Tree): string {
  if (tree === null) return "";
  if (typeof tree === "boolean") return tree ? "True" : "False";
  if (typeof tree === "number") return String(tree);
  if (typeof tree === "string") return scalarOf(tree);
  if (isList(tree)) return `[${tree.map(formatJsv).join(",")}]`;
  const members = Object.entries(tree).filter(([, value]) => value !== null);
  return `{${members.map(([name, value]) => `${scalarOf(name)}:${formatJsv(value)}`).join(",")}}`;
}

/** Scalars come as texts, whatever they were: only the type they are read into tells. */
export function parseJsv(text: string): Parsed<Tree> {
  return new JsvReader(text).document();
}

function scalarOf(text: string): string {
  return text === "" || needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function isList(tree: Tree): tree is readonly Tree[] {
  return Array.isArray(tree);
}

class Malformed extends Error {}

class JsvReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Parsed<Tree> {
    try {
      this.#skipSpace();
      const value = this.#value("");
      this.#skipSpace();
      return this.#at === this.#text.length ? parsed(value) : unparsed("more text after the value", this.#at);
    } catch (error) {
      if (error instanceof Malformed) return unparsed(error.message, this.#at);
      throw error;
    }
  }

  /** A value that ends before `,`, before `closing`, or with the text when `closing` is "". */
  #value(closing: string): Tree {
    const next = this.#text[this.#at];
    if (next === '"') return this.#quoted();
    if (next !== "{" && next !== "[") return this.#bare(closing);
    if (++this.#depth > deepest) throw new Malformed(`more than ${deepest} levels`);
    this.#at++;
    const value = next === "{" ? this.#object() : this.#list();
    this.#depth--;
    return value;
  }

  #object(): Tree {
    const members: [string, Tree][] = [];
    this.#skipSpace();
    if (this.#took("}")) return {};
    for (;;) {
      this.#skipSpace();
      const name = this.#text[this.#at] === '"' ? this.#quoted() : this.#bareName();
      this.#skipSpace();
      if (!this.#took(":")) throw new Malformed("a colon is missing after a name");
      this.#skipSpace();
      members.push([name, this.#value("}")]);
      if (this.#endsAfterValue("}")) return Object.fromEntries(members);
    }
  }

  #list(): Tree {
    const items: Tree[] = [];
    this.#skipSpace();
    if (this.#took("]")) return [];
    for (;;) {
      this.#skipSpace();
      items.push(this.#value("]"));
      if (this.#endsAfterValue("]")) return items;
    }
  }

  #endsAfterValue(closing: string): boolean {
    this.#skipSpace();
    if (this.#took(closing)) return true;
    if (!this.#took(",")) throw new Malformed(`, or ${closing} is missing after a value`);
    return false;
  }

  #quoted(): string {
    const from = ++this.#at;
    for (;;) {
      const quote = this.#text.indexOf('"', this.#at);
      if (quote < 0) throw new Malformed("a quote is not closed");
      this.#at = quote + 1;
      if (!this.#took('"')) return this.#text.slice(from, quote).replaceAll('""', '"');
    }
  }

  #bareName(): string {
    const name = this.#upTo(':,{}[]"\r\n');
    if (name === "") throw new Malformed("a name is missing");
    return name;
  }

  #bare(closing: string): string | null {
    const bare = this.#upTo(closing === "" ? "\r\n" : `,${closing}\r\n`);
    return bare === "" ? null : bare;
  }

  #upTo(stops: string): string {
    const from = this.#at;
    while (this.#at < this.#text.length && !stops.includes(this.#text.charAt(this.#at))) this.#at++;
    let end = this.#at;
    while (end > from && isBlank(this.#text.charAt(end - 1))) end--;
    return this.#text.slice(from, end);
  }

  #took(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    while (isSpace(this.#text.charAt(this.#at))) this.#at++;
  }
}

function isBlank(char: string): boolean {
  return char === " " || char === "\t";
}

function isSpace(char: string): boolean {
  return isBlank(char) || char === "\r" || char === "\n";
}
