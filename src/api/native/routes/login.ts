import { Type } from "typebox";
import type { UserView } from "../../contract/configuration.ts";
import { principalOf } from "../../http/authorisation.ts";
import type { NativeContext, NativeScope } from "../options.ts";
import { rowOf } from "../rows.ts";
import { newLoginSchema } from "../schema/configuration.ts";
import { component } from "../schema/parts.ts";
import { viewOf } from "./users.ts";

export const loginCookie = "callwright";
const tags = ["Login"];
const answersUser = { 200: component<UserView>("User") };

export function registerLogin(scope: NativeScope, { directory, logins, asking }: NativeContext): void {
  scope.post(
    "/login",
    {
      config: { access: "anonymous" },
      schema: {
        tags,
        summary: "Sign in",
        description: `Sets the cookie \`${loginCookie}\`. It lasts until the browser closes, or 30 days after its last use when \`permanent\`.`,
        body: newLoginSchema,
        response: answersUser,
      },
    },
    async (request, reply) => {
      const { email, password, permanent = false } = request.body;
      const user = await logins.verifyPassword(email, password, request.ip);
      const { token, cookie } = await logins.createLogin(user, { permanent });
      reply.setCookie(loginCookie, token, cookie);
      return viewOf(user);
    },
  );

  scope.delete(
    "/login",
    { config: { access: "anonymous" }, schema: { tags, summary: "Sign out", response: { 204: Type.Null() } } },
    async (request, reply) => {
      await logins.endLogin(asking.tokens(request));
      return reply.clearCookie(loginCookie, logins.cookie).code(204).send(null);
    },
  );

  scope.get(
    "/me",
    { config: { access: "authenticated" }, schema: { tags, summary: "Show who is signed in", response: answersUser } },
    async (request) => {
      const { accountId, userId } = principalOf(request);
      return viewOf(rowOf(directory.users, accountId, userId));
    },
  );
}
