import { Type } from "typebox";
import type { Phone, User } from "../../../directory/index.ts";
import type { UserView } from "../../contract/configuration.ts";
import { principalOf } from "../../http/authorisation.ts";
import { apiRefusal } from "../../http/errors.ts";
import { phoneSecrets } from "../../http/phone-secrets.ts";
import type { NativeContext, NativeScope } from "../options.ts";
import { entryOf, listRows, removeRow, rowOf } from "../rows.ts";
import { newUserSchema, userChangeSchema } from "../schema/configuration.ts";
import { closed, component, idParams, pageOf, pageQuery } from "../schema/parts.ts";

const config = { access: ["administrator"] } as const;
const tags = ["Users"];
const answersUser = { 200: component<UserView>("User") };

export function registerUsers(scope: NativeScope, { directory, logins, clock, ids }: NativeContext): void {
  const { users, phones, apiKeys } = directory;

  /** Throws USER_LAST_ADMINISTRATOR when the account would have none without `user`. */
  const refuseIfLast = (user: User) => {
    const others = users.list(user.accountId).filter((other) => other.id !== user.id);
    const isLast = user.roles.includes("administrator") && !others.some((other) => other.roles.includes("administrator"));
    if (isLast) throw apiRefusal("USER_LAST_ADMINISTRATOR");
  };

  scope.get(
    "/users",
    {
      config,
      schema: { tags, summary: "List users", querystring: Type.Object(pageQuery, closed), response: { 200: pageOf<UserView>("User") } },
    },
    async (request) => listRows(users, principalOf(request).accountId, request.query, viewOf),
  );

  scope.post(
    "/users",
    {
      config,
      schema: {
        tags,
        summary: "Add a user",
        description: "With `phone` a SIP phone is made too: both or neither.",
        body: newUserSchema,
        response: { 201: component<UserView>("User") },
      },
    },
    async (request, reply) => {
      const { password, phone, firstName = "", lastName = "", ...rest } = request.body;
      const now = clock.now();
      const entry = { accountId: principalOf(request).accountId, createdAt: now, updatedAt: now };
      const passwordHash = await logins.hashPassword(password);
      const user: User = { ...entry, id: ids.next(), ...rest, firstName, lastName, passwordHash };
      await users.insert(user);
      if (phone !== undefined) {
        const row: Phone = { ...entry, id: ids.next(), userId: user.id, username: phone.username, ...phoneSecrets(phone) };
        try {
          await phones.insert(row);
        } catch (error) {
          await users.remove(user.accountId, user.id);
          throw error;
        }
      }
      return reply.code(201).header("location", `/v1/users/${user.id}`).send(viewOf(user));
    },
  );

  scope.get("/users/:id", { config, schema: { tags, summary: "Show a user", params: idParams, response: answersUser } }, async (request) =>
    viewOf(rowOf(users, principalOf(request).accountId, request.params.id)),
  );

  scope.patch(
    "/users/:id",
    {
      config,
      schema: {
        tags,
        summary: "Change a user",
        description: "A new password ends the user's logins.",
        params: idParams,
        body: userChangeSchema,
        response: answersUser,
      },
    },
    async (request) => {
      const user = rowOf(users, principalOf(request).accountId, request.params.id);
      const { password, ...rest } = request.body;
      if (rest.roles !== undefined && !rest.roles.includes("administrator")) refuseIfLast(user);
      const passwordHash = password === undefined ? user.passwordHash : await logins.hashPassword(password);
      const changed: User = { ...user, ...rest, passwordHash, updatedAt: clock.now() };
      await users.update(changed);
      if (password !== undefined) await logins.endLoginsOf(changed);
      return viewOf(changed);
    },
  );

  scope.delete(
    "/users/:id",
    {
      config,
      schema: {
        tags,
        summary: "Remove a user",
        description: "Their phones, API keys and logins go too.",
        params: idParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const user = rowOf(users, principalOf(request).accountId, request.params.id);
      refuseIfLast(user);
      for (const phone of phones.byUser(user.id)) await phones.remove(user.accountId, phone.id);
      for (const key of apiKeys.list(user.accountId)) if (key.userId === user.id) await apiKeys.remove(user.accountId, key.id);
      await logins.endLoginsOf(user);
      await removeRow(users, user.accountId, user.id);
      return reply.code(204).send(null);
    },
  );
}

export function viewOf(user: User): UserView {
  return { ...entryOf(user), email: user.email, firstName: user.firstName, lastName: user.lastName, roles: user.roles };
}
