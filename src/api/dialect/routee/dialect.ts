/** The Routee Voice API: its tokens, conversations, tracking, and the numbers that take calls. */
import type { Dialect } from "../../http/dialect.ts";
import { MessageFinder } from "./conversation/find.ts";
import { ConversationLimit } from "./conversation/limit.ts";
import { answerRefusal } from "./error.ts";
import { AccessTokens } from "./login/tokens.ts";
import type { RouteeOptions } from "./options.ts";
import { registerRoutes } from "./routes.ts";

export function routeeDialect(options: RouteeOptions): Dialect {
  const tokens = new AccessTokens(options);
  return {
    name: "routee",
    prefixes: ["/oauth", "/voice", "/numbers"],
    loginCookies: [],
    async identify(request) {
      const [scheme = "", value = ""] = (request.headers.authorization ?? "").trim().split(/\s+/, 2);
      return scheme.toLowerCase() === "bearer" ? tokens.identify(value) : undefined;
    },
    answerRefusal,
    register(scope) {
      const finder = new MessageFinder(options.views);
      scope.addHook("onClose", async () => finder.close());
      scope.removeContentTypeParser("text/plain");
      scope.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) =>
        done(null, new URLSearchParams(String(body))),
      );
      const limit = new ConversationLimit(options.clock, options.conversationsPerSecond);
      registerRoutes(scope, { ...options, tokens, limit, finder });
    },
  };
}
