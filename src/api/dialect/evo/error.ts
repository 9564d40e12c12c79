/** Refusals as ServiceStack's ResponseStatus, in the format of the caller. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Code, Refusal } from "../../http/codes.ts";
import { apiRefusal } from "../../http/errors.ts";
import { list, orderedContract, text, textsByName, type ValueOf } from "./format/shape.ts";
import { answerFormat, sendDto } from "./response.ts";
import { isPredefinedPath } from "./routing.ts";

const responseError = orderedContract("ResponseError", { errorCode: text, fieldName: text, message: text, meta: textsByName });

const responseStatus = orderedContract("ResponseStatus", {
  errorCode: text,
  message: text,
  stackTrace: text,
  errors: list(responseError),
  meta: textsByName,
});

const errorResponse = orderedContract("ErrorResponse", { responseStatus });

/** What is wrong with one member; `fieldName` is the C# property, in PascalCase. */
export type FieldError = { readonly errorCode: string; readonly fieldName: string; readonly message: string };

type Answer = {
  readonly status: number;
  readonly errorCode: string;
  /** Where the vendor's sentence is known; else the refusal's own. */
  readonly message?: string;
  /** The member that the refusal is about. */
  readonly fieldName?: string;
};

const noSuchOperation = "The operation does not exist for this service";

const answers: Record<Code, Answer> = {
  CALL_NOT_FOUND: { status: 404, errorCode: "NotFound", message: "There is no such session." },
  CALL_ENDED: { status: 409, errorCode: "Conflict", message: "The session has ended." },
  CALL_STATE_FORBIDS: { status: 409, errorCode: "Conflict" },
  CALL_FLOW_UNKNOWN: { status: 400, errorCode: "InvalidFlowId", fieldName: "FlowId" },
  CALL_NUMBER_INVALID: { status: 400, errorCode: "InvalidNumberToDial", fieldName: "NumberToDial" },
  CALL_DESTINATION_UNKNOWN: { status: 400, errorCode: "InvalidNumberToDial", fieldName: "NumberToDial" },
  CALL_RECORDING_UNKNOWN: { status: 404, errorCode: "NotFound" },
  CALL_DIGITS_INVALID: { status: 400, errorCode: "ArgumentException" },
  CALL_PARTY_UNKNOWN: { status: 404, errorCode: "NotFound" },
  CALL_NOT_A_PARTY: { status: 403, errorCode: "Forbidden" },
  CALL_CALLER_ID_NOT_OWNED: { status: 400, errorCode: "InvalidCallerId", fieldName: "CallerId" },
  CALL_CALLER_ID_INVALID: { status: 400, errorCode: "InvalidCallerId", fieldName: "CallerId" },
  CALL_HEADER_INVALID: { status: 400, errorCode: "InvalidHeader" },
  CALL_HOST_NOT_ALLOWED: { status: 400, errorCode: "InvalidNumberToDial", fieldName: "NumberToDial" },
  CALL_NO_CALLER_ID: { status: 400, errorCode: "InvalidCallerId", fieldName: "CallerId" },
  CALL_DATA_TOO_LARGE: { status: 400, errorCode: "InvalidConsoleData", fieldName: "ConsoleData" },
  MESSAGE_TOO_LARGE: { status: 400, errorCode: "ArgumentException" },
  MESSAGE_NOBODY_REGISTERED: { status: 409, errorCode: "Conflict" },
  CALLS_UNAVAILABLE: { status: 503, errorCode: "ServiceUnavailable" },
  EVENTS_GONE: { status: 410, errorCode: "Gone" },
  JOURNAL_FULL: { status: 503, errorCode: "ServiceUnavailable" },
  DIRECTORY_DUPLICATE: { status: 409, errorCode: "Conflict" },
  DIRECTORY_GONE: { status: 404, errorCode: "NotFound" },
  DIRECTORY_UNAVAILABLE: { status: 503, errorCode: "ServiceUnavailable" },
  PROMPT_UNREADABLE: { status: 400, errorCode: "ArgumentException" },
  PROMPT_UNREACHABLE: { status: 503, errorCode: "ServiceUnavailable" },
  PROMPT_TOO_LARGE: { status: 413, errorCode: "RequestEntityTooLarge" },
  PROMPT_TIMEOUT: { status: 503, errorCode: "ServiceUnavailable" },
  PROMPT_UNKNOWN: { status: 404, errorCode: "NotFound" },
  RECORDING_NOT_FOUND: { status: 404, errorCode: "NotFound" },
  RECORDING_SILENT: { status: 404, errorCode: "NotFound" },
  RECORDING_UNDER_WAY: { status: 409, errorCode: "Conflict" },
  SCRIPT_MISSING: { status: 500, errorCode: "InternalServerError" },
  SCRIPT_MISMATCH: { status: 500, errorCode: "InternalServerError" },
  API_REQUEST_MALFORMED: { status: 400, errorCode: "ArgumentException" },
  API_BODY_MALFORMED: { status: 400, errorCode: "SerializationException" },
  API_BODY_TOO_LARGE: { status: 413, errorCode: "RequestEntityTooLarge" },
  API_RANGE_UNSATISFIABLE: { status: 416, errorCode: "RequestedRangeNotSatisfiable" },
  API_MEMBER_UNKNOWN: { status: 400, errorCode: "RequestBindingException" },
  API_MEMBER_INVALID: { status: 400, errorCode: "RequestBindingException" },
  API_MEDIA_TYPE_UNSUPPORTED: { status: 400, errorCode: "SerializationException" },
  API_UNAUTHENTICATED: { status: 401, errorCode: "Unauthorized", message: "Not Authenticated" },
  API_CREDENTIALS_WRONG: { status: 401, errorCode: "Unauthorized", message: "Invalid Username or Password" },
  API_ROLE_MISSING: { status: 403, errorCode: "Invalid Role", message: "Invalid Role" },
  API_ROUTE_UNKNOWN: { status: 404, errorCode: "NotFound" },
  API_METHOD_NOT_ALLOWED: { status: 405, errorCode: "NotImplementedException", message: noSuchOperation },
  API_RATE_LIMITED: { status: 429, errorCode: "TooManyRequests" },
  API_RESOURCE_UNKNOWN: { status: 404, errorCode: "NotFound" },
  API_VERSION_CHANGED: { status: 409, errorCode: "OptimisticConcurrencyException" },
  API_KEY_REUSED: { status: 409, errorCode: "Conflict" },
  API_INTERNAL: { status: 500, errorCode: "InternalServerError" },
  USER_LAST_ADMINISTRATOR: { status: 409, errorCode: "Conflict" },
  FLOW_INVALID: { status: 400, errorCode: "ArgumentException" },
  FLOW_IN_USE: { status: 409, errorCode: "Conflict" },
  DEMO_PHONE_ABSENT: { status: 404, errorCode: "NotFound" },
  DEMO_PHONE_SILENT: { status: 404, errorCode: "NotFound" },
};

/** Values that a request may not have. The first mistake speaks for the whole, unless `title` does. */
export function fieldRefusal(
  errors: readonly [FieldError, ...FieldError[]],
  title?: { readonly errorCode: string; readonly message: string },
) {
  const { errorCode, message } = title ?? errors[0];
  return apiRefusal("API_MEMBER_INVALID", { errorCode, message, fieldErrors: errors });
}

export function answerRefusal(refusal: Refusal, request: FastifyRequest, reply: FastifyReply): unknown {
  // A known address with another method is as unknown as any other; only named operations tell the difference.
  if (refusal.code === "API_ROUTE_UNKNOWN" || (refusal.code === "API_METHOD_NOT_ALLOWED" && !isPredefinedPath(request.url))) {
    reply.removeHeader("allow");
    return reply.code(404).type("text/plain; charset=utf-8").send("Handler for Request not found");
  }
  const { status } = answers[refusal.code];
  const format = answerFormat(request);
  // A script element cannot read an answer with another status.
  reply.code(format.callback === undefined ? status : 200);
  return sendDto(reply, format, errorResponse, { responseStatus: statusOf(refusal) });
}

function statusOf(refusal: Refusal): ValueOf<typeof responseStatus> {
  const { fieldErrors, errorCode, message, reason } = refusal.details;
  const answer = answers[refusal.code];
  const title = {
    errorCode: typeof errorCode === "string" ? errorCode : answer.errorCode,
    message: [message, reason, answer.message].find((sentence) => typeof sentence === "string") ?? refusal.message,
  };
  if (Array.isArray(fieldErrors)) return { ...title, errors: fieldErrors as readonly FieldError[] };
  const { fieldName } = answer;
  return { ...title, errors: fieldName === undefined ? [] : [{ ...title, fieldName }] };
}
