import type { RouteEntry } from "./authorisation.ts";

/** Methods that some route takes at `path`, sorted; empty when there is no route. For the Allow header (RFC 9110 §15.5.6). */
export function allowedMethods(routes: readonly RouteEntry[], path: string): readonly string[] {
  const asked = segmentsOf(path);
  const methods = routes.filter((route) => matches(segmentsOf(route.url), asked)).map((route) => route.method);
  return [...new Set(methods)].toSorted();
}

function segmentsOf(path: string): readonly string[] {
  return path.split("/").filter((segment) => segment !== "");
}

/** A `:name` segment takes any one segment, `*` the rest. */
function matches(pattern: readonly string[], asked: readonly string[]): boolean {
  if (pattern.at(-1) === "*")
    return asked.length >= pattern.length - 1 && matches(pattern.slice(0, -1), asked.slice(0, pattern.length - 1));
  return pattern.length === asked.length && pattern.every((segment, index) => segment.includes(":") || segment === asked[index]);
}
