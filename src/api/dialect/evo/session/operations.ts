import { type Call, type CallCommand, callRefusal } from "../../../../calls/index.ts";
import { isE164 } from "../../../../directory/index.ts";
import { isId } from "../../../../kernel/index.ts";
import { principalOf } from "../../../http/authorisation.ts";
import { pickCallerId } from "../../../http/caller-id.ts";
import { apiRefusal } from "../../../http/errors.ts";
import { hasRole, type Principal } from "../../../http/principal.ts";
import { type FieldError, fieldRefusal } from "../error.ts";
import { operation } from "../operations.ts";
import type { EvoContext } from "../options.ts";
import {
  endSession,
  getMySessions,
  getMySessionsResponse,
  getSession,
  listSessions,
  listSessionsResponse,
  newOutgoingSession,
  patchSession,
  sessionInfo,
} from "./contracts.ts";
import { collectCalls, listOf } from "./list.ts";
import { commandsOf } from "./patch.ts";
import { belongsTo, sessionOf } from "./view.ts";

const overseers = ["administrator", "manager"] as const;

export const sessionOperations = [
  operation({
    request: newOutgoingSession,
    response: undefined,
    access: overseers,
    routes: [["POST", "/sessions/outgoing"]],
    async run({ dto, request, reply }, { calls, directory, ids }) {
      const { accountId, userId } = principalOf(request);
      const { flowId = "", numberToDial = "", callerId = "" } = dto;
      const [first, ...rest] = mistakesOf({ flowId, numberToDial, callerId }, accountId, directory);
      if (first !== undefined) throw fieldRefusal([first, ...rest]);
      const presented = callerId === "" ? pickCallerId(directory, ids, accountId) : callerId;
      const call = await calls.originate(accountId, { by: userId, to: numberToDial, callerId: presented, flowId });
      reply.header("location", `/sessions/${call.id}`);
      return undefined;
    },
  }),
  operation({
    request: getMySessions,
    response: getMySessionsResponse,
    access: ["user"],
    routes: [["GET", "/sessions/my"]],
    async run({ request }, { views, directory }) {
      const { accountId, userId } = principalOf(request);
      const { found } = await collectCalls(views, accountId, { userId, live: true }, "newest");
      return { sessions: found.map((call) => sessionOf(call, directory)) };
    },
  }),
  operation({
    request: listSessions,
    response: listSessionsResponse,
    access: "authenticated",
    routes: [["GET", "/sessions"]],
    async run({ dto, request }, { views, directory }) {
      const principal = principalOf(request);
      return listOf(dto, views, directory, principal, hasRole(principal, ...overseers));
    },
  }),
  operation({
    request: getSession,
    response: sessionInfo,
    access: "authenticated",
    routes: [["GET", "/sessions/:sessionId"]],
    async run({ dto, request }, context) {
      const call = await reachableCall(principalOf(request), dto.sessionId, context);
      // The log of one session is only given by the list.
      return { ...sessionOf(call, context.directory), log: [] };
    },
  }),
  operation({
    request: patchSession,
    response: sessionInfo,
    access: "authenticated",
    routes: [["PATCH", "/sessions/:sessionId"]],
    async run({ dto, request }, context) {
      const principal = principalOf(request);
      let call = await reachableCall(principal, dto.sessionId, context);
      for (const command of commandsOf(dto, call, principal.userId)) call = await send(principal, call, command, context);
      return sessionOf(call, context.directory);
    },
  }),
  operation({
    request: endSession,
    response: undefined,
    access: "authenticated",
    routes: [["DELETE", "/sessions/:sessionId"]],
    async run({ dto, request }, context) {
      const principal = principalOf(request);
      const call = await reachableCall(principal, dto.sessionId, context);
      await send(principal, call, { kind: "hang-up", by: principal.userId }, context);
      return undefined;
    },
  }),
];

type NewSession = { readonly flowId: string; readonly numberToDial: string; readonly callerId: string };

function mistakesOf(wanted: NewSession, accountId: string, directory: EvoContext["directory"]): readonly FieldError[] {
  const { flowId, numberToDial, callerId } = wanted;
  const errors: FieldError[] = [];
  if (flowId === "") errors.push({ errorCode: "NotEmpty", fieldName: "FlowId", message: "'Flow Id' must not be empty." });
  else if (directory.flows.get(accountId, flowId) === undefined) {
    errors.push({ errorCode: "InvalidFlowId", fieldName: "FlowId", message: "There is no flow with this id." });
  }
  if (numberToDial === "") {
    errors.push({ errorCode: "NotEmpty", fieldName: "NumberToDial", message: "'Number To Dial' must not be empty." });
  } else if (!isE164(numberToDial)) {
    const message = "The number must be in E.164 form, for example +18144043093.";
    errors.push({ errorCode: "InvalidNumberToDial", fieldName: "NumberToDial", message });
  }
  if (callerId !== "" && directory.numbers.byNumber(callerId)?.accountId !== accountId) {
    errors.push({ errorCode: "InvalidCallerId", fieldName: "CallerId", message: "The caller id must be a number that the account owns." });
  }
  return errors;
}

/** Another account's session does not exist; one of this account that is somebody else's is refused. */
async function reachableCall(principal: Principal, sessionId: string | undefined, { views }: EvoContext): Promise<Call> {
  const call = sessionId === undefined || !isId(sessionId) ? undefined : await views.get(principal.accountId, sessionId);
  if (call === undefined) throw callRefusal("CALL_NOT_FOUND");
  if (hasRole(principal, ...overseers) || belongsTo(call, principal.userId)) return call;
  throw apiRefusal("API_ROLE_MISSING", { errorCode: "Forbidden", message: "This session belongs to somebody else." });
}

function send(principal: Principal, call: Call, command: CallCommand, { calls }: EvoContext): Promise<Call> {
  return calls.send(principal.accountId, call.id, command);
}
