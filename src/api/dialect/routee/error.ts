/** Refusals as `{ code, developerMessage }` with a code of nine digits: HTTP status, module, number within the module. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Code, Refusal } from "../../http/codes.ts";
import { apiRefusal } from "../../http/errors.ts";
import type { Mistakes } from "./request.ts";

type Answer = {
  readonly code: string;
  /** The member that the refusal is about. */
  readonly property?: string;
  readonly message?: string;
};

const invalid = "400000000";
const notFound = "404000000";
const conflict = "409000000";
const unavailable = "503000000";
const internal = { code: "500000000", message: "Internal error." };

const answers: Record<Code, Answer> = {
  CALL_NOT_FOUND: { code: "404013001" },
  CALL_ENDED: { code: "404013001" },
  CALL_STATE_FORBIDS: { code: "400013001" },
  CALL_DATA_TOO_LARGE: { code: invalid },
  MESSAGE_TOO_LARGE: { code: invalid },
  MESSAGE_NOBODY_REGISTERED: { code: "400013001" },
  CALL_FLOW_UNKNOWN: { code: invalid },
  CALL_NUMBER_INVALID: { code: invalid, property: "to.phone" },
  CALL_DESTINATION_UNKNOWN: { code: invalid, property: "to" },
  CALL_PARTY_UNKNOWN: { code: "404013001" },
  CALL_NOT_A_PARTY: { code: "404013001" },
  CALL_RECORDING_UNKNOWN: { code: notFound },
  CALL_DIGITS_INVALID: { code: invalid },
  CALL_CALLER_ID_NOT_OWNED: { code: invalid, property: "from" },
  CALL_CALLER_ID_INVALID: { code: invalid, property: "from" },
  CALL_HEADER_INVALID: { code: invalid },
  CALL_HOST_NOT_ALLOWED: { code: invalid, property: "to.sip" },
  CALL_NO_CALLER_ID: { code: invalid, property: "from" },
  CALLS_UNAVAILABLE: { code: unavailable },
  EVENTS_GONE: { code: notFound },
  JOURNAL_FULL: { code: unavailable },
  DIRECTORY_DUPLICATE: { code: conflict },
  DIRECTORY_GONE: { code: notFound },
  DIRECTORY_UNAVAILABLE: { code: unavailable },
  PROMPT_UNREADABLE: { code: invalid },
  PROMPT_UNREACHABLE: { code: unavailable },
  PROMPT_TOO_LARGE: { code: "413000000" },
  PROMPT_TIMEOUT: { code: unavailable },
  PROMPT_UNKNOWN: { code: notFound },
  RECORDING_NOT_FOUND: { code: notFound },
  RECORDING_SILENT: { code: notFound },
  RECORDING_UNDER_WAY: { code: conflict },
  SCRIPT_MISSING: internal,
  SCRIPT_MISMATCH: internal,
  API_REQUEST_MALFORMED: { code: invalid },
  API_BODY_MALFORMED: { code: invalid, message: "The body is not JSON." },
  API_BODY_TOO_LARGE: { code: "413000000" },
  API_RANGE_UNSATISFIABLE: { code: "416000000" },
  API_MEMBER_UNKNOWN: { code: invalid },
  API_MEMBER_INVALID: { code: invalid },
  API_MEDIA_TYPE_UNSUPPORTED: { code: "415000000", message: "Content-Type must be application/json." },
  API_UNAUTHENTICATED: { code: "401000000", message: "Full authentication is required: send an access token as Bearer." },
  API_CREDENTIALS_WRONG: { code: "401000000", message: "The access token is wrong or has expired." },
  API_ROLE_MISSING: { code: "403000000", message: "The access token does not have the scope that this needs." },
  API_ROUTE_UNKNOWN: { code: notFound },
  API_METHOD_NOT_ALLOWED: { code: "405000000" },
  API_RATE_LIMITED: { code: "429013000" },
  API_RESOURCE_UNKNOWN: { code: notFound },
  API_VERSION_CHANGED: { code: conflict },
  API_KEY_REUSED: { code: conflict },
  API_INTERNAL: internal,
  USER_LAST_ADMINISTRATOR: { code: conflict },
  FLOW_INVALID: { code: invalid },
  FLOW_IN_USE: { code: conflict },
  DEMO_PHONE_ABSENT: { code: notFound },
  DEMO_PHONE_SILENT: { code: notFound },
};

const validation = "Validation Error!";

/** Values that a request may not have; `entity` is the vendor's name of what was sent. */
export function validationRefusal(entity: string, { properties }: Mistakes) {
  return apiRefusal("API_MEMBER_INVALID", { entity, properties, message: validation });
}

/** Nothing has this id. */
export function unknownRefusal(entity: "conversation" | "message" | "number", property: string, value: string) {
  const nineDigits = entity === "number" ? "404021001" : "404013001";
  const message = `${entity} with ${property} '${value.slice(0, 100)}' was not found!`;
  return apiRefusal("API_RESOURCE_UNKNOWN", { nineDigits, entity, property, value: value.slice(0, 100), message });
}

/** What OAuth clients read (RFC 6749 §5.2). */
export type TokenError = "invalid_client" | "invalid_request" | "invalid_scope" | "unauthorized" | "unsupported_grant_type";

export function tokenRefusal(error: TokenError, message: string) {
  const code = error === "invalid_client" || error === "unauthorized" ? "API_CREDENTIALS_WRONG" : "API_REQUEST_MALFORMED";
  return apiRefusal(code, { error, message });
}

export function answerRefusal(refusal: Refusal, request: FastifyRequest, reply: FastifyReply): unknown {
  const asksForToken = /^\/oauth\//i.test(request.url);
  if (refusal.category === "unauthenticated") reply.header("www-authenticate", `${asksForToken ? "Basic" : "Bearer"} realm="callwright"`);
  const { code, body } = asksForToken ? oauthAnswer(refusal) : answerOf(refusal);
  return reply.code(code).send(body);
}

type Body = { readonly code: number; readonly body: Readonly<Record<string, unknown>> };

function oauthAnswer(refusal: Refusal): Body {
  const { error } = refusal.details;
  const code = typeof error === "string" ? (refusal.category === "unauthenticated" ? 401 : 400) : statusOf(answers[refusal.code].code);
  const usual = code === 429 || code >= 500 ? "temporarily_unavailable" : "invalid_request";
  return { code, body: { error: typeof error === "string" ? error : usual, error_description: refusal.message } };
}

function answerOf(refusal: Refusal): Body {
  const { nineDigits, entity, properties, property, value } = refusal.details;
  const answer = answers[refusal.code];
  const code = typeof nineDigits === "string" ? nineDigits : answer.code;
  // What the call layer finds wrong with a member looks as if it had been found here.
  if (answer.property !== undefined) {
    return {
      code: statusOf(code),
      body: { code, developerMessage: validation, entity: "VoiceConversation", properties: { [answer.property]: refusal.message } },
    };
  }
  const { message, reason } = refusal.details;
  const developerMessage = [message, reason, answer.message].find((text) => typeof text === "string") ?? refusal.message;
  return { code: statusOf(code), body: { code, developerMessage, entity, properties, property, value } };
}

function statusOf(code: string): number {
  return Number(code.slice(0, 3));
}
