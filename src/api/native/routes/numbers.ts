import { Type } from "typebox";
import { isE164, type PhoneNumber } from "../../../directory/index.ts";
import type { NumberView } from "../../contract/configuration.ts";
import { principalOf } from "../../http/authorisation.ts";
import { apiRefusal } from "../../http/errors.ts";
import type { NativeContext, NativeScope } from "../options.ts";
import { entryOf, listRows, removeRow, requireRow, rowOf } from "../rows.ts";
import { newNumberSchema, numberChangeSchema } from "../schema/configuration.ts";
import { closed, component, idParams, pageOf, pageQuery } from "../schema/parts.ts";

const config = { access: ["administrator", "manager"] } as const;
const tags = ["Numbers"];
const answersNumber = { 200: component<NumberView>("Number") };

export function registerNumbers(scope: NativeScope, { directory, clock, ids }: NativeContext): void {
  const { numbers, flows } = directory;

  scope.get(
    "/numbers",
    {
      config,
      schema: {
        tags,
        summary: "List numbers",
        querystring: Type.Object(pageQuery, closed),
        response: { 200: pageOf<NumberView>("Number") },
      },
    },
    async (request) => listRows(numbers, principalOf(request).accountId, request.query, viewOf),
  );

  scope.post(
    "/numbers",
    { config, schema: { tags, summary: "Add a number", body: newNumberSchema, response: { 201: component<NumberView>("Number") } } },
    async (request, reply) => {
      const { accountId } = principalOf(request);
      const { number, flowId = null } = request.body;
      if (!isE164(number)) {
        const message = "must be a possible number in E.164 form, for example +12025550100";
        throw apiRefusal("API_MEMBER_INVALID", { errors: [{ path: "number", message }] });
      }
      if (flowId !== null) requireRow(flows, accountId, flowId, "flowId");
      const now = clock.now();
      const row: PhoneNumber = { id: ids.next(), accountId, createdAt: now, updatedAt: now, number, flowId };
      await numbers.insert(row);
      return reply.code(201).header("location", `/v1/numbers/${row.id}`).send(viewOf(row));
    },
  );

  scope.get(
    "/numbers/:id",
    { config, schema: { tags, summary: "Show a number", params: idParams, response: answersNumber } },
    async (request) => viewOf(rowOf(numbers, principalOf(request).accountId, request.params.id)),
  );

  scope.patch(
    "/numbers/:id",
    { config, schema: { tags, summary: "Change a number", params: idParams, body: numberChangeSchema, response: answersNumber } },
    async (request) => {
      const { accountId } = principalOf(request);
      const row = rowOf(numbers, accountId, request.params.id);
      const { flowId } = request.body;
      if (flowId !== null) requireRow(flows, accountId, flowId, "flowId");
      const changed = { ...row, flowId, updatedAt: clock.now() };
      await numbers.update(changed);
      return viewOf(changed);
    },
  );

  scope.delete(
    "/numbers/:id",
    { config, schema: { tags, summary: "Remove a number", params: idParams, response: { 204: Type.Null() } } },
    async (request, reply) => {
      await removeRow(numbers, principalOf(request).accountId, request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function viewOf(row: PhoneNumber): NumberView {
  return { ...entryOf(row), number: row.number, flowId: row.flowId };
}
