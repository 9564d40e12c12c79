/** The one HTTP server: request ids, log, metrics, login, access and limits for every dialect that it carries. */
import type { IncomingMessage } from "node:http";
import cookies from "@fastify/cookie";
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Clock, Ids, Logger } from "../../kernel/index.ts";
import { enforceAccess, routesOf } from "./authorisation.ts";
import type { Asking, Dialect } from "./dialect.ts";
import { apiRefusal } from "./errors.ts";
import type { Logins } from "./login.ts";
import { type MetricSource, Metrics } from "./metrics.ts";
import { asRefusal } from "./refusal.ts";
import { allowedMethods } from "./route-match.ts";

export type Health = {
  /** False while the server starts or stops. */
  readonly ready: boolean;
  readonly liveCalls: number;
  readonly database: "up" | "away";
  readonly journalHealthy: boolean;
};

export type HttpServerOptions = {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly version: string;
  readonly logins: Logins;
  /** The first one also answers at addresses that belong to none. */
  readonly dialects: readonly [Dialect, ...Dialect[]];
  readonly health: () => Health;
  readonly metricSources: readonly MetricSource[];
};

export type HttpServer = {
  /** For tests, which inject requests and list routes. */
  readonly fastify: FastifyInstance;
  /** Resolves with the port, which the system chose when 0 was asked for. Rejects when the address is taken. */
  listen(host: string, port: number): Promise<{ readonly port: number }>;
  /** Takes no more requests, lets those under way finish for at most 5 s, and closes every connection. */
  close(): Promise<void>;
};

const limits = {
  bodyBytes: 1024 * 1024,
  headerBytes: 16 * 1024,
  /** For a request's headers, and for the whole of it. */
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 65_000,
  closeMs: 5_000,
};

export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { clock, logins, dialects } = options;
  const logger = options.logger.child({ part: "http" });
  const metrics = new Metrics(options.metricSources);
  const cookieNames = dialects.flatMap((dialect) => dialect.loginCookies);
  const asking: Asking = {
    identify: (request) =>
      logins.identify({ authorization: request.headers.authorization, tokens: asking.tokens(request), address: request.ip }),
    tokens: (request) => cookieNames.flatMap((name) => request.cookies[name] ?? []),
  };
  const dialectAt = (request: FastifyRequest): Dialect => ownerOf(request.url, dialects) ?? dialects[0];
  const refuse = (dialect: Dialect, error: unknown, request: FastifyRequest, reply: FastifyReply): unknown => {
    const refusal = asRefusal(error);
    if (refusal.category === "internal") {
      logger.error({ requestId: request.id, route: request.routeOptions.url, err: refusal.cause ?? refusal }, "A request failed.");
    }
    const { retryAfterS } = refusal.details;
    if (typeof retryAfterS === "number") reply.header("retry-after", retryAfterS);
    if (refusal.category === "unauthenticated") reply.header("www-authenticate", 'Basic realm="callwright", charset="UTF-8", Bearer');
    return dialect.answerRefusal(refusal, request, reply);
  };

  const server: FastifyInstance = fastify({
    logger: false,
    genReqId: (request) => requestIdOf(request) ?? options.ids.next(),
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    forceCloseConnections: "idle",
    // A proxy on the same machine may say for whom it speaks; anyone else may not.
    trustProxy: "loopback",
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: true },
    http: { maxHeaderSize: limits.headerBytes, headersTimeout: limits.headersMs, connectionsCheckingInterval: 2_000 },
    rewriteUrl: (request) => {
      const asked = { method: request.method ?? "GET", url: request.url ?? "/" };
      const owner = ownerOf(asked.url, dialects);
      const candidates = owner === undefined ? dialects : [owner];
      const [target = asked] = candidates.flatMap((dialect) => dialect.reroute?.(asked, request.headers) ?? []);
      request.method = target.method;
      return target.url;
    },
    frameworkErrors: (error, request, reply) => {
      reply.header("x-request-id", request.id);
      return refuse(dialectAt(request), error, request, reply);
    },
  });
  server.addHook("onRequest", async (request, reply) => {
    reply.headers({ "x-request-id": request.id, "x-content-type-options": "nosniff", "cache-control": "no-store" });
  });
  server.addHook("onResponse", async (request, reply) => {
    const route = request.is404 ? "unknown" : (request.routeOptions.url ?? "unknown");
    metrics.countRequest(route, request.method, reply.statusCode, reply.elapsedTime);
    const fields = {
      requestId: request.id,
      method: request.method,
      // Never the query: it can carry secrets.
      path: pathOf(request.originalUrl),
      route,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
      address: request.ip,
      userId: request.principal?.userId,
    };
    if (request.routeOptions.config.isProbe === true) logger.debug(fields, "HTTP request");
    else logger.info(fields, "HTTP request");
  });
  await server.register(cookies);
  // By the route that was found, not by its address, which can be written in several ways.
  enforceAccess(server, (request) => {
    const { dialect } = request.routeOptions.config;
    return dialect?.identify === undefined ? asking.identify(request) : dialect.identify(request);
  });
  server.setErrorHandler((error, request, reply) => refuse(dialectAt(request), error, request, reply));
  server.setNotFoundHandler((request, reply) => {
    const allowed = allowedMethods(routesOf(server), pathOf(request.url));
    if (allowed.length === 0) return refuse(dialectAt(request), apiRefusal("API_ROUTE_UNKNOWN"), request, reply);
    reply.header("allow", allowed.join(", "));
    return refuse(dialectAt(request), apiRefusal("API_METHOD_NOT_ALLOWED", { allowed }), request, reply);
  });
  for (const dialect of dialects) {
    await server.register(async (scope) => {
      scope.addHook("onRoute", (route) => void (route.config = { ...route.config, dialect }));
      scope.setErrorHandler((error, request, reply) => refuse(dialect, error, request, reply));
      await dialect.register(scope, asking);
    });
  }
  registerProbes(server, options, metrics);

  return {
    fastify: server,
    async listen(host, port) {
      await server.listen({ host, port });
      const address = server.server.address();
      return { port: typeof address === "object" && address !== null ? address.port : port };
    },
    async close() {
      const impatience = clock.after(limits.closeMs, () => server.server.closeAllConnections());
      try {
        await server.close();
      } finally {
        impatience.cancel();
        metrics.close();
      }
    },
  };
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** Asked every few seconds by machines: logged as debug only. */
    isProbe?: boolean;
    /** Whose route it is. */
    dialect?: Dialect;
  }
}

function registerProbes(server: FastifyInstance, options: HttpServerOptions, metrics: Metrics): void {
  const config = { access: "anonymous", isProbe: true } as const;
  server.get("/healthz", { config }, async (_request, reply) => {
    const { ready, liveCalls, database, journalHealthy } = options.health();
    const status = !journalHealthy ? "failing" : ready ? "ok" : "starting";
    reply.code(status === "ok" ? 200 : 503);
    return { status, version: options.version, calls: liveCalls, database, journal: journalHealthy ? "healthy" : "failing" };
  });
  server.get("/metrics", { config }, async (_request, reply) => {
    reply.type(metrics.contentType);
    return metrics.text();
  });
}

/** The dialect with the longest prefix that the address has: prefixes may lie within each other. */
function ownerOf(url: string, dialects: readonly Dialect[]): Dialect | undefined {
  const path = `${pathOf(url).toLowerCase()}/`;
  const lengths = dialects.map(({ prefixes }) =>
    Math.max(0, ...prefixes.map((prefix) => (path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`) ? prefix.length : 0))),
  );
  const longest = Math.max(...lengths);
  return longest === 0 ? undefined : dialects[lengths.indexOf(longest)];
}

function pathOf(url: string): string {
  return url.split("?", 1)[0] ?? "/";
}

/** The caller's own id, so that a request can be followed through several systems; only if it cannot upset a log. */
function requestIdOf(request: IncomingMessage): string | undefined {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && /^[\w.-]{1,64}$/.test(given) ? given : undefined;
}
