/** The reference page at /docs: three static files that read /v1/openapi.json. Nothing comes from another host. */
import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";

const files = [
  { path: "/docs", file: "page.html", type: "text/html; charset=utf-8" },
  { path: "/docs/page.css", file: "page.css", type: "text/css; charset=utf-8" },
  { path: "/docs/page.js", file: "page.js", type: "text/javascript; charset=utf-8" },
];

const contentPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

export function registerDocs(scope: FastifyInstance): void {
  for (const { path, file, type } of files) {
    const content = readFileSync(new URL(file, import.meta.url));
    scope.get(path, { config: { access: "anonymous" }, schema: { hide: true } }, async (_request, reply) =>
      reply.headers({ "content-type": type, "content-security-policy": contentPolicy, "cache-control": "no-cache" }).send(content),
    );
  }
}
