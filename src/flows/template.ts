/**
 * Texts with values in them, in Liquid. Only what costs little and gives the same text each time is there: no loops, no files, no
 * date, no randomness.
 */
import { Liquid, LiquidError, type Template as LiquidTemplate } from "liquidjs";
import { isId, type Parsed, parsed, unparsed, uuidOf } from "../kernel/index.ts";
import type { Scope } from "./expression/evaluator.ts";

export const longestTemplate = 4000;
/** Longest text a template may give. */
const longestRendered = 16_384;

const tags = ["assign", "case", "comment", "echo", "if", "raw", "unless", "#"];
const filters = [
  "abs at_least at_most ceil divided_by floor minus modulo plus round times",
  "append capitalize downcase lstrip prepend remove rstrip slice strip truncate upcase",
  "default escape first join json last size split url_decode url_encode",
].flatMap((line) => line.split(" "));

const spokenNames: Readonly<Record<string, string>> = { "*": "star", "#": "pound" };

const engine = makeEngine();

/** A template that has been read. */
export type Template = {
  /** The text with the values of `scope`; unparsed with the reason when a value does not suit or a limit is met. Never throws. */
  render(scope: Scope): Parsed<string>;
};

/** Reads a template. Never throws. */
export function parseTemplate(source: string): Parsed<Template> {
  if (source.length > longestTemplate) return unparsed(`longer than ${longestTemplate} characters`);
  if (!source.includes("{{") && !source.includes("{%")) return parsed({ render: () => parsed(source) });
  return attempt(
    () => engine.parse(source),
    (template) => ({ render: (scope) => render(template, scope) }),
  );
}

function render(template: LiquidTemplate[], scope: Scope): Parsed<string> {
  return attempt(
    () => String(engine.renderSync(template, scope)),
    (text) => text,
    (text) => (text.length > longestRendered ? `the text is longer than ${longestRendered} characters` : undefined),
  );
}

function attempt<A, B>(make: () => A, turn: (made: A) => B, refuse: (made: A) => string | undefined = () => undefined): Parsed<B> {
  try {
    const made = make();
    const reason = refuse(made);
    return reason === undefined ? parsed(turn(made)) : unparsed(reason);
  } catch (error) {
    if (error instanceof LiquidError || error instanceof RangeError || error instanceof TypeError)
      return unparsed(firstLine(error.message));
    throw error;
  }
}

function firstLine(message: string): string {
  return (message.split("\n")[0] ?? message).replace(/, line:\d+, col:\d+$/, "");
}

function makeEngine(): Liquid {
  const made = new Liquid({
    templates: {},
    ownPropertyOnly: true,
    strictFilters: true,
    parseLimit: longestTemplate,
    memoryLimit: 4 * longestRendered,
  });
  for (const name of Object.keys(made.tags)) if (!tags.includes(name)) delete made.tags[name];
  for (const name of Object.keys(made.filters)) if (!filters.includes(name)) made.unregisterFilter(name);
  made.registerFilter("digits", spokenDigits);
  made.registerFilter("uuid", (value: unknown) => (typeof value === "string" && isId(value) ? uuidOf(value) : value));
  return made;
}

/** `+12025` → `1 2 0 2 5`, so that a number is spoken digit by digit. */
function spokenDigits(value: unknown): string {
  const characters = typeof value === "string" || typeof value === "number" ? Array.from(String(value)) : [];
  return characters
    .map((character) => spokenNames[character] ?? character)
    .filter((spoken) => spoken.length > 1 || /^[0-9A-D]$/.test(spoken))
    .join(" ");
}
