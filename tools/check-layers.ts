/** Holds src against the table in layers.ts. Run directly it prints every breach and fails; generate.ts takes the graph from it. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { builtinModules } from "node:module";
import { type LayerTable, layerTable } from "./layers.ts";
import { type Import, type ModuleScan, scanModule } from "./module-scan.ts";

export type Breach = { readonly file: string; readonly line: number; readonly rule: string; readonly text: string };

export type LayerReport = {
  readonly files: number;
  readonly breaches: readonly Breach[];
  /** Top folder → the top folders it imports, tests left out. */
  readonly folderGraph: ReadonlyMap<string, ReadonlySet<string>>;
};

type SourceFile = ModuleScan & {
  /** Relative to src, with forward slashes. */
  readonly path: string;
  /** The first folder, "" for files directly in src. */
  readonly top: string;
  readonly isTest: boolean;
};

const testFile = /\.(test|case)\.ts$/;
const testPackages = ["vitest", "fast-check"];

export function checkLayers(root: string, table: LayerTable = layerTable): LayerReport {
  const src = join(root, "src");
  const files = globSync("**/*.ts", { cwd: src }).map((name): SourceFile => {
    const path = name.split(sep).join("/");
    const top = path.includes("/") ? (path.split("/")[0] ?? "") : "";
    return { ...scanModule(path, readFileSync(join(src, name), "utf8")), path, top, isTest: testFile.test(path) };
  });
  const known = new Set(files.map((file) => file.path));
  const breaches: Breach[] = [];
  const edges = new Map<string, Set<string>>();
  const folderGraph = new Map<string, Set<string>>();
  if (files.length < table.fewestFiles) {
    breaches.push({
      file: "src",
      line: 0,
      rule: "too-few-files",
      text: `saw ${files.length} files, expected at least ${table.fewestFiles}`,
    });
  }
  for (const file of files) {
    const report = (line: number, rule: string, text: string) => breaches.push({ file: `src/${file.path}`, line, rule, text });
    if (file.top !== "" && table.layerOf[file.top] === undefined && table.sideFolders[file.top] === undefined) {
      report(1, "unknown-folder", `${file.top} is not in the table`);
    }
    for (const error of file.errors) report(1, "syntax", error);
    for (const found of file.imports) {
      if (found.specifier === undefined) {
        report(found.line, "computed-import", "the module is not named by a literal, so it cannot be checked");
        continue;
      }
      if (found.exportsAll) report(found.line, "export-all", "list the names instead");
      if (isWithin(file.path, table.importNothing)) report(found.line, "imports-nothing", found.specifier);
      if (!found.specifier.startsWith(".")) {
        checkPackage(file, found, found.specifier, table, report);
        continue;
      }
      const target = relative(src, join(src, dirname(file.path), found.specifier))
        .split(sep)
        .join("/");
      if (known.has(target)) {
        edges.set(file.path, (edges.get(file.path) ?? new Set()).add(target));
        const targetTop = target.includes("/") ? (target.split("/")[0] ?? "") : "";
        if (file.top !== targetTop && !file.isTest) folderGraph.set(file.top, (folderGraph.get(file.top) ?? new Set()).add(targetTop));
        checkImport(file, found, target, targetTop, table, report);
      } else if (!file.isTest) report(found.line, "outside", `${found.specifier} is no source file`);
    }
    for (const use of file.isTest ? [] : file.globals) {
      const allowed = table.globals[use.name];
      if (allowed !== undefined && Object.hasOwn(table.globals, use.name) && !isWithin(file.path, allowed)) {
        report(use.line, "global", `${use.name} belongs to ${allowed.join(", ")}`);
      }
    }
  }
  for (const cycle of cyclesIn(edges)) {
    breaches.push({ file: `src/${cycle[0]}`, line: 1, rule: "cycle", text: [...cycle, cycle[0]].join(" → ") });
  }
  return { files: files.length, breaches, folderGraph };
}

type Report = (line: number, rule: string, text: string) => void;

function checkImport(file: SourceFile, found: Import, target: string, targetTop: string, table: LayerTable, report: Report): void {
  const arrow = `${file.path} → ${target}`;
  if (testFile.test(target) && !file.isTest) report(found.line, "test-code", arrow);
  if (file.top === targetTop) {
    if (file.top !== "" && target === `${file.top}/index.ts`) report(found.line, "own-door", `${arrow}: import the file itself`);
    for (const folder of table.strangers) {
      const [mine, theirs] = [file.path, target].map((path) =>
        path.startsWith(`${folder}/`) ? path.slice(folder.length + 1).split("/") : [],
      );
      if ((mine?.length ?? 0) > 1 && (theirs?.length ?? 0) > 1 && mine?.[0] !== theirs?.[0]) report(found.line, "strangers", arrow);
    }
    return;
  }
  // Tests may look inside the folders below them; production code takes the door.
  if (targetTop !== "" && target !== `${targetTop}/index.ts` && !file.isTest) report(found.line, "door", `${arrow}: import its index.ts`);
  if (file.top === "") return;
  const from = table.layerOf[file.top];
  const to = targetTop === "" ? table.compositionLayer : table.layerOf[targetTop];
  if (to === undefined) report(found.line, "side", `${arrow}: only files directly in src import ${targetTop}`);
  else if (from === undefined) {
    const side = table.sideFolders[file.top];
    if (side !== undefined && to > side.upTo) report(found.line, "upward", `${arrow}: ${file.top} may import layers 0 to ${side.upTo}`);
  } else if (to > from) report(found.line, "upward", `${arrow}: layer ${from} imports layer ${to}`);
  else if (to === from && !table.sameLayer.some((pair) => pair.from === file.top && pair.to === targetTop)) {
    report(found.line, "same-layer", `${arrow}: both are in layer ${to}`);
  }
}

function checkPackage(file: SourceFile, found: Import, specifier: string, table: LayerTable, report: Report): void {
  if (file.isTest) return;
  const name = specifier.startsWith("node:")
    ? specifier
    : specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/");
  if (!specifier.startsWith("node:") && builtinModules.includes(name)) report(found.line, "node-prefix", `write node:${name}`);
  const owners = Object.hasOwn(table.owners, name) ? table.owners[name] : undefined;
  if (owners === undefined) {
    if (testPackages.includes(name)) report(found.line, "test-code", specifier);
    else if (!name.startsWith("node:") && !builtinModules.includes(name))
      report(found.line, "package", `${name} has no owner in the table`);
    return;
  }
  const free = table.freeNames[name] ?? [];
  const isFree = found.names.length > 0 && found.names.every((taken) => free.includes(taken));
  if (!isFree && !isWithin(file.path, owners)) report(found.line, "package", `${name} belongs to ${owners.join(", ")}`);
}

function isWithin(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(`${folder}/`));
}

/** Groups of files that import each other in a ring: Tarjan's strongly connected components with more than one member. */
function cyclesIn(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (path: string): void => {
    order.set(path, order.size);
    lowest.set(path, order.size - 1);
    stack.push(path);
    for (const next of edges.get(path) ?? []) {
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) lowest.set(path, Math.min(lowest.get(path) ?? 0, lowest.get(next) ?? 0));
    }
    if (lowest.get(path) !== order.get(path)) return;
    const group = stack.splice(stack.indexOf(path)).toSorted();
    if (group.length > 1) cycles.push(group);
  };
  for (const path of edges.keys()) if (!order.has(path)) visit(path);
  return cycles;
}

if (import.meta.main) {
  const { files, breaches } = checkLayers(join(import.meta.dirname, ".."));
  for (const { file, line, rule, text } of breaches) console.log(`${file}:${line} ${rule}: ${text}`);
  console.log(`${files} files, ${breaches.length} breaches`);
  process.exitCode = breaches.length === 0 ? 0 : 1;
}
