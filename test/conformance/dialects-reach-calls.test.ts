/** Dialects hold no call: what they take of the call layer are types, its refusals, and the two doors `Calls` and `Views`. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const src = join(import.meta.dirname, "../../src");
/** Everything that is written over HTTP, the vendors' and our own. */
const files = globSync("api/{dialect,native,http,bayeux}/**/*.ts", { cwd: src }).filter((file) => !/\.(test|case)\.ts$/.test(file));

/** Values, not types, that a statement imports. */
function valuesIn(names: string): readonly string[] {
  return names
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("type "));
}

type Taken = { readonly file: string; readonly from: string; readonly values: readonly string[] };

const taken: readonly Taken[] = files.flatMap((file) =>
  [
    ...readFileSync(join(src, file), "utf8").matchAll(
      /^import (type )?\{([^}]*)\} from "(?:\.\.\/)+(calls|journal|store|flows|media|sip|queues)\/([^"]+)";/gm,
    ),
  ].map(([, isType, names = "", folder = "", module = ""]) => ({
    file,
    from: `${folder}/${module}`,
    values: isType === undefined ? valuesIn(names) : [],
  })),
);

test("there are dialects to look at", () => {
  expect(new Set(files.map((file) => file.split("/").slice(0, 3).join("/"))).size).toBeGreaterThan(10);
  expect(taken.filter(({ from }) => from === "calls/index.ts").length).toBeGreaterThan(10);
});

/** Beside types: refusals, error codes, and what reads a call that they have. */
const allowed = ["callRefusal", "callErrors", "anonymous", "positionOf", "shownDiversions"];

test("of the call layer they take no value but its refusals, error codes and readings of a call", () => {
  const others = taken
    .filter(({ from }) => from.startsWith("calls/"))
    .filter(({ values }) => values.some((value) => !allowed.includes(value)));
  expect(others).toEqual([]);
});

test("nothing of the journal, the store, the media or the actors reaches them, but what uploaded sounds are refused with", () => {
  expect(taken.filter(({ from }) => /^(journal|store)\//.test(from))).toEqual([]);
  expect(taken.filter(({ from }) => from.startsWith("media/")).flatMap(({ values }) => values)).toEqual(["mediaErrors"]);
  const names = /\b(LiveCalls|LiveViews|CallActor|SipSignaling|MediaEngine|Journal)\b/;
  expect(files.filter((file) => names.test(readFileSync(join(src, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")))).toEqual(
    [],
  );
});

test("each dialect is given exactly the two doors to calls", () => {
  for (const dialect of ["dialect/evo", "dialect/genesys", "dialect/routee", "native"]) {
    const options = readFileSync(join(src, "api", dialect, "options.ts"), "utf8");
    expect(options, dialect).toMatch(/readonly calls: Calls;/);
    expect(options, dialect).toMatch(/readonly views: Views;/);
  }
});
