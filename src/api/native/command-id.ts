import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { principalOf } from "../http/authorisation.ts";

/** Header fields of an order that may be sent again. */
export const repeatable = Type.Object({
  "idempotency-key": Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: "The same key again gives the first answer and does nothing twice." }),
  ),
});

/** Keys of different users are different, so nobody is answered with another's call. */
export function commandIdOf(request: FastifyRequest): string | undefined {
  const key = request.headers["idempotency-key"];
  return typeof key === "string" ? `${principalOf(request).userId}:${request.method}:${request.url}:${key}` : undefined;
}
