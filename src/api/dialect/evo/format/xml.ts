/**
 * XML as .NET's DataContractSerializer writes it: members of the base class first, each class in the order of the alphabet by code unit;
 * a member of a class from another namespace declares that as its own default; a member whose content is from another namespace declares
 * a prefix d{depth}p{n}; null references are elements with i:nil.
 */
import { type Parsed, parsed, unparsed } from "../../../../kernel/index.ts";
import { type Contract, membersOf, pascalCase, type Shape } from "./shape.ts";
import type { Tree } from "./tree.ts";
import { isCharacter, parseXml, type XmlElement } from "./xml-parser.ts";

const instance = "http://www.w3.org/2001/XMLSchema-instance";
const arrays = "http://schemas.microsoft.com/2003/10/Serialization/Arrays";

/** A document of the type `of`. */
export function formatXml(of: Contract, value: unknown): string {
  const scope = { bindings: [{ prefix: "", namespace: of.namespace }], depth: 1 };
  const content = contentOf(of, value, scope);
  return `<?xml version="1.0" encoding="utf-8"?><${of.name} xmlns:i="${instance}" xmlns="${of.namespace}">${content}</${of.name}>`;
}

/** Members of the request type `of` in any order and whatever their namespace. Throws never; refuses a root of another name. */
export function parseXmlOf(of: Contract, source: string): Parsed<Tree> {
  const root = parseXml(source);
  if (!root.ok) return root;
  if (root.value.name.toLowerCase() !== of.name.toLowerCase()) return unparsed(`expected the element ${of.name}, not ${root.value.name}`);
  const shapes = new Map(membersOf(of).map(([name, shape]) => [name.toLowerCase(), shape]));
  return parsed(
    Object.fromEntries(root.value.children.map((child) => [child.name, treeOfElement(child, shapes.get(child.name.toLowerCase()))])),
  );
}

/** Names bound to namespaces where we stand, innermost last, and how deep that is; the root is 1. */
type Scope = { readonly bindings: readonly Binding[]; readonly depth: number };
type Binding = { readonly prefix: string; readonly namespace: string };

function contentOf(shape: Shape, value: unknown, scope: Scope): string {
  switch (shape.kind) {
    case "text":
      return escaped(value as string);
    case "flag":
    case "whole":
    case "choice":
      return String(value);
    case "list":
      return (value as readonly unknown[]).map((item) => element(nameOf(shape.of), namespaceOf(shape.of), shape.of, item, scope)).join("");
    case "texts-by-name":
      return Object.entries(value as Readonly<Record<string, string>>)
        .map((entry) => element("KeyValueOfstringstring", arrays, keyValue, { key: entry[0], value: entry[1] }, scope))
        .join("");
    case "contract":
      return membersXml(shape, value as Readonly<Record<string, unknown>>, scope);
  }
}

const keyValue = {
  kind: "contract",
  name: "KeyValueOfstringstring",
  namespace: arrays,
  members: { key: { kind: "text" }, value: { kind: "text" } },
} as const satisfies Contract;

function membersXml(of: Contract, values: Readonly<Record<string, unknown>>, scope: Scope): string {
  const own = Object.entries(of.members).map(([name, shape]) => ({ name, tag: pascalCase(name), shape }));
  const sorted = of.isOrdered === true ? own : own.toSorted((a, b) => (a.tag < b.tag ? -1 : 1));
  const inherited = of.base === undefined ? "" : membersXml(of.base, values, scope);
  return inherited + sorted.map(({ name, tag, shape }) => element(tag, of.namespace, shape, values[name], scope)).join("");
}

function element(name: string, namespace: string, shape: Shape, given: unknown, outer: Scope): string {
  const value = given ?? defaultOf(shape);
  const bound = prefixOf(namespace, outer);
  const prefix = bound ?? "";
  const declared: Binding[] = bound === undefined ? [{ prefix: "", namespace }] : [];
  const inner = { bindings: [...outer.bindings, ...declared], depth: outer.depth + 1 };
  const tag = prefix === "" ? name : `${prefix}:${name}`;
  if (value === undefined) return `<${tag}${declarations(declared)} i:nil="true"/>`;
  const contentNamespace = contentNamespaceOf(shape);
  if (contentNamespace !== undefined && prefixOf(contentNamespace, inner) === undefined) {
    declared.push({ prefix: `d${inner.depth}p1`, namespace: contentNamespace });
  }
  const content = contentOf(shape, value, { ...inner, bindings: [...outer.bindings, ...declared] });
  const isEmpty = content === "" && shape.kind !== "text";
  return isEmpty ? `<${tag}${declarations(declared)}/>` : `<${tag}${declarations(declared)}>${content}</${tag}>`;
}

function declarations(bindings: readonly Binding[]): string {
  return bindings.map(({ prefix, namespace }) => ` xmlns${prefix === "" ? "" : `:${prefix}`}="${namespace}"`).join("");
}

/** The innermost prefix that still means `namespace`. */
function prefixOf(namespace: string, { bindings }: Scope): string | undefined {
  const reachable = bindings.filter((binding, index) => !bindings.slice(index + 1).some(({ prefix }) => prefix === binding.prefix));
  return reachable.findLast((binding) => binding.namespace === namespace)?.prefix;
}

function defaultOf(shape: Shape): unknown {
  if (shape.kind === "flag") return false;
  if (shape.kind === "whole") return 0;
  return shape.kind === "choice" ? shape.values[0] : undefined;
}

/** The namespace of the elements inside a value; undefined when there are none. */
function contentNamespaceOf(shape: Shape): string | undefined {
  if (shape.kind === "list") return namespaceOf(shape.of);
  if (shape.kind === "texts-by-name") return arrays;
  return shape.kind === "contract" ? shape.namespace : undefined;
}

/** Name and namespace of an item in a list. */
function nameOf(shape: Shape): string {
  if (shape.kind === "contract") return shape.name;
  return shape.kind === "whole" ? "int" : shape.kind === "flag" ? "boolean" : "string";
}

function namespaceOf(shape: Shape): string {
  return shape.kind === "contract" ? shape.namespace : arrays;
}

/** Characters that XML cannot hold become U+FFFD (XML 1.0 §2.2). */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\ufffe\uffff]/gu, (char) => (isCharacter(char.charCodeAt(0)) ? char : "\ufffd"))
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("\r", "&#xD;");
}

function treeOfElement(found: XmlElement, shape: Shape | undefined): Tree {
  const isNil = [...found.attributes].some(([name, value]) => /(^|:)nil$/.test(name) && (value === "true" || value === "1"));
  if (isNil) return null;
  if (shape?.kind === "list") return found.children.map((child) => treeOfElement(child, shape.of));
  return found.children.length === 0 ? found.text : Object.fromEntries(found.children.map((child) => [child.name, child.text]));
}
