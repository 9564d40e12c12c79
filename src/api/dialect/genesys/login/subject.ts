/** To whom a CometD client belongs: the same logins as over HTTP. */
import type { Authenticate } from "../../../bayeux/transport/identity.ts";
import type { Logins } from "../../../http/login.ts";
import { loginIdOf, sessionCookie } from "./http-sessions.ts";

/** The cookie counts first: a client that sends its credentials as well stays bound to the session, and ends with it. */
export function subjectBy(logins: Logins): Authenticate {
  return async ({ headers, cookies, address }) => {
    const token = cookies[sessionCookie];
    const holder = token === undefined ? undefined : await logins.identify({ authorization: undefined, tokens: [token], address });
    if (token !== undefined && holder !== undefined) return { key: holder.userId, loginId: loginIdOf(token) };
    const principal = await logins.identify({ authorization: headers.authorization, tokens: [], address });
    return principal && { key: principal.userId, loginId: `${principal.via} ${principal.userId}` };
  };
}
