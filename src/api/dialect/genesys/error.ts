/** Refusals as `{statusCode, statusMessage}` under an HTTP status. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Code, Refusal } from "../../http/codes.ts";
import { apiRefusal } from "../../http/errors.ts";

/** The vendor's status codes that are answered here, each with its HTTP status and the house's code for it. */
const statusCodes = {
  1: { status: 400, code: "API_MEMBER_INVALID", message: "A required parameter is missing." },
  2: { status: 400, code: "API_MEMBER_INVALID", message: "The current state does not allow this." },
  3: { status: 403, code: "API_ROLE_MISSING", message: "The operation is forbidden." },
  4: { status: 500, code: "API_INTERNAL", message: "Internal error." },
  5: { status: 403, code: "API_ROLE_MISSING", message: "You do not have permission for this." },
  6: { status: 404, code: "API_RESOURCE_UNKNOWN", message: "The resource does not exist." },
  10: { status: 400, code: "API_MEMBER_INVALID", message: "The request is not valid." },
  18: { status: 409, code: "API_MEMBER_INVALID", message: "It exists already." },
  19: { status: 409, code: "API_MEMBER_INVALID", message: "It is in use." },
  20: { status: 403, code: "API_UNAUTHENTICATED", message: "Access denied" },
} as const;

export type StatusCode = keyof typeof statusCodes;

type Answer = {
  readonly statusCode: StatusCode;
  /** Where it is not the usual one of the status code. */
  readonly status?: number;
};

const answers: Record<Code, Answer> = {
  CALL_NOT_FOUND: { statusCode: 6 },
  CALL_ENDED: { statusCode: 6 },
  CALL_STATE_FORBIDS: { statusCode: 2 },
  CALL_DATA_TOO_LARGE: { statusCode: 10 },
  MESSAGE_TOO_LARGE: { statusCode: 10 },
  MESSAGE_NOBODY_REGISTERED: { statusCode: 2 },
  CALL_FLOW_UNKNOWN: { statusCode: 10 },
  CALL_NUMBER_INVALID: { statusCode: 10 },
  CALL_DESTINATION_UNKNOWN: { statusCode: 10 },
  CALL_PARTY_UNKNOWN: { statusCode: 6 },
  CALL_NOT_A_PARTY: { statusCode: 6 },
  CALL_RECORDING_UNKNOWN: { statusCode: 6 },
  CALL_DIGITS_INVALID: { statusCode: 10 },
  CALL_CALLER_ID_NOT_OWNED: { statusCode: 5 },
  CALL_CALLER_ID_INVALID: { statusCode: 10 },
  CALL_HEADER_INVALID: { statusCode: 10 },
  CALL_HOST_NOT_ALLOWED: { statusCode: 10 },
  CALL_NO_CALLER_ID: { statusCode: 5 },
  CALLS_UNAVAILABLE: { statusCode: 4, status: 503 },
  EVENTS_GONE: { statusCode: 6 },
  JOURNAL_FULL: { statusCode: 4, status: 503 },
  DIRECTORY_DUPLICATE: { statusCode: 18 },
  DIRECTORY_GONE: { statusCode: 6 },
  DIRECTORY_UNAVAILABLE: { statusCode: 4, status: 503 },
  PROMPT_UNREADABLE: { statusCode: 10 },
  PROMPT_UNREACHABLE: { statusCode: 4, status: 503 },
  PROMPT_TOO_LARGE: { statusCode: 10, status: 413 },
  PROMPT_TIMEOUT: { statusCode: 4, status: 503 },
  PROMPT_UNKNOWN: { statusCode: 6 },
  RECORDING_NOT_FOUND: { statusCode: 6 },
  RECORDING_SILENT: { statusCode: 6 },
  RECORDING_UNDER_WAY: { statusCode: 2 },
  SCRIPT_MISSING: { statusCode: 4 },
  SCRIPT_MISMATCH: { statusCode: 4 },
  API_REQUEST_MALFORMED: { statusCode: 10 },
  API_BODY_MALFORMED: { statusCode: 10 },
  API_BODY_TOO_LARGE: { statusCode: 10, status: 413 },
  API_RANGE_UNSATISFIABLE: { statusCode: 10, status: 416 },
  API_MEMBER_UNKNOWN: { statusCode: 10 },
  API_MEMBER_INVALID: { statusCode: 10 },
  API_MEDIA_TYPE_UNSUPPORTED: { statusCode: 10, status: 415 },
  API_UNAUTHENTICATED: { statusCode: 20 },
  API_CREDENTIALS_WRONG: { statusCode: 20 },
  API_ROLE_MISSING: { statusCode: 5 },
  API_ROUTE_UNKNOWN: { statusCode: 6 },
  API_METHOD_NOT_ALLOWED: { statusCode: 3, status: 405 },
  API_RATE_LIMITED: { statusCode: 20, status: 429 },
  API_RESOURCE_UNKNOWN: { statusCode: 6 },
  API_VERSION_CHANGED: { statusCode: 19 },
  API_KEY_REUSED: { statusCode: 19 },
  API_INTERNAL: { statusCode: 4 },
  USER_LAST_ADMINISTRATOR: { statusCode: 19 },
  FLOW_INVALID: { statusCode: 10 },
  FLOW_IN_USE: { statusCode: 19 },
  DEMO_PHONE_ABSENT: { statusCode: 6 },
  DEMO_PHONE_SILENT: { statusCode: 6 },
};

/** A refusal of this dialect's own. */
export function statusRefusal(statusCode: StatusCode, message: string = statusCodes[statusCode].message) {
  return apiRefusal(statusCodes[statusCode].code, { statusCode, message });
}

/** What was refused, in words that say no more to strangers than that. */
function refusalBody(refusal: Refusal): { readonly statusCode: StatusCode; readonly statusMessage: string } {
  const { statusCode } = answerOf(refusal);
  const { message, reason } = refusal.details;
  if (statusCode === 20) return { statusCode, statusMessage: statusCodes[20].message };
  const told = [message, reason].find((sentence) => typeof sentence === "string");
  return { statusCode, statusMessage: told ?? refusal.message };
}

export function answerRefusal(refusal: Refusal, _request: FastifyRequest, reply: FastifyReply): unknown {
  const { statusCode, status = statusCodes[statusCode].status } = answerOf(refusal);
  // Without login the vendor answers 403, and a browser must not ask for a password of its own.
  reply.removeHeader("www-authenticate");
  return reply.code(status).send(refusalBody(refusal));
}

function answerOf(refusal: Refusal): Answer {
  const { statusCode } = refusal.details;
  return typeof statusCode === "number" && Object.hasOwn(statusCodes, statusCode)
    ? { statusCode: statusCode as StatusCode }
    : answers[refusal.code];
}
