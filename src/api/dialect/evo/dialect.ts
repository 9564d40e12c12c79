/** The Evo Voice API: its sessions and its login, in JSON, JSV and XML. */
import type { Dialect } from "../../http/dialect.ts";
import { answerRefusal } from "./error.ts";
import { loginCookies } from "./login/operations.ts";
import type { EvoOptions } from "./options.ts";
import { operationNames, registerRoutes } from "./routes.ts";
import { prefixes, reroute } from "./routing.ts";

export function evoDialect(options: EvoOptions): Dialect {
  return {
    name: "evo",
    prefixes,
    loginCookies,
    reroute: (request, headers) => reroute(request, headers, operationNames),
    answerRefusal,
    register(scope, asking) {
      // Which format a body has depends on the operation's address too, so it is read later.
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
      registerRoutes(scope, { ...options, asking });
    },
  };
}
