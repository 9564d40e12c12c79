/**
 * Every route says who may use it: `config: { access: "anonymous" | "authenticated" | ["manager", …] }`. A route that does not keeps the
 * server from starting, so the list that `routesOf` gives is complete.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Role } from "../../directory/index.ts";
import { apiRefusal } from "./errors.ts";
import { hasRole, type Principal } from "./principal.ts";

/** anonymous: nobody is asked. authenticated: anyone who is known. A list: any one of the roles. */
export type Access = "anonymous" | "authenticated" | readonly Role[];

export type RouteEntry = { readonly method: string; readonly url: string; readonly access: Access };

declare module "fastify" {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** Who is asking; undefined on anonymous routes, where `identify` may be called. */
    principal: Principal | undefined;
  }
}

type Identify = (request: FastifyRequest) => Promise<Principal | undefined>;

const entries = new WeakMap<object, readonly RouteEntry[]>();

/** Makes `server` enforce what its routes declare. To be called before the first route is registered. */
export function enforceAccess(server: FastifyInstance, identify: Identify): void {
  const known: RouteEntry[] = [];
  const silent: string[] = [];
  entries.set(server, known);
  server.decorateRequest("principal", undefined);
  server.addHook("onRoute", (route) => {
    for (const method of [route.method].flat()) {
      const access = route.config?.access;
      if (access === undefined) silent.push(`${method} ${route.url}`);
      else known.push({ method, url: route.url, access });
    }
  });
  server.addHook("onReady", async () => {
    if (silent.length > 0) throw new Error(`routes that do not declare their access: ${silent.join(", ")}`);
  });
  server.addHook("onRequest", async (request) => {
    const access = request.is404 ? "anonymous" : request.routeOptions.config.access;
    if (access === "anonymous") return;
    const principal = await identify(request);
    if (principal === undefined) throw apiRefusal("API_UNAUTHENTICATED");
    request.principal = principal;
    if (access !== "authenticated" && !hasRole(principal, ...(access ?? []))) throw apiRefusal("API_ROLE_MISSING");
  });
}

/** Every route of `server` with its access, in the order of registration. */
export function routesOf(server: FastifyInstance): readonly RouteEntry[] {
  return entries.get(server) ?? [];
}

/** Who is asking, on a route that is not anonymous. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === undefined) throw new Error("the route is anonymous: it has no principal");
  return request.principal;
}
