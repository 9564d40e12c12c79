/** The header fields of one message in their order, RFC 3261 §7.3. Lookups ignore case and know compact forms; output has canonical names. */
import { isToken, knownHeader } from "./header-name.ts";

export type HeaderPair = readonly [name: string, value: string];

/**
 * Mutable, and owned by whoever made the message: clone before changing what somebody else may still read.
 * Values are kept as text. A value can never start a new line: CR, LF and NUL become a space, but for NUL in a quoted-pair (§25.1).
 */
export class HeaderList implements Iterable<HeaderPair> {
  /** Canonical for known fields, as given for the others; same length as #values. */
  #names: string[];
  #values: string[];

  constructor(pairs: Iterable<HeaderPair> = []) {
    this.#names = [];
    this.#values = [];
    for (const [name, value] of pairs) this.append(name, value);
  }

  /** Takes the arrays over. Only for the parser, which has already made the names canonical and the values free of line ends. */
  static ofParsed(names: string[], values: string[]): HeaderList {
    const list = new HeaderList();
    list.#names = names;
    list.#values = values;
    return list;
  }

  /** How many lines there are. */
  get size(): number {
    return this.#names.length;
  }

  has(name: string): boolean {
    return this.#find(name) >= 0;
  }

  /** True when there is exactly one line of that name, and no comma in it. */
  isSingle(name: string): boolean {
    const index = this.#find(name);
    return index >= 0 && this.#find(name, index + 1) < 0 && this.#values[index]?.includes(",") === false;
  }

  /** The first value; of a list header (Via, Route, Contact, …) the first element even when a line has several. */
  get(name: string): string | undefined {
    const index = this.#find(name);
    if (index < 0) return undefined;
    const value = this.#values[index] ?? "";
    return value.includes(",") && isList(name) ? (splitList(value)[0] ?? "") : value;
  }

  /** Every value in order; lines of list headers are taken apart at their commas. */
  all(name: string): string[] {
    const found: string[] = [];
    const list = isList(name);
    for (let index = this.#find(name); index >= 0; index = this.#find(name, index + 1)) {
      const value = this.#values[index] ?? "";
      if (list && (value === "" || value.includes(","))) found.push(...splitList(value));
      else found.push(value);
    }
    return found;
  }

  /** True when a list of tokens (Allow, Require, Supported) has this one, in any case (§7.3.1). Takes no line apart. */
  lists(name: string, token: string): boolean {
    const wanted = token.toLowerCase();
    for (let index = this.#find(name); index >= 0; index = this.#find(name, index + 1)) {
      const line = (this.#values[index] ?? "").toLowerCase();
      for (let at = line.indexOf(wanted); at >= 0; at = line.indexOf(wanted, at + 1)) {
        if (isBoundary(line.charCodeAt(at - 1)) && isBoundary(line.charCodeAt(at + wanted.length))) return true;
      }
    }
    return false;
  }

  /** Puts `value` where the first line of that name stands and drops the other lines of that name; appends when there is none. */
  set(name: string, value: string): void {
    const first = this.#find(name);
    if (first < 0) return this.append(name, value);
    this.#values[first] = oneLine(value);
    for (let index = this.#find(name, first + 1); index >= 0; index = this.#find(name, index)) this.#drop(index);
  }

  append(name: string, value: string): void {
    this.#names.push(spelling(name));
    this.#values.push(oneLine(value));
  }

  /** Adds a line above the first one of that name, or at the top when there is none: for Via, Route, Record-Route. */
  prepend(name: string, value: string): void {
    const index = Math.max(0, this.#find(name));
    this.#names.splice(index, 0, spelling(name));
    this.#values.splice(index, 0, oneLine(value));
  }

  /** Removes all lines of that name. */
  remove(name: string): void {
    for (let index = this.#find(name); index >= 0; index = this.#find(name, index)) this.#drop(index);
  }

  /** Replaces the first value as `get` returns it, or removes it when `value` is undefined: the top Via, the first Route. Does nothing when there is none. */
  replaceFirst(name: string, value: string | undefined): void {
    const index = this.#find(name);
    if (index < 0) return;
    const line = this.#values[index] ?? "";
    const rest = line.includes(",") && isList(name) ? splitList(line).slice(1) : [];
    if (value === undefined && rest.length === 0) return this.#drop(index);
    this.#values[index] = oneLine([...(value === undefined ? [] : [value]), ...rest].join(", "));
  }

  /** The lines whose canonical name is wanted, in their order, as a list of its own. */
  only(isWanted: (name: string) => boolean): HeaderList {
    const names: string[] = [];
    const values: string[] = [];
    for (let index = 0; index < this.#names.length; index++) {
      const name = this.#names[index] ?? "";
      if (!isWanted(name)) continue;
      names.push(name);
      values.push(this.#values[index] ?? "");
    }
    return HeaderList.ofParsed(names, values);
  }

  clone(): HeaderList {
    return HeaderList.ofParsed([...this.#names], [...this.#values]);
  }

  /** Line by line, as it will be written. */
  *[Symbol.iterator](): Generator<HeaderPair> {
    for (let index = 0; index < this.#names.length; index++) yield [this.#names[index] ?? "", this.#values[index] ?? ""];
  }

  /** All lines but Content-Length, each ended by CRLF. */
  format(): string {
    let text = "";
    for (let index = 0; index < this.#names.length; index++) {
      if (this.#names[index] !== "Content-Length") text += `${this.#names[index]}: ${this.#values[index]}\r\n`;
    }
    return text;
  }

  #drop(index: number): void {
    this.#names.splice(index, 1);
    this.#values.splice(index, 1);
  }

  #find(name: string, from = 0): number {
    const entry = knownHeader(name);
    if (entry !== undefined) return this.#names.indexOf(entry.name, from);
    const lower = name.toLowerCase();
    for (let index = from; index < this.#names.length; index++) if (this.#names[index]?.toLowerCase() === lower) return index;
    return -1;
  }
}

/** The end of a token in a list: comma, blank, or the end of the text (NaN). */
function isBoundary(code: number): boolean {
  return Number.isNaN(code) || code === 0x2c || code === 0x20 || code === 0x09;
}

function isList(name: string): boolean {
  return knownHeader(name)?.isList === true;
}

/** Throws on a name that is no token: names come from code, or were checked with `isToken` where they came in. */
function spelling(name: string): string {
  const entry = knownHeader(name);
  if (entry !== undefined) return entry.name;
  if (!isToken(name)) throw new TypeError(`not a header name: ${JSON.stringify(name)}`);
  return name;
}

const lineEnd = /[\r\n\0]/;

/** The text without anything that could end a line: injection through a header value, method, URI or reason phrase is impossible after this. */
export function oneLine(text: string): string {
  if (!lineEnd.test(text)) return text;
  return text.replace(/\\[^\r\n]|[\r\n\0]+[ \t]*/g, (found) => (found.startsWith("\\") ? found : " ")).trim();
}

/** Takes a list header apart at commas outside of quotes and angle brackets; empty elements are dropped (RFC 3261 §7.3.1). */
export function splitList(text: string): string[] {
  return splitOutside(text, 0x2c);
}

/** Splits at `separator` (a character code) outside of "quoted strings" and <brackets>; trims; drops what is empty. */
export function splitOutside(text: string, separator: number): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  let bracketed = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (quoted) {
      if (code === 0x5c) index++;
      else if (code === 0x22) quoted = false;
    } else if (code === separator && !bracketed) {
      pushTrimmed(parts, text.slice(start, index));
      start = index + 1;
    } else if (code === 0x22) quoted = !bracketed;
    else if (code === 0x3c) bracketed = true;
    else if (code === 0x3e) bracketed = false;
  }
  pushTrimmed(parts, text.slice(start));
  return parts;
}

function pushTrimmed(parts: string[], text: string): void {
  const trimmed = text.trim();
  if (trimmed !== "") parts.push(trimmed);
}
