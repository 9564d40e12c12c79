/** Every route there is comes from the table of operations: the addresses of its own, /{format}/reply/{Op} and /api/{Op}. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { apiRefusal } from "../../http/errors.ts";
import { fieldRefusal } from "./error.ts";
import { loginOperations } from "./login/operations.ts";
import type { Operation } from "./operations.ts";
import type { EvoContext } from "./options.ts";
import { readRequest } from "./request.ts";
import { answerFormat, type FormatName, formatNames, isUnsafeCallback, sendDto } from "./response.ts";
import { sessionOperations } from "./session/operations.ts";

const operations: readonly Operation[] = [...sessionOperations, ...loginOperations];

export const operationNames = operations.map(({ request }) => request.name);

export function registerRoutes(scope: FastifyInstance, context: EvoContext): void {
  for (const operation of operations) {
    const config = { access: operation.access };
    for (const [method, url] of operation.routes) {
      scope.route({ method, url, config, handler: (request, reply) => answer(operation, request, reply, undefined, context) });
    }
    // Nothing but reading happens on a GET, so that a link can change nothing.
    const methods = [...new Set([...operation.routes.map(([method]) => method), "POST" as const])];
    for (const { prefix, format } of places) {
      const handler = (request: FastifyRequest, reply: FastifyReply) => answer(operation, request, reply, format, context);
      scope.route({ method: methods, url: `${prefix}${operation.request.name}`, config, handler });
    }
  }
  for (const { prefix } of places) {
    scope.all(`${prefix}:operation`, { config: { access: "anonymous" } }, async () => {
      throw apiRefusal("API_METHOD_NOT_ALLOWED");
    });
  }
}

const places: readonly { readonly prefix: string; readonly format: FormatName }[] = [
  ...formatNames.map((format) => ({ prefix: `/${format}/reply/`, format })),
  { prefix: "/api/", format: "json" },
];

async function answer(
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
  named: FormatName | undefined,
  context: EvoContext,
): Promise<unknown> {
  if (isUnsafeCallback(request)) {
    const message = "must be the name of a JavaScript function";
    throw fieldRefusal([{ errorCode: "ArgumentException", fieldName: "callback", message }]);
  }
  const dto = readRequest(request, operation.request, named);
  const result = await operation.run({ dto, request, reply }, context);
  if (operation.response === undefined || result === undefined) return reply.header("vary", "Accept").code(204).send();
  return sendDto(reply, answerFormat(request), operation.response, result);
}
