/**
 * Addresses as the vendor's clients write them, brought to the form in which routes are declared: a format's suffix is taken off, the name
 * of an operation gets its own spelling, and a POST may stand for another method.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Target } from "../../http/dialect.ts";

const methodOverride = "x-http-method-override";
const overrides = ["GET", "PUT", "PATCH", "DELETE"];

/** First segments that are ours. */
export const prefixes = ["/sessions", "/auth", "/json", "/xml", "/jsv", "/api"] as const;

const suffixPattern = /\.(json|xml|jsv)$/i;
const predefinedPattern = /^(\/(?:json|xml|jsv)\/reply\/|\/api\/)([^/]+)\/?$/i;

/** Undefined when the request is not one of ours. `operations` are names as they are declared. */
export function reroute(request: Target, headers: IncomingHttpHeaders, operations: readonly string[]): Target | undefined {
  const { path, query } = partsOf(request.url);
  if (!isOurs(path)) return undefined;
  const bare = path.replace(suffixPattern, "");
  const [, place = "", name] = predefinedPattern.exec(bare) ?? [];
  const wanted = name?.toLowerCase();
  const known = wanted === undefined ? undefined : operations.find((operation) => operation.toLowerCase() === wanted);
  const target = known === undefined ? bare : `${place.toLowerCase()}${known}`;
  return { method: methodOf(request.method, headers, query), url: query === "" ? target : `${target}?${query}` };
}

/** The format that the suffix of an address names. */
export function suffixOf(url: string): "json" | "xml" | "jsv" | undefined {
  const { path } = partsOf(url);
  const [, name] = isOurs(path) ? (suffixPattern.exec(path) ?? []) : [];
  return name?.toLowerCase() as "json" | "xml" | "jsv" | undefined;
}

export function firstSegmentOf(url: string): string {
  return partsOf(url).path.split("/", 2)[1]?.toLowerCase() ?? "";
}

/** An address that names an operation, known or not. */
export function isPredefinedPath(url: string): boolean {
  return predefinedPattern.test(partsOf(url).path);
}

/** Only a POST may stand for another method: a link or an image must not be able to delete anything. */
function methodOf(method: string, headers: IncomingHttpHeaders, query: string): string {
  if (method !== "POST") return method;
  const fromHeader = headers[methodOverride];
  const wanted = typeof fromHeader === "string" ? fromHeader : fromQuery(query);
  return overrides.find((known) => known === wanted?.trim().toUpperCase()) ?? method;
}

function fromQuery(query: string): string | undefined {
  if (query === "") return undefined;
  return [...new URLSearchParams(query)].find(([name]) => name.toLowerCase() === methodOverride)?.[1];
}

/** `/sessions.json` is ours too. */
function isOurs(path: string): boolean {
  return (prefixes as readonly string[]).includes(`/${firstSegmentOf(path.replace(suffixPattern, ""))}`);
}

function partsOf(url: string): { readonly path: string; readonly query: string } {
  const mark = url.indexOf("?");
  return mark < 0 ? { path: url, query: "" } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}
