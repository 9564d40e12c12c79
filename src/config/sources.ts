/** Where the text of settings comes from: the environment, and the file it may name. */
import { readFileSync } from "node:fs";
import { configFileSetting, settings } from "./settings.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export type Problem = {
  readonly name: string;
  /** As given; empty when there is none to show. */
  readonly value: string;
  /** Completes "NAME=value …". */
  readonly reason: string;
};

const prefix = "CALLWRIGHT_";
const settingNames = Object.values(settings).map(({ name }) => name);

/** The text of each known setting, by name, and what was wrong with names and the file. */
export function gather(environment: Environment): { values: Map<string, string>; problems: Problem[] } {
  const problems: Problem[] = [];
  const values = fromFile(environment[configFileSetting.name] ?? "", problems);
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || value === "" || name === configFileSetting.name) continue;
    if (settingNames.includes(name)) values.set(name, value);
    else if (name.startsWith(prefix)) problems.push(unknownName(name, [...settingNames, configFileSetting.name]));
  }
  return { values, problems };
}

function fromFile(path: string, problems: Problem[]): Map<string, string> {
  const values = new Map<string, string>();
  if (path === "") return values;
  const content = readObject(path);
  if (typeof content === "string") {
    problems.push({ name: configFileSetting.name, value: path, reason: content });
    return values;
  }
  for (const [name, value] of Object.entries(content)) {
    if (!settingNames.includes(name)) problems.push(unknownName(`${name} (in ${path})`, settingNames, name));
    else if (["string", "number", "boolean"].includes(typeof value)) {
      if (value !== "") values.set(name, String(value));
    } else problems.push({ name: `${name} (in ${path})`, value: "", reason: "must be a string, a number, true or false" });
  }
  return values;
}

/** Returns the object in the file, or the reason why there is none. */
function readObject(path: string): object | string {
  const allowed = configFileSetting.kind.parse(path);
  if (allowed === undefined) return `must be ${configFileSetting.kind.allowed}`;
  try {
    const content: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof content === "object" && content !== null && !Array.isArray(content)) return content;
    return "must be a file with one JSON object";
  } catch (cause) {
    // What JSON.parse says quotes the text around the mistake, which may be a password.
    const detail = cause instanceof SyntaxError ? "" : ` (${cause instanceof Error ? cause.message : String(cause)})`;
    return `must be a readable JSON file${detail}`;
  }
}

function unknownName(shown: string, known: readonly string[], name = shown): Problem {
  const [nearest] = known.toSorted((a, b) => editDistance(name, a) - editDistance(name, b));
  return { name: shown, value: "", reason: `is not a setting; the nearest is ${nearest}` };
}

/** Levenshtein distance, one row at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let index = 0; index < from.length; index++) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (row[column - 1] ?? 0) + (from[index] === to[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
