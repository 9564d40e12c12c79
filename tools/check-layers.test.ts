import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { checkLayers } from "./check-layers.ts";
import { layerTable } from "./layers.ts";

const fixture = join(import.meta.dirname, "../test/fixtures/layers");
const report = checkLayers(fixture, { ...layerTable, fewestFiles: 1 });

/** The fixture says at the end of each bad line which rules it breaks. */
function expectedIn(file: string): string[] {
  const lines = readFileSync(join(fixture, file), "utf8").split("\n");
  return lines.flatMap((line, index) => {
    const [, rules] = line.split("// expect: ");
    return rules === undefined ? [] : rules.split(", ").map((rule) => `${file}:${index + 1} ${rule}`);
  });
}

test("finds each breach of the fixture and nothing else", () => {
  const expected = globSync("src/**/*.ts", { cwd: fixture }).flatMap(expectedIn);
  expect(report.breaches.map(({ file, line, rule }) => `${file}:${line} ${rule}`).toSorted()).toEqual(expected.toSorted());
});

test("the fixture breaks every rule there is", () => {
  const source = readFileSync(join(import.meta.dirname, "check-layers.ts"), "utf8");
  const rules = [...source.matchAll(/(?:report\([^"]*|rule: )"([a-z-]+)"/g)].map(([, rule]) => rule);
  const unbroken = ["too-few-files", "syntax"];
  expect(new Set([...report.breaches.map(({ rule }) => rule), ...unbroken])).toEqual(new Set(rules));
});

test("seeing too few files is a breach", () => {
  const { breaches } = checkLayers(fixture, { ...layerTable, fewestFiles: 1000 });
  expect(breaches.map(({ rule }) => rule)).toContain("too-few-files");
});

test("draws folders, not tests", () => {
  expect([...(report.folderGraph.get("store") ?? [])]).toEqual(["flows"]);
  expect(report.folderGraph.get("calls")).not.toContain("flows");
});

test("every package we depend on has an owner", () => {
  const runtime = "node";
  expect(Object.keys(manifest.dependencies).filter((name) => name !== runtime && layerTable.owners[name] === undefined)).toEqual([]);
});
