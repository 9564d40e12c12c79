/** What all routes that command a call share. */
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { Call, CallCommand } from "../../calls/index.ts";
import type { CallView } from "../contract/calls.ts";
import { principalOf } from "../http/authorisation.ts";
import type { Principal } from "../http/principal.ts";
import { viewOfCall } from "./call-view.ts";
import type { NativeContext } from "./options.ts";
import { closed, component } from "./schema/parts.ts";
import { visibleCall } from "./visible-call.ts";

export const everyone = ["administrator", "manager", "user"] as const;
export const answersCall = { 200: component<CallView>("Call") };
export const emptyBody = Type.Object({}, closed);

export const repeatable = Type.Object({
  "idempotency-key": Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: "The same key again gives the first answer and does nothing twice." }),
  ),
});

/** Without who sends it. */
export type CallOrder = CallCommand extends infer C ? (C extends CallCommand ? Omit<C, "by"> : never) : never;

type OfCall = FastifyRequest<{ Params: { id: string } }>;

export class CallOrders {
  readonly #context: NativeContext;

  constructor(context: NativeContext) {
    this.#context = context;
  }

  shown(call: Call): CallView {
    const { clock, views } = this.#context;
    return viewOfCall(call, clock.now(), (legId) => views.quality(legId));
  }

  /** Throws CALL_NOT_FOUND for a call that is not theirs to see. */
  visible(principal: Principal, callId: string): Promise<Call> {
    return visibleCall(this.#context.views, principal, callId);
  }

  /** Throws what the call refuses, and CALL_NOT_FOUND. `check` sees who asks and the call as it is. */
  async send(request: OfCall, order: CallOrder, check?: (principal: Principal, call: Call) => void): Promise<CallView> {
    const principal = principalOf(request);
    const call = await this.visible(principal, request.params.id);
    check?.(principal, call);
    const command = { ...order, by: principal.userId };
    return this.shown(await this.#context.calls.send(principal.accountId, call.id, command, commandIdOf(request)));
  }
}

/** Keys of different users are different, so nobody is answered with another's call. */
export function commandIdOf(request: FastifyRequest): string | undefined {
  const key = request.headers["idempotency-key"];
  return typeof key === "string" ? `${principalOf(request).userId}:${request.method}:${request.url}:${key}` : undefined;
}
