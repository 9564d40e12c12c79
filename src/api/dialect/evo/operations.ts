/** An operation, with every address under which it is reached. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Access } from "../../http/authorisation.ts";
import type { EvoContext } from "./options.ts";
import type { Contract, ValueOf } from "./format/shape.ts";

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

export type Operation = {
  /** Its request type; the type's name is the operation's. */
  readonly request: Contract;
  /** Undefined when it answers nothing (204). */
  readonly response: Contract | undefined;
  readonly access: Access;
  /** The addresses of its own. The methods count for those that name the operation too. */
  readonly routes: readonly (readonly [method: Method, path: string])[];
  run(asked: Asked, context: EvoContext): Promise<object | undefined>;
};

export type Asked = { readonly dto: unknown; readonly request: FastifyRequest; readonly reply: FastifyReply };

type Definition<Request extends Contract, Response extends Contract | undefined> = Omit<Operation, "request" | "response" | "run"> & {
  readonly request: Request;
  readonly response: Response;
  run(
    asked: Omit<Asked, "dto"> & { readonly dto: ValueOf<Request> },
    context: EvoContext,
  ): Promise<Response extends Contract ? ValueOf<Response> : undefined>;
};

/** Checks that what runs fits the types that are declared, and then forgets them. */
export function operation<Request extends Contract, Response extends Contract | undefined>(
  definition: Definition<Request, Response>,
): Operation {
  return {
    ...definition,
    run: async (asked, context) => {
      const answer: unknown = await definition.run({ ...asked, dto: asked.dto as ValueOf<Request> }, context);
      return answer as object | undefined;
    },
  };
}
