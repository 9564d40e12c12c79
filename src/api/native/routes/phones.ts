import { Type } from "typebox";
import type { Phone } from "../../../directory/index.ts";
import type { PhoneView } from "../../contract/configuration.ts";
import { principalOf } from "../../http/authorisation.ts";
import { phoneSecrets } from "../../http/phone-secrets.ts";
import type { NativeContext, NativeScope } from "../options.ts";
import { entryOf, listRows, removeRow, requireRow, rowOf } from "../rows.ts";
import { newPhoneSchema, phoneChangeSchema } from "../schema/configuration.ts";
import { closed, component, idParams, pageOf, pageQuery } from "../schema/parts.ts";

const config = { access: ["administrator"] } as const;
const tags = ["Phones"];
const answersPhone = { 200: component<PhoneView>("Phone") };

export function registerPhones(scope: NativeScope, { directory, clock, ids }: NativeContext): void {
  const { phones, users } = directory;

  scope.get(
    "/phones",
    {
      config,
      schema: {
        tags,
        summary: "List SIP phones",
        querystring: Type.Object(pageQuery, closed),
        response: { 200: pageOf<PhoneView>("Phone") },
      },
    },
    async (request) => listRows(phones, principalOf(request).accountId, request.query, viewOf),
  );

  scope.post(
    "/phones",
    {
      config,
      schema: {
        tags,
        summary: "Add a SIP phone for a user",
        description: "It registers at this server's SIP address with this username and password.",
        body: newPhoneSchema,
        response: { 201: component<PhoneView>("Phone") },
      },
    },
    async (request, reply) => {
      const { accountId } = principalOf(request);
      const { userId, username } = request.body;
      requireRow(users, accountId, userId, "userId");
      const now = clock.now();
      const phone: Phone = { id: ids.next(), accountId, createdAt: now, updatedAt: now, userId, username, ...phoneSecrets(request.body) };
      await phones.insert(phone);
      return reply.code(201).header("location", `/v1/phones/${phone.id}`).send(viewOf(phone));
    },
  );

  scope.get(
    "/phones/:id",
    { config, schema: { tags, summary: "Show a SIP phone", params: idParams, response: answersPhone } },
    async (request) => viewOf(rowOf(phones, principalOf(request).accountId, request.params.id)),
  );

  scope.patch(
    "/phones/:id",
    {
      config,
      schema: { tags, summary: "Change a SIP phone's password", params: idParams, body: phoneChangeSchema, response: answersPhone },
    },
    async (request) => {
      const phone = rowOf(phones, principalOf(request).accountId, request.params.id);
      const { password } = request.body;
      const changed: Phone = { ...phone, ...phoneSecrets({ username: phone.username, password }), updatedAt: clock.now() };
      await phones.update(changed);
      return viewOf(changed);
    },
  );

  scope.delete(
    "/phones/:id",
    { config, schema: { tags, summary: "Remove a SIP phone", params: idParams, response: { 204: Type.Null() } } },
    async (request, reply) => {
      await removeRow(phones, principalOf(request).accountId, request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function viewOf(phone: Phone): PhoneView {
  return { ...entryOf(phone), userId: phone.userId, username: phone.username };
}
