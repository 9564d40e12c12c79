/**
 * The part of XML 1.0 that data contracts need: elements, attributes, text, CDATA, comments, processing instructions and the five named
 * entities. A document type is refused, so nothing can be declared, expanded or fetched from outside.
 */
import { type Parsed, parsed, unparsed } from "../../../../kernel/index.ts";
import { deepest } from "./tree.ts";

export type XmlElement = {
  /** The part of the name after the prefix. */
  readonly name: string;
  /** By full name, prefix included. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** All character data directly inside. */
  readonly text: string;
};

export function parseXml(source: string): Parsed<XmlElement> {
  return new XmlReader(source).document();
}

type Draft = {
  readonly fullName: string;
  readonly attributes: Map<string, string>;
  readonly children: XmlElement[];
  readonly texts: string[];
};

const namePattern = /[\p{L}_:][\p{L}\p{N}_:.\-\u00b7]*/uy;
const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

class Malformed extends Error {}

class XmlReader {
  readonly #source: string;
  readonly #open: Draft[] = [];
  #root: XmlElement | undefined;
  #at = 0;

  constructor(source: string) {
    this.#source = source.startsWith("\ufeff") ? source.slice(1) : source;
  }

  document(): Parsed<XmlElement> {
    try {
      while (this.#at < this.#source.length) this.#next();
      if (this.#open.length > 0) throw new Malformed(`<${this.#open.at(-1)?.fullName}> is not closed`);
      return this.#root === undefined ? unparsed("there is no element") : parsed(this.#root);
    } catch (error) {
      if (error instanceof Malformed) return unparsed(error.message, this.#at);
      throw error;
    }
  }

  #next(): void {
    if (!this.#sees("<")) this.#characters(this.#until("<"), true);
    else if (this.#took("<!--")) this.#past("-->");
    else if (this.#took("<![CDATA[")) this.#characters(this.#past("]]>"), false);
    else if (this.#took("<?")) this.#past("?>");
    else if (this.#sees("<!")) throw new Malformed("a document type is not allowed");
    else if (this.#took("</")) this.#close();
    else this.#element();
  }

  #characters(raw: string, hasEntities: boolean): void {
    const inside = this.#open.at(-1);
    const text = hasEntities ? decoded(raw) : normalised(raw);
    if (inside !== undefined) inside.texts.push(text);
    else if (!hasEntities || text.trim() !== "") throw new Malformed("text outside the element");
  }

  #element(): void {
    this.#at++;
    const fullName = this.#name();
    if (this.#root !== undefined && this.#open.length === 0) throw new Malformed("more than one element at the top");
    if (this.#open.length >= deepest) throw new Malformed(`more than ${deepest} levels`);
    const attributes = this.#attributes();
    this.#open.push({ fullName, attributes, children: [], texts: [] });
    if (this.#took("/>")) this.#finish();
    else if (!this.#took(">")) throw new Malformed(`<${fullName}> is not closed`);
  }

  #attributes(): Map<string, string> {
    const attributes = new Map<string, string>();
    for (;;) {
      const spaced = this.#skipSpace();
      if (this.#sees("/>") || this.#sees(">") || this.#at >= this.#source.length) return attributes;
      if (!spaced) throw new Malformed("a space is missing before an attribute");
      const name = this.#name();
      this.#skipSpace();
      if (!this.#took("=")) throw new Malformed(`the attribute ${name} has no value`);
      this.#skipSpace();
      const quote = this.#took('"') ? '"' : this.#took("'") ? "'" : undefined;
      if (quote === undefined) throw new Malformed(`the value of ${name} is not in quotes`);
      const raw = this.#past(quote);
      if (raw.includes("<")) throw new Malformed(`< in the value of ${name}`);
      if (attributes.has(name)) throw new Malformed(`the attribute ${name} stands twice`);
      attributes.set(name, decoded(raw));
    }
  }

  #close(): void {
    const name = this.#name();
    this.#skipSpace();
    if (!this.#took(">") || this.#open.at(-1)?.fullName !== name) throw new Malformed(`</${name}> closes nothing`);
    this.#finish();
  }

  #finish(): void {
    const draft = this.#open.pop();
    if (draft === undefined) return;
    const { fullName, attributes, children, texts } = draft;
    const element = { name: fullName.slice(fullName.indexOf(":") + 1), attributes, children, text: texts.join("") };
    const parent = this.#open.at(-1);
    if (parent === undefined) this.#root = element;
    else parent.children.push(element);
  }

  #name(): string {
    namePattern.lastIndex = this.#at;
    const name = namePattern.exec(this.#source)?.[0];
    if (name === undefined) throw new Malformed("a name is missing");
    this.#at += name.length;
    return name;
  }

  /** What stands before `mark` or the end. */
  #until(mark: string): string {
    const from = this.#at;
    const found = this.#source.indexOf(mark, from);
    this.#at = found < 0 ? this.#source.length : found;
    return this.#source.slice(from, this.#at);
  }

  /** What stands before `mark`, which must come and is passed. */
  #past(mark: string): string {
    const raw = this.#until(mark);
    if (!this.#took(mark)) throw new Malformed(`${mark} is missing`);
    return raw;
  }

  #sees(mark: string): boolean {
    return this.#source.startsWith(mark, this.#at);
  }

  #took(mark: string): boolean {
    if (!this.#sees(mark)) return false;
    this.#at += mark.length;
    return true;
  }

  #skipSpace(): boolean {
    const from = this.#at;
    while (/[ \t\r\n]/.test(this.#source.charAt(this.#at))) this.#at++;
    return this.#at > from;
  }
}

/** Line ends become LF (XML 1.0 §2.11). */
function normalised(raw: string): string {
  return raw.replaceAll(/\r\n?/g, "\n");
}

function decoded(raw: string): string {
  return normalised(raw).replaceAll(/&([^&;]{0,16};?)/g, (_match, body: string) => {
    if (!body.endsWith(";")) throw new Malformed("& does not begin an entity");
    const name = body.slice(0, -1);
    const character = name.startsWith("#") ? characterOf(name.slice(1)) : Object.hasOwn(entities, name) ? entities[name] : undefined;
    if (character === undefined) throw new Malformed(`&${name}; is not known`);
    return character;
  });
}

function characterOf(digits: string): string | undefined {
  const code = /^x[0-9a-f]+$/i.test(digits) ? Number.parseInt(digits.slice(1), 16) : /^\d+$/.test(digits) ? Number(digits) : Number.NaN;
  return isCharacter(code) ? String.fromCodePoint(code) : undefined;
}

/** Code points that a document may hold (XML 1.0 §2.2). */
export function isCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d;
  return code < 0xd800 || (code >= 0xe000 && code < 0xfffe) || (code > 0xffff && code <= 0x10ffff);
}
