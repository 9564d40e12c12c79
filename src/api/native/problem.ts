/** Refusals as application/problem+json (RFC 9457). */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Mistake, Problem } from "../contract/answers.ts";
import type { Code, Refusal } from "../http/codes.ts";

const statuses: Record<Code, number> = {
  CALL_NOT_FOUND: 404,
  CALL_ENDED: 409,
  CALL_STATE_FORBIDS: 409,
  CALL_FLOW_UNKNOWN: 422,
  CALL_NUMBER_INVALID: 422,
  CALL_DESTINATION_UNKNOWN: 422,
  CALL_RECORDING_UNKNOWN: 404,
  CALL_DIGITS_INVALID: 422,
  CALL_PARTY_UNKNOWN: 404,
  CALL_NOT_A_PARTY: 403,
  CALL_CALLER_ID_NOT_OWNED: 422,
  CALL_CALLER_ID_INVALID: 422,
  CALL_HEADER_INVALID: 422,
  CALL_HOST_NOT_ALLOWED: 422,
  CALL_NO_CALLER_ID: 422,
  CALL_DATA_TOO_LARGE: 422,
  MESSAGE_TOO_LARGE: 422,
  MESSAGE_NOBODY_REGISTERED: 409,
  CALLS_UNAVAILABLE: 503,
  EVENTS_GONE: 410,
  JOURNAL_FULL: 503,
  DIRECTORY_DUPLICATE: 409,
  DIRECTORY_GONE: 404,
  DIRECTORY_UNAVAILABLE: 503,
  PROMPT_UNREADABLE: 422,
  PROMPT_UNREACHABLE: 503,
  PROMPT_TOO_LARGE: 413,
  PROMPT_TIMEOUT: 503,
  PROMPT_UNKNOWN: 404,
  RECORDING_NOT_FOUND: 404,
  RECORDING_SILENT: 404,
  RECORDING_UNDER_WAY: 409,
  SCRIPT_MISSING: 500,
  SCRIPT_MISMATCH: 500,
  API_REQUEST_MALFORMED: 400,
  API_BODY_MALFORMED: 400,
  API_BODY_TOO_LARGE: 413,
  API_RANGE_UNSATISFIABLE: 416,
  API_MEMBER_UNKNOWN: 400,
  API_MEMBER_INVALID: 400,
  API_MEDIA_TYPE_UNSUPPORTED: 415,
  API_UNAUTHENTICATED: 401,
  API_CREDENTIALS_WRONG: 401,
  API_ROLE_MISSING: 403,
  API_ROUTE_UNKNOWN: 404,
  API_METHOD_NOT_ALLOWED: 405,
  API_RATE_LIMITED: 429,
  API_RESOURCE_UNKNOWN: 404,
  API_VERSION_CHANGED: 412,
  API_KEY_REUSED: 409,
  API_INTERNAL: 500,
  USER_LAST_ADMINISTRATOR: 409,
  FLOW_INVALID: 422,
  FLOW_IN_USE: 409,
  DEMO_PHONE_ABSENT: 404,
  DEMO_PHONE_SILENT: 404,
};

const titles: Readonly<Record<number, string>> = {
  400: "The request is wrong",
  401: "Not signed in",
  403: "Not allowed",
  404: "Not found",
  405: "Method not allowed",
  409: "Not possible now",
  410: "Gone",
  412: "Changed meanwhile",
  413: "Too large",
  415: "Unknown media type",
  416: "Range not satisfiable",
  422: "The request cannot be met",
  429: "Too many attempts",
  500: "Server error",
  503: "Not available now",
};

export function answerProblem(refusal: Refusal, request: FastifyRequest, reply: FastifyReply): unknown {
  const status = statuses[refusal.code];
  const mistakes = mistakesOf(refusal);
  const { reason } = refusal.details;
  const problem: Problem = {
    type: "about:blank",
    title: titles[status] ?? "Error",
    status,
    code: refusal.code,
    detail: typeof reason === "string" ? `${refusal.message} (${reason})` : refusal.message,
    ...(mistakes.length > 0 ? { errors: mistakes } : {}),
    requestId: request.id,
  };
  return reply.code(status).type("application/problem+json").serializer(JSON.stringify).send(problem);
}

/** `details.errors` has several mistakes; `details.field` names one member. */
function mistakesOf(refusal: Refusal): readonly Mistake[] {
  const { errors, field } = refusal.details;
  if (Array.isArray(errors)) return errors as readonly Mistake[];
  return typeof field === "string" ? [{ path: field, message: refusal.message }] : [];
}
