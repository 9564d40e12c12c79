/** The envelope: `statusCode` and one resource, a list of resources, or the addresses of a list. */
import type { FastifyRequest } from "fastify";

export type Resource = Readonly<Record<string, unknown>>;

export const done = { statusCode: 0 } as const;

/** Addresses only, unless `fields` asks for more; then the resources under their plural name. */
export function many<T extends Resource>(name: string, resources: readonly T[], uriOf: (resource: T) => string, request: FastifyRequest) {
  if (namesIn(request, "fields") === undefined) return { ...done, uris: resources.map(uriOf) };
  return { ...done, [name]: resources.map((resource) => selected(resource, request)) };
}

/** The members that `fields` names; all without it. */
export function selected(resource: Resource, request: FastifyRequest): Resource {
  const names = namesIn(request, "fields");
  if (names === undefined || names === "*") return resource;
  return Object.fromEntries(Object.entries(resource).filter(([name]) => names.includes(name)));
}

/** The names in a query's list; "*" for all; undefined when the query does not have it. */
export function namesIn(request: FastifyRequest, parameter: "fields" | "subresources"): readonly string[] | "*" | undefined {
  const given = (request.query as Readonly<Record<string, string | readonly string[]>>)[parameter];
  if (given === undefined) return undefined;
  const names = [given]
    .flat()
    .flatMap((text) => text.split(","))
    .map((name) => name.trim());
  return names.includes("*") ? "*" : names;
}
