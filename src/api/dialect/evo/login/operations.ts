/** Signing in and out. Roles are those of the house under the vendor's names. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Role, User } from "../../../../directory/index.ts";
import { apiRefusal } from "../../../http/errors.ts";
import type { FieldError } from "../error.ts";
import { fieldRefusal } from "../error.ts";
import type { ValueOf } from "../format/shape.ts";
import { operation } from "../operations.ts";
import type { EvoContext } from "../options.ts";
import { authenticate, authenticateResponse, getAuthStatus, userInfo } from "./contracts.ts";

/** The cookie of a browser's stay, and the one that outlives it. */
const [stayCookie, longCookie] = ["ss-id", "ss-pid"] as const;
/** Which of the two a client chose: temp or perm. */
const choiceCookie = "ss-opt";

export const loginCookies = [stayCookie, longCookie] as const;

const vendorRoles: Readonly<Record<Role, string>> = { administrator: "SystemAdministrator", manager: "Manager", user: "User" };

type Answer = ValueOf<typeof authenticateResponse>;

export const loginOperations = [
  operation({
    request: authenticate,
    response: authenticateResponse,
    access: "anonymous",
    routes: [
      ["GET", "/auth"],
      ["POST", "/auth"],
      ["GET", "/auth/:provider"],
      ["POST", "/auth/:provider"],
      ["DELETE", "/auth/:provider"],
    ],
    async run({ dto, request, reply }, context): Promise<Answer> {
      const { provider = "", userName = "", password = "", rememberMe = false } = dto;
      switch (provider.toLowerCase()) {
        case "logout":
          return signOut(request, reply, context);
        case "":
        case "credentials":
        case "basic": {
          const isSigningIn = request.method === "POST" && (provider.toLowerCase() === "credentials" || userName !== "");
          return isSigningIn ? signIn(userName, password, rememberMe, request, reply, context) : current(request, context);
        }
        default:
          throw apiRefusal("API_RESOURCE_UNKNOWN", { message: `No configuration was added for OAuth provider '${provider.slice(0, 40)}'` });
      }
    },
  }),
  operation({
    request: getAuthStatus,
    response: userInfo,
    access: "anonymous",
    routes: [["GET", "/auth/status"]],
    async run({ request }, { asking, directory }): Promise<ValueOf<typeof userInfo>> {
      const principal = await asking.identify(request);
      const user = principal && directory.users.get(principal.accountId, principal.userId);
      if (user === undefined) return { isAuthenticated: false, roles: [], accountIds: [], accountNames: [], dashboardPermissions: [] };
      const { id, firstName, lastName, email, roles, accountId } = user;
      return {
        id,
        isAuthenticated: true,
        firstName,
        lastName,
        name: nameOf(user),
        emailAddress: email,
        roles: roles.map((role) => vendorRoles[role]),
        accountIds: [accountId],
        accountNames: [directory.accounts.get(accountId)?.name ?? ""],
        dashboardPermissions: [],
      };
    },
  }),
];

async function signIn(
  userName: string,
  password: string,
  isPermanent: boolean,
  request: FastifyRequest,
  reply: FastifyReply,
  { logins }: EvoContext,
): Promise<Answer> {
  const empty: FieldError[] = [];
  if (userName === "") empty.push({ errorCode: "NotEmpty", fieldName: "UserName", message: "'User Name' must not be empty." });
  if (password === "") empty.push({ errorCode: "NotEmpty", fieldName: "Password", message: "'Password' must not be empty." });
  const [first, ...rest] = empty;
  if (first !== undefined) throw fieldRefusal([first, ...rest]);
  const user = await logins.verifyPassword(userName, password, request.ip);
  // Whoever was signed in here before is not any more.
  await logins.endLogin(tokensOf(request));
  const { token, cookie } = await logins.createLogin(user, { permanent: isPermanent });
  reply.setCookie(stayCookie, token, logins.cookie);
  if (isPermanent) reply.setCookie(longCookie, token, cookie);
  else dropCookie(longCookie, reply, logins);
  reply.setCookie(choiceCookie, isPermanent ? "perm" : "temp", cookie);
  return { ...answerOf(user, "credentials"), sessionId: token };
}

async function signOut(request: FastifyRequest, reply: FastifyReply, { logins }: EvoContext): Promise<Answer> {
  await logins.endLogin(tokensOf(request));
  for (const name of [...loginCookies, choiceCookie]) dropCookie(name, reply, logins);
  return {};
}

/** By Max-Age, as the vendor's client takes the comma in a date for the next cookie. */
function dropCookie(name: string, reply: FastifyReply, logins: EvoContext["logins"]): void {
  reply.setCookie(name, "", { ...logins.cookie, maxAge: 0 });
}

/** Throws API_UNAUTHENTICATED. */
async function current(request: FastifyRequest, { asking, directory }: EvoContext): Promise<Answer> {
  const principal = await asking.identify(request);
  const user = principal && directory.users.get(principal.accountId, principal.userId);
  if (user === undefined) throw apiRefusal("API_UNAUTHENTICATED");
  return answerOf(user, principal?.via === "basic" ? "basic" : "credentials");
}

function answerOf(user: User, authProvider: string): Answer {
  return {
    userId: user.id,
    userName: user.email,
    displayName: nameOf(user),
    roles: user.roles.map((role) => vendorRoles[role]),
    authProvider,
  };
}

function nameOf({ firstName, lastName }: User): string {
  return `${firstName} ${lastName}`.trim();
}

/** Tokens of our own cookies; a login of another dialect in the same browser stays. */
function tokensOf(request: FastifyRequest): readonly string[] {
  return loginCookies.flatMap((name) => request.cookies[name] ?? []);
}
