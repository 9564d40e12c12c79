/** Reading what is sent: each reader notes what is wrong under the path of the member and goes on, so that one answer names every mistake. */
import { fitsTemplate } from "./plan/literal.ts";

/** What is wrong, by path: `to.phone`, `dialPlan.verbs[0].fileURL`. */
export class Mistakes {
  readonly #found = new Map<string, string>();

  note(path: string, message: string): undefined {
    if (!this.#found.has(path)) this.#found.set(path, message);
  }

  get any(): boolean {
    return this.#found.size > 0;
  }

  get properties(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#found);
  }
}

export const largestInt = 2 ** 31 - 1;

/** The members of one object. null counts as left out, and members that are not asked for are passed over. */
export class Members {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #mistakes: Mistakes;

  private constructor(values: Readonly<Record<string, unknown>>, path: string, mistakes: Mistakes) {
    this.#values = values;
    this.#path = path;
    this.#mistakes = mistakes;
  }

  /** Undefined, and a mistake, when `value` is no object. `path` is empty for the whole body. */
  static of(value: unknown, path: string, mistakes: Mistakes): Members | undefined {
    if (isObject(value)) return new Members(value, path, mistakes);
    return mistakes.note(path === "" ? "body" : path, "must be an object");
  }

  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  value(name: string): unknown {
    return (Object.hasOwn(this.#values, name) ? this.#values[name] : undefined) ?? undefined;
  }

  pathOf(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }

  note(name: string, message: string): undefined {
    this.#mistakes.note(this.pathOf(name), message);
  }

  /** Notes when it is missing. */
  required<T>(name: string, value: T | undefined): T | undefined {
    if (!this.has(name)) this.note(name, "is required");
    return value;
  }

  object(name: string): Members | undefined {
    return this.has(name) ? Members.of(this.value(name), this.pathOf(name), this.#mistakes) : undefined;
  }

  /** A text that is not blank. */
  text(name: string, longest: number): string | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value !== "string" || value.trim() === "") return this.note(name, "must be a text that is not empty");
    if (value.length > longest) return this.note(name, `must not be longer than ${longest} characters`);
    // What no JSON column can hold: NUL and halves of characters.
    if (value.includes("\0") || !value.isWellFormed()) return this.note(name, "must not contain U+0000 or lone surrogates");
    return value;
  }

  url(name: string): string | undefined {
    const text = this.text(name, 2000)?.trim();
    if (text !== undefined && !fitsTemplate(text)) return this.note(name, "has too many braces");
    if (text === undefined || isWebAddress(text)) return text;
    return this.note(name, "must be an http or https URL");
  }

  whole(name: string, least: number, most: number): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return Number(value);
    return this.note(name, `must be a whole number ${most === largestInt ? `of at least ${least}` : `from ${least} to ${most}`}`);
  }

  /** The vendor's samples write booleans as texts too. */
  flag(name: string): boolean | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (value === true || value === "true") return true;
    if (value === false || value === "false") return false;
    return this.note(name, "must be true or false");
  }

  choice<const T extends string>(name: string, values: readonly T[]): T | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    return values.find((known) => known === value) ?? this.note(name, `must be one of ${values.join(", ")}`);
  }

  /** What each item of a list is read as; items are named by their place. */
  list<T>(name: string, most: number, read: (item: unknown, path: string, mistakes: Mistakes) => T | undefined): readonly T[] | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || value.length === 0 || value.length > most) return this.note(name, `must be a list of 1 to ${most} items`);
    return value.flatMap((item: unknown, index) => read(item, `${this.pathOf(name)}[${index}]`, this.#mistakes) ?? []);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWebAddress(text: string): boolean {
  return ["http:", "https:"].includes(URL.parse(text)?.protocol ?? "");
}
