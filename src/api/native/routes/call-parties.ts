import { Type } from "typebox";
import { type Call, callRefusal } from "../../../calls/index.ts";
import { apiRefusal } from "../../http/errors.ts";
import { hasRole, type Principal } from "../../http/principal.ts";
import { answersCall, CallOrders, everyone, repeatable } from "../call-orders.ts";
import type { NativeContext, NativeScope } from "../options.ts";
import { closed, id, idParams } from "../schema/parts.ts";
import { newPartySchema, newSupervisionSchema, partyChangeSchema } from "../schema/talk.ts";
import { callMakers } from "../visible-call.ts";

const tags = ["Parties of calls"];
export const partyParams = Type.Object({ id: id(), partyId: id() }, closed);

export function registerCallParties(scope: NativeScope, context: NativeContext): void {
  const orders = new CallOrders(context);

  scope.post(
    "/calls/:id/parties",
    {
      config: { access: everyone },
      schema: {
        tags,
        summary: "Ask somebody else into the talk",
        description: "Answers when it rings. The talk goes on when nobody answers; then, and when they leave, the others stay.",
        headers: repeatable,
        params: idParams,
        body: newPartySchema,
        response: answersCall,
      },
    },
    async (request) => orders.send(request, { kind: "add-party", ...request.body }),
  );

  scope.patch(
    "/calls/:id/parties/:partyId",
    {
      config: { access: everyone },
      schema: {
        tags,
        summary: "Mute, deafen, make louder, or change a supervisor's mode",
        description: "All members of the request take effect at once. A user changes only their own party, and no supervision.",
        headers: repeatable,
        params: partyParams,
        body: partyChangeSchema,
        response: answersCall,
      },
    },
    async (request) => {
      const { supervision: mode, ...changes } = request.body;
      const order = { kind: "set-party", partyId: request.params.partyId, ...changes, ...(mode !== undefined && { mode }) } as const;
      return orders.send(request, order, (principal, call) => {
        requireOwn(principal, call, order.partyId);
        if (mode !== undefined && !hasRole(principal, ...callMakers)) throw apiRefusal("API_ROLE_MISSING");
      });
    },
  );

  scope.delete(
    "/calls/:id/parties/:partyId",
    {
      config: { access: everyone },
      schema: {
        tags,
        summary: "Take a party out of the call",
        description: "As if it had hung up itself. A user takes out only their own party.",
        headers: repeatable,
        params: partyParams,
        response: answersCall,
      },
    },
    async (request) => {
      const { partyId } = request.params;
      return orders.send(request, { kind: "drop", partyId }, (principal, call) => requireOwn(principal, call, partyId));
    },
  );

  scope.post(
    "/calls/:id/supervise",
    {
      config: { access: callMakers },
      schema: {
        tags,
        summary: "Listen to an agent, coach or barge in",
        description:
          "Rings your phones, which are asked to answer by themselves, or those of `to`; who answers hears everybody. Changed by PATCH of the new party, ended by its DELETE. It ends with the agent's part in the call.",
        headers: repeatable,
        params: idParams,
        body: newSupervisionSchema,
        response: answersCall,
      },
    },
    async (request) => orders.send(request, { kind: "supervise", mode: "listen", ...request.body }),
  );
}

/** Throws CALL_NOT_A_PARTY when a user's own party is another one. */
function requireOwn(principal: Principal, call: Call, partyId: string): void {
  if (hasRole(principal, ...callMakers)) return;
  const address = call.parties[partyId]?.address;
  if (address?.kind !== "user" || address.userId !== principal.userId) throw callRefusal("CALL_NOT_A_PARTY");
}
