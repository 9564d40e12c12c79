import { createHash } from "node:crypto";

/** Deepest nesting of a value that is taken as JSON. */
export const deepestJson = 64;

/** True when `value` is plain JSON: no undefined, no numbers without a text, nothing nested deeper than `deepestJson`. */
export function isJson(value: unknown, depth = 0): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || depth >= deepestJson) return false;
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every((item) => isJson(item, depth + 1));
}

/** One text for each value: members sorted by name, no spaces (RFC 8785, without its rule for lone surrogates). */
export function canonicalJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)));
  return `{${entries.map(([name, inner]) => `${JSON.stringify(name)}:${canonicalJson(inner)}`).join(",")}}`;
}

/** SHA-256 of the canonical text, lower-case hex: the name of a document. */
export function documentHash(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}
