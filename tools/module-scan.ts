/** Reads one TypeScript file and lists what the layer checker judges: its imports and its uses of globals. */
import { parseSync, visitorKeys } from "oxc-parser";

export type Import = {
  readonly line: number;
  /** As written: "./x.ts", "node:net", "pg"; undefined when it is not a literal. */
  readonly specifier: string | undefined;
  /** The names taken; "*" for everything. */
  readonly names: readonly string[];
  /** True for `export * from`. */
  readonly exportsAll: boolean;
};

/** `name` is written as in the table of globals: "setTimeout", "Date.now", "new Date()". */
export type GlobalUse = { readonly line: number; readonly name: string };

export type ModuleScan = {
  readonly imports: readonly Import[];
  readonly globals: readonly GlobalUse[];
  readonly errors: readonly string[];
};

/** The part of an ESTree node that we look at. */
type Node = {
  readonly type: string;
  readonly start: number;
  readonly [member: string]: unknown;
};

export function scanModule(path: string, text: string): ModuleScan {
  const result = parseSync(path, text, { lang: "ts", sourceType: "module" });
  const imports: Import[] = [];
  const globals: GlobalUse[] = [];
  const lineAt = (offset: number) => text.slice(0, offset).split("\n").length;
  const walk = (node: Node, parent: Node | undefined): void => {
    const found = importIn(node);
    if (found !== undefined) imports.push({ ...found, line: lineAt(node.start) });
    const name = globalIn(node, parent);
    if (name !== undefined) globals.push({ line: lineAt(node.start), name });
    for (const child of childrenOf(node)) walk(child, node);
  };
  if (isNode(result.program)) walk(result.program, undefined);
  return { imports, globals, errors: result.errors.map((error) => error.message) };
}

function importIn(node: Node): Omit<Import, "line"> | undefined {
  const from = { specifier: literal(node["source"]), exportsAll: false };
  switch (node.type) {
    case "ImportDeclaration":
      return { ...from, names: list(node["specifiers"]).map((specifier) => nameOf(specifier["imported"]) ?? "*") };
    case "ExportNamedDeclaration":
      if (!isNode(node["source"])) return undefined;
      return { ...from, names: list(node["specifiers"]).map((specifier) => nameOf(specifier["local"]) ?? "*") };
    case "ExportAllDeclaration":
      return { ...from, names: ["*"], exportsAll: true };
    case "ImportExpression":
    case "TSImportType":
      return { ...from, names: ["*"] };
    case "NewExpression":
      return moduleUrlIn(node);
    default:
      return undefined;
  }
}

/** `new URL("./worker.ts", import.meta.url)`: the entry of a worker is an import in all but name. */
function moduleUrlIn(node: Node): Omit<Import, "line"> | undefined {
  const [target, base] = list(node["arguments"]);
  const specifier = literal(target);
  if (nameOf(node["callee"]) !== "URL" || specifier?.endsWith(".ts") !== true) return undefined;
  const isModuleUrl = base?.type === "MemberExpression" && isNode(base["object"]) && base["object"].type === "MetaProperty";
  return isModuleUrl ? { specifier, names: ["*"], exportsAll: false } : undefined;
}

function globalIn(node: Node, parent: Node | undefined): string | undefined {
  if (node.type === "NewExpression" && nameOf(node["callee"]) === "Date" && list(node["arguments"]).length === 0) return "new Date()";
  if (node.type === "MemberExpression" && node["computed"] !== true) {
    const owner = nameOf(node["object"]);
    const member = nameOf(node["property"]);
    if (owner === undefined || member === undefined) return undefined;
    return owner === "globalThis" ? member : `${owner}.${member}`;
  }
  if (node.type !== "Identifier" || parent === undefined) return undefined;
  const isMemberName = ["property", "key"].some((role) => parent[role] === node) && parent["computed"] !== true;
  return isMemberName || parent.type.startsWith("TS") ? undefined : nameOf(node);
}

function childrenOf(node: Node): Node[] {
  return (visitorKeys[node.type] ?? []).flatMap((key) =>
    Array.isArray(node[key]) ? list(node[key]) : isNode(node[key]) ? [node[key]] : [],
  );
}

function list(value: unknown): Node[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

function nameOf(value: unknown): string | undefined {
  return isNode(value) && value.type === "Identifier" && typeof value["name"] === "string" ? value["name"] : undefined;
}

function literal(value: unknown): string | undefined {
  return isNode(value) && value.type === "Literal" && typeof value["value"] === "string" ? value["value"] : undefined;
}
