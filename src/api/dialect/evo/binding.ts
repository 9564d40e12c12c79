/** From what was sent to a typed request. Unknown members are passed over; names are compared without case. */
import { type FieldError, fieldRefusal } from "./error.ts";
import { parseJsv } from "./format/jsv.ts";
import { type Contract, membersOf, pascalCase, type Shape, type ValueOf } from "./format/shape.ts";
import type { Tree } from "./format/tree.ts";

/** Members by their name in lower case. */
export type Sent = ReadonlyMap<string, Tree>;

export function sentBy(entries: Iterable<readonly [string, Tree]>): Sent {
  return new Map([...entries].map(([name, value]) => [name.toLowerCase(), value]));
}

/** Throws API_MEMBER_INVALID with every member whose value cannot be read. */
export function bind<Request extends Contract>(request: Request, sent: Sent): ValueOf<Request> {
  const errors: FieldError[] = [];
  const values = membersOf(request).map(([name, shape]) => {
    const value = valueOf(shape, sent.get(name.toLowerCase()) ?? null);
    if (!isMistake(value)) return [name, value] as const;
    errors.push({ errorCode: "SerializationException", fieldName: pascalCase(name), message: value.mistake });
    return [name, undefined] as const;
  });
  const [first, ...rest] = errors;
  if (first !== undefined) {
    throw fieldRefusal([first, ...rest], { errorCode: "RequestBindingException", message: `Unable to bind to request '${request.name}'` });
  }
  return Object.fromEntries(values) as ValueOf<Request>;
}

type Mistake = { readonly mistake: string };
type Value = string | boolean | number | readonly Value[] | undefined;

function isMistake(value: Value | Mistake): value is Mistake {
  return typeof value === "object" && "mistake" in value;
}

/** Texts stand for every other type too: that is all that JSV, XML and addresses have. */
function valueOf(shape: Shape, sent: Tree): Value | Mistake {
  if (sent === null) return undefined;
  if (shape.kind === "text") return textOf(sent);
  if (shape.kind === "list") return listOf(shape.of, sent);
  if (typeof sent === "object") return { mistake: "must be a single value" };
  const text = String(sent).trim();
  if (text === "") return undefined;
  if (shape.kind === "flag") return flagOf(text);
  if (shape.kind === "whole") return wholeOf(text);
  return shape.kind === "choice" ? choiceOf(shape.values, text) : { mistake: "cannot be sent" };
}

function textOf(sent: Tree): string | Mistake {
  if (typeof sent === "object") return { mistake: "must be a text" };
  const text = String(sent);
  // What no JSON column can hold: NUL and halves of characters.
  return text.includes("\0") || !text.isWellFormed() ? { mistake: "must not contain U+0000 or lone surrogates" } : text;
}

function flagOf(text: string): boolean | Mistake {
  const lower = text.toLowerCase();
  if (lower === "true" || lower === "1" || lower === "on") return true;
  return lower === "false" || lower === "0" || lower === "off" ? false : { mistake: `'${shortened(text)}' is neither true nor false` };
}

function wholeOf(text: string): number | Mistake {
  const number = /^[+-]?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return Math.abs(number) <= 2 ** 31 - 1 ? number : { mistake: `'${shortened(text)}' is not a whole number` };
}

/** By name, or by place counted from 0. */
function choiceOf(values: readonly string[], text: string): string | Mistake {
  const found =
    values.find((value) => value.toLowerCase() === text.toLowerCase()) ?? (/^\d{1,3}$/.test(text) ? values[Number(text)] : undefined);
  return found ?? { mistake: `'${shortened(text)}' is not one of ${values.join(", ")}` };
}

function listOf(of: Shape, sent: Tree): Value | Mistake {
  const items = typeof sent === "string" ? itemsOf(sent) : Array.isArray(sent) ? (sent as readonly Tree[]) : undefined;
  if (items === undefined) return { mistake: "must be a list" };
  const values = items.map((item) => valueOf(of, item)).filter((value) => value !== undefined);
  return values.find(isMistake) ?? (values as readonly Value[]);
}

/** `a,b` or `[a,b]`. */
function itemsOf(text: string): readonly Tree[] | undefined {
  if (text.trim() === "") return [];
  const read = parseJsv(text.trimStart().startsWith("[") ? text : `[${text}]`);
  return read.ok && Array.isArray(read.value) ? (read.value as readonly Tree[]) : undefined;
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
