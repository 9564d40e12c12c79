import { Type } from "typebox";
import type { ApiKey } from "../../../directory/index.ts";
import type { ApiKeyView, CreatedApiKey } from "../../contract/configuration.ts";
import { principalOf } from "../../http/authorisation.ts";
import type { NativeContext, NativeScope } from "../options.ts";
import { entryOf, listRows, removeRow, requireRow } from "../rows.ts";
import { newApiKeySchema } from "../schema/configuration.ts";
import { closed, component, idParams, pageOf, pageQuery } from "../schema/parts.ts";

const config = { access: ["administrator"] } as const;
const tags = ["API keys"];

export function registerApiKeys(scope: NativeScope, { directory, logins, clock, ids }: NativeContext): void {
  const { apiKeys, users } = directory;

  scope.get(
    "/api-keys",
    {
      config,
      schema: {
        tags,
        summary: "List API keys",
        querystring: Type.Object(pageQuery, closed),
        response: { 200: pageOf<ApiKeyView>("ApiKey") },
      },
    },
    async (request) => listRows(apiKeys, principalOf(request).accountId, request.query, viewOf),
  );

  scope.post(
    "/api-keys",
    {
      config,
      schema: {
        tags,
        summary: "Make an API key",
        description: "The key is in this answer and never shown again. Send it as `Authorization: Bearer cw_…`.",
        body: newApiKeySchema,
        response: { 201: component<CreatedApiKey>("CreatedApiKey") },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { name, userId = principal.userId } = request.body;
      requireRow(users, principal.accountId, userId, "userId");
      const now = clock.now();
      const { key, keyHash, keyPrefix } = logins.newKey();
      const row: ApiKey = {
        id: ids.next(),
        accountId: principal.accountId,
        createdAt: now,
        updatedAt: now,
        userId,
        name,
        keyHash,
        keyPrefix,
      };
      await apiKeys.insert(row);
      return reply.code(201).send({ ...viewOf(row), key });
    },
  );

  scope.delete(
    "/api-keys/:id",
    { config, schema: { tags, summary: "Revoke an API key", params: idParams, response: { 204: Type.Null() } } },
    async (request, reply) => {
      await removeRow(apiKeys, principalOf(request).accountId, request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function viewOf(row: ApiKey): ApiKeyView {
  return { ...entryOf(row), userId: row.userId, name: row.name, keyPrefix: row.keyPrefix };
}
