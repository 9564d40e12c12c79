/** The parts from which the checks of a document are put together. A check reports every mistake with its path and changes nothing. */
import { type Expression, reservedWords } from "../expression/expression.ts";
import { parseExpression } from "../expression/parser.ts";
import type { Parsed } from "../../kernel/index.ts";
import { longestTemplate, parseTemplate } from "../template.ts";
import { nearestName } from "./nearest-name.ts";

export type Report = { mistake(path: string, message: string): void; warning(path: string, message: string): void };

export type Check = {
  readonly required: boolean;
  check(value: unknown, path: string, report: Report): void;
};

const mostNamesShown = 15;

/** Names that templates and expressions already have. */
const scopeNames = ["call", "caller", "callee", "party", "error"];
const variableName = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

function required(check: Check["check"]): Check {
  return { required: true, check };
}

export function optional(check: Check): Check {
  return { ...check, required: false };
}

export function integer(smallest: number, largest: number): Check {
  return required((value, path, report) => {
    if (!Number.isInteger(value) || Number(value) < smallest || Number(value) > largest)
      report.mistake(path, `must be a whole number from ${smallest} to ${largest}`);
  });
}

export const flag: Check = required((value, path, report) => {
  if (typeof value !== "boolean") report.mistake(path, "must be true or false");
});

/** true, false, or what `check` takes. */
export function flagOr(check: Check): Check {
  return required((value, path, report) => {
    if (typeof value !== "boolean") check.check(value, path, report);
  });
}

export function choice(values: readonly string[]): Check {
  return required((value, path, report) => {
    if (typeof value !== "string" || !values.includes(value)) report.mistake(path, `must be one of ${values.join(", ")}`);
  });
}

/** A text that `pattern` takes as a whole; `form` says what it wants. */
export function text(pattern: RegExp, form: string): Check {
  return required((value, path, report) => {
    if (typeof value !== "string" || !pattern.test(value)) report.mistake(path, `must be ${form}`);
  });
}

export const template: Check = required((value, path, report) => {
  if (typeof value !== "string" || value === "") report.mistake(path, "must be a text that is not empty");
  else checkTemplate(value, path, report);
});

export const expression: Check = required((value, path, report) => {
  if (typeof value !== "string") return report.mistake(path, "must be an expression");
  const read: Parsed<Expression> = parseExpression(value);
  if (!read.ok) report.mistake(path, `${read.reason} (character ${read.at + 1})`);
});

export const variable: Check = required((value, path, report) => {
  if (typeof value !== "string" || !variableName.test(value))
    report.mistake(path, "must be a variable name: a letter, then letters, digits and _, at most 64");
  else if (scopeNames.includes(value) || reservedWords.includes(value))
    report.mistake(path, `"${value}" has a meaning of its own; take another name`);
});

/** Any JSON; the texts in it are templates. */
export const templates: Check = required((value, path, report) => {
  if (typeof value === "string") checkTemplate(value, path, report);
  else if (typeof value === "object" && value !== null)
    for (const [key, inner] of Object.entries(value)) templates.check(inner, memberPath(path, key), report);
});

/** Any JSON, as it is. */
export const anything: Check = required(() => undefined);

export function list(item: Check, fewest: number, most: number): Check {
  return required((value, path, report) => {
    if (!Array.isArray(value) || value.length < fewest || value.length > most)
      return report.mistake(path, `must be a list of ${fewest} to ${most} items`);
    for (const [index, inner] of value.entries()) item.check(inner, memberPath(path, String(index)), report);
  });
}

/** An object with members of any name that `key` takes. */
export function record(key: Check, item: Check, fewest: number, most: number): Check {
  return required((value, path, report) => {
    const entries = members(value);
    if (entries === undefined || entries.length < fewest || entries.length > most)
      return report.mistake(path, `must be an object with ${fewest} to ${most} members`);
    for (const [name, inner] of entries) {
      key.check(name, memberPath(path, name), report);
      item.check(inner, memberPath(path, name), report);
    }
  });
}

/** An object with these members and no others. */
export function object(fields: Readonly<Record<string, Check>>): Check {
  return required((value, path, report) => {
    const entries = members(value);
    if (entries === undefined) return report.mistake(path, "must be an object");
    for (const [name, inner] of entries) {
      if (Object.hasOwn(fields, name)) fields[name]?.check(inner, memberPath(path, name), report);
      else report.mistake(memberPath(path, name), unknownName("member", name, Object.keys(fields)));
    }
    const given = new Set(entries.map(([name]) => name));
    for (const [name, field] of Object.entries(fields))
      if (field.required && !given.has(name)) report.mistake(memberPath(path, name), "is missing");
  });
}

/** The members of a plain object; undefined for anything else. */
export function members(value: unknown): [string, unknown][] | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : undefined;
}

/** One member of a plain object; undefined when there is none. */
export function member(value: unknown, name: string): unknown {
  return members(value)?.find(([key]) => key === name)?.[1];
}

export function unknownName(what: string, name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  if (nearest !== undefined) return `there is no such ${what}; did you mean "${nearest}"?`;
  return known.length === 0 || known.length > mostNamesShown
    ? `there is no such ${what}`
    : `there is no such ${what}; there are ${known.join(", ")}`;
}

/** `nodes.greet.exits.done`; a name that would be misread is written `nodes["a b"]`. */
export function memberPath(path: string, name: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(name)) return `${path}[${JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name)}]`;
  return path === "" ? name : `${path}.${name}`;
}

function checkTemplate(value: string, path: string, report: Report): void {
  if (value.length > longestTemplate) return report.mistake(path, `must not be longer than ${longestTemplate} characters`);
  const read = parseTemplate(value);
  if (!read.ok) report.mistake(path, read.reason);
}
