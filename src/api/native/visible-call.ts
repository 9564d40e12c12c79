import { type Call, callRefusal, type Views } from "../../calls/index.ts";
import { hasRole, type Principal } from "../http/principal.ts";

/** Who sees all calls of the account, and may make some. */
export const callMakers = ["administrator", "manager"] as const;

/** The call of that id. A role that sees only its own calls gets no others: they do not exist for it. Throws CALL_NOT_FOUND. */
export async function visibleCall(views: Views, principal: Principal, callId: string): Promise<Call> {
  if (hasRole(principal, ...callMakers)) {
    const call = await views.get(principal.accountId, callId);
    if (call !== undefined) return call;
  } else {
    const { items } = await views.list(principal.accountId, { ids: [callId], userId: principal.userId }, { limit: 1 });
    if (items[0] !== undefined) return items[0];
  }
  throw callRefusal("CALL_NOT_FOUND");
}
