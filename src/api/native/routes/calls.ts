import { Type } from "typebox";
import type { Call, CallFilter } from "../../../calls/index.ts";
import type { CallView, NewCall } from "../../contract/calls.ts";
import { principalOf } from "../../http/authorisation.ts";
import { pickCallerId } from "../../http/caller-id.ts";
import { apiRefusal } from "../../http/errors.ts";
import { formatCursor, pageLimit, parseCursor } from "../../http/paging.ts";
import { hasRole } from "../../http/principal.ts";
import { answersCall, CallOrders, commandIdOf, emptyBody, everyone, repeatable } from "../call-orders.ts";
import type { NativeContext, NativeScope } from "../options.ts";
import { callChangeSchema, holdSchema, newCallSchema } from "../schema/calls.ts";
import { closed, component, id, idParams, pageOf, pageQuery } from "../schema/parts.ts";
import { callMakers } from "../visible-call.ts";

const tags = ["Calls"];

const filterQuery = Type.Object(
  {
    ...pageQuery,
    live: Type.Optional(Type.Boolean({ description: "true: calls that go on; false: calls that have ended." })),
    from: Type.Optional(Type.String({ minLength: 1, maxLength: 20, description: "Part of the caller's number." })),
    to: Type.Optional(Type.String({ minLength: 1, maxLength: 20, description: "Part of the called number." })),
    userId: Type.Optional(id("Calls that this user asked for or took part in.")),
    createdFrom: Type.Optional(Type.String({ format: "date-time", description: "Not before this time." })),
    createdBefore: Type.Optional(Type.String({ format: "date-time", description: "Before this time." })),
  },
  closed,
);

export function registerCalls(scope: NativeScope, context: NativeContext): void {
  const { calls, views, directory, ids } = context;
  const orders = new CallOrders(context);

  scope.post(
    "/calls",
    {
      config: { access: callMakers },
      schema: {
        tags,
        summary: "Start a call",
        description: "Answers when the call is durable; it rings then. A number that no trunk takes gives a call that has ended.",
        headers: repeatable,
        body: newCallSchema,
        response: { 201: component<CallView>("Call") },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { callerId, ...wanted } = request.body;
      const presented = callerId ?? pickCallerId(directory, ids, principal.accountId);
      const order = { ...wanted, by: principal.userId, callerId: presented };
      const call = await calls.originate(principal.accountId, order, commandIdOf(request));
      refuseOtherRequest(call, request.body);
      return reply.code(201).header("location", `/v1/calls/${call.id}`).send(orders.shown(call));
    },
  );

  scope.get(
    "/calls",
    {
      config: { access: everyone },
      schema: { tags, summary: "List calls, newest first", querystring: filterQuery, response: { 200: pageOf<CallView>("Call") } },
    },
    async (request) => {
      const principal = principalOf(request);
      const { limit = pageLimit.usual, cursor, createdFrom, createdBefore, ...rest } = request.query;
      const filter: CallFilter = {
        ...rest,
        ...(hasRole(principal, ...callMakers) ? {} : { userId: principal.userId }),
        ...(createdFrom === undefined ? {} : { createdFrom: Date.parse(createdFrom) }),
        ...(createdBefore === undefined ? {} : { createdBefore: Date.parse(createdBefore) }),
      };
      const page = { limit, ...(cursor === undefined ? {} : { before: parseCursor(cursor) }) };
      const { items, more } = await views.list(principal.accountId, filter, page);
      const last = items.at(-1);
      return { items: items.map((call) => orders.shown(call)), nextCursor: more && last !== undefined ? formatCursor(last.id) : null };
    },
  );

  scope.get(
    "/calls/:id",
    { config: { access: everyone }, schema: { tags, summary: "Show a call", params: idParams, response: answersCall } },
    async (request) => orders.shown(await orders.visible(principalOf(request), request.params.id)),
  );

  scope.patch(
    "/calls/:id",
    {
      config: { access: everyone },
      schema: {
        tags,
        summary: "Change a call's data",
        headers: repeatable,
        params: idParams,
        body: callChangeSchema,
        response: answersCall,
      },
    },
    async (request) => orders.send(request, { kind: "set-data", set: request.body.data }),
  );

  scope.post(
    "/calls/:id/hang-up",
    {
      config: { access: everyone },
      schema: { tags, summary: "Hang up", headers: repeatable, params: idParams, body: emptyBody, response: answersCall },
    },
    async (request) => orders.send(request, { kind: "hang-up" }),
  );

  scope.post(
    "/calls/:id/hold",
    {
      config: { access: everyone },
      schema: {
        tags,
        summary: "Put the call on hold",
        description: "The far end is offered sendonly and hears music.",
        headers: repeatable,
        params: idParams,
        body: holdSchema,
        response: answersCall,
      },
    },
    async (request) => {
      const reason = request.body.reason;
      return orders.send(request, { kind: "hold", ...(reason === undefined ? {} : { reason }) });
    },
  );

  scope.post(
    "/calls/:id/retrieve",
    {
      config: { access: everyone },
      schema: {
        tags,
        summary: "Take the call back from hold",
        headers: repeatable,
        params: idParams,
        body: emptyBody,
        response: answersCall,
      },
    },
    async (request) => orders.send(request, { kind: "retrieve" }),
  );

  scope.post(
    "/calls/:id/refer",
    {
      config: { access: callMakers },
      schema: {
        tags,
        summary: "Hand a party to another address by REFER",
        description:
          "Answers when the request is durable; the event refer.ended tells how it went. The party leaves when its far end has called the other address.",
        headers: repeatable,
        params: idParams,
        body: referSchema,
        response: answersCall,
      },
    },
    async (request) => orders.send(request, { kind: "refer", ...request.body }),
  );
}

const referSchema = Type.Object(
  {
    partyId: id("Whose far end is asked."),
    to: Type.String({ minLength: 1, maxLength: 255, description: "E.164, or a sip:, sips: or tel: URI." }),
  },
  closed,
);

/** The call that a repeated key gives must be the one that is asked for now. */
function refuseOtherRequest(call: Call, wanted: NewCall): void {
  const isSame =
    call.to === wanted.to &&
    (wanted.callerId === undefined || call.from === wanted.callerId) &&
    (call.script === undefined || call.script.flowId === wanted.flowId);
  if (!isSame) throw apiRefusal("API_KEY_REUSED");
}
