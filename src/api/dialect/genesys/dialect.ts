/** The Genesys Web Services API v2: calls, devices and states of agents, with CometD notifications. */
import type { FastifyInstance } from "fastify";
import { type BayeuxServer, type BayeuxServerOptions, createBayeuxServer } from "../../bayeux/bayeux-server.ts";
import type { Dialect } from "../../http/dialect.ts";
import type { Logins } from "../../http/login.ts";
import { answerRefusal } from "./error.ts";
import { publishEvents } from "./events.ts";
import { HttpSessions, sessionCookie } from "./login/http-sessions.ts";
import type { GenesysOptions } from "./options.ts";
import { subjectBy } from "./login/subject.ts";
import { registerRoutes } from "./routes.ts";

const prefix = "/api/v2";

/** The CometD server of this dialect; the dialect registers and closes it, and its user keys are user ids. */
export function genesysNotifications(
  options: Omit<BayeuxServerOptions, "path" | "authenticate"> & { readonly logins: Logins },
): BayeuxServer {
  return createBayeuxServer({ ...options, path: `${prefix}/notifications`, authenticate: subjectBy(options.logins) });
}

export function genesysDialect(options: GenesysOptions): Dialect {
  return {
    name: "genesys",
    prefixes: [prefix],
    loginCookies: [sessionCookie],
    answerRefusal,
    async register(scope) {
      readJson(scope);
      await options.notifications.register(scope);
      await scope.register(async (own) => registerRoutes(own, { ...options, sessions: new HttpSessions(options) }), { prefix });
      const events = publishEvents(options);
      scope.addHook("onClose", async () => events.close());
    },
  };
}

/** An empty body is none: operations then miss their name. */
function readJson(scope: FastifyInstance): void {
  const parse = scope.getDefaultJsonParser("error", "error");
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("application/json", { parseAs: "string" }, (request, body: string, done) => {
    if (body.trim() === "") done(null, null);
    else void parse(request, body, done);
  });
}
