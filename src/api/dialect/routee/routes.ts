/** Every address of the API. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { principalOf } from "../../http/authorisation.ts";
import { apiRefusal } from "../../http/errors.ts";
import { endMessage, findConversation, findMessage, pageOfMessages, startConversation } from "./conversation/operations.ts";
import { viewOfConversation, viewOfMessage } from "./conversation/response.ts";
import { issueToken } from "./login/operations.ts";
import type { Grant, Scope } from "./login/tokens.ts";
import { findNumber, updateNumber, viewOfNumber } from "./number/operations.ts";
import type { RouteeContext } from "./options.ts";

type Params = { Params: { readonly id: string } };

const authenticated = { config: { access: "authenticated" } } as const;

export function registerRoutes(scope: FastifyInstance, context: RouteeContext): void {
  scope.post("/oauth/token", { config: { access: "anonymous" } }, async (request, reply) => {
    reply.header("pragma", "no-cache");
    return issueToken(request, context.tokens);
  });
  registerConversations(scope, context);
  registerNumbers(scope, context);
}

function registerConversations(scope: FastifyInstance, context: RouteeContext): void {
  scope.post("/voice/conversation", authenticated, async (request) => startConversation(request.body, grantOf(request, "voice"), context));
  scope.get<Params>("/voice/conversation/:id", authenticated, async (request) => ({
    ...viewOfConversation(await findConversation(request.params.id, grantOf(request, "voice"), context)),
    recordings: [],
  }));
  // Here the same place in the address has the id of a message.
  scope.put<Params>("/voice/conversation/:id", authenticated, async (request) =>
    endMessage(request.params.id, request.body, grantOf(request, "voice"), context),
  );
  scope.get<Params>("/voice/tracking/conversation/:id", authenticated, async (request) =>
    pageOfMessages(await findConversation(request.params.id, grantOf(request, "voice"), context), request.query, context),
  );
  scope.get<Params>("/voice/tracking/:id", authenticated, async (request) => {
    const { call, party } = await findMessage(request.params.id, grantOf(request, "voice"), context);
    return viewOfMessage(call, party, context.clock.now());
  });
}

function registerNumbers(scope: FastifyInstance, context: RouteeContext): void {
  scope.get<Params>("/numbers/my/:id", authenticated, async (request) =>
    viewOfNumber(findNumber(request.params.id, grantOf(request, "virtual_number"), context), context),
  );
  scope.put<Params>("/numbers/my/:id", authenticated, async (request) =>
    updateNumber(request.params.id, request.body, grantOf(request, "virtual_number"), context),
  );
}

/** The token that the request came with. Throws API_ROLE_MISSING when it does not have the scope. */
function grantOf(request: FastifyRequest, scope: Scope): Grant {
  const principal = principalOf(request);
  // An address spelled in a way that hides whose it is: no other login opens these.
  if (!isGrant(principal)) throw apiRefusal("API_UNAUTHENTICATED");
  if (!principal.scopes.includes(scope)) throw apiRefusal("API_ROLE_MISSING");
  return principal;
}

function isGrant(principal: object): principal is Grant {
  return "applicationId" in principal;
}
