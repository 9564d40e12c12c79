import { Type } from "typebox";
import type { Line } from "../../../directory/index.ts";
import type { LineView } from "../../contract/configuration.ts";
import { principalOf } from "../../http/authorisation.ts";
import type { NativeContext, NativeScope } from "../options.ts";
import { entryOf, listRows, removeRow, requireRow, rowOf } from "../rows.ts";
import { lineChangeSchema, newLineSchema } from "../schema/configuration.ts";
import { closed, component, idParams, pageOf, pageQuery } from "../schema/parts.ts";

const config = { access: ["administrator"] } as const;
const tags = ["Lines"];
const answersLine = { 200: component<LineView>("Line") };

export function registerLines(scope: NativeScope, { directory, clock, ids }: NativeContext): void {
  const { lines, users } = directory;

  scope.get(
    "/lines",
    {
      config,
      schema: { tags, summary: "List lines", querystring: Type.Object(pageQuery, closed), response: { 200: pageOf<LineView>("Line") } },
    },
    async (request) => listRows(lines, principalOf(request).accountId, request.query, viewOf),
  );

  scope.post(
    "/lines",
    {
      config,
      schema: {
        tags,
        summary: "Give a user a line",
        description: "Calls to its number ring all phones of the user.",
        body: newLineSchema,
        response: { 201: component<LineView>("Line") },
      },
    },
    async (request, reply) => {
      const { accountId } = principalOf(request);
      const { userId, number } = request.body;
      requireRow(users, accountId, userId, "userId");
      const now = clock.now();
      const line: Line = { id: ids.next(), accountId, createdAt: now, updatedAt: now, userId, number };
      await lines.insert(line);
      return reply.code(201).header("location", `/v1/lines/${line.id}`).send(viewOf(line));
    },
  );

  scope.get("/lines/:id", { config, schema: { tags, summary: "Show a line", params: idParams, response: answersLine } }, async (request) =>
    viewOf(rowOf(lines, principalOf(request).accountId, request.params.id)),
  );

  scope.patch(
    "/lines/:id",
    {
      config,
      schema: { tags, summary: "Change a line's number or user", params: idParams, body: lineChangeSchema, response: answersLine },
    },
    async (request) => {
      const { accountId } = principalOf(request);
      const line = rowOf(lines, accountId, request.params.id);
      const { userId = line.userId, number = line.number } = request.body;
      requireRow(users, accountId, userId, "userId");
      const changed: Line = { ...line, userId, number, updatedAt: clock.now() };
      await lines.update(changed);
      return viewOf(changed);
    },
  );

  scope.delete(
    "/lines/:id",
    { config, schema: { tags, summary: "Remove a line", params: idParams, response: { 204: Type.Null() } } },
    async (request, reply) => {
      await removeRow(lines, principalOf(request).accountId, request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function viewOf(line: Line): LineView {
  return { ...entryOf(line), userId: line.userId, number: line.number };
}
