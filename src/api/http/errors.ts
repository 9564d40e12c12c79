import { type ErrorRegistry, refusals } from "../../kernel/index.ts";

/** Refusals of the HTTP surface itself, whatever the dialect. */
export const apiErrors = {
  API_REQUEST_MALFORMED: { category: "invalid", message: "The request could not be understood." },
  API_BODY_MALFORMED: { category: "invalid", message: "The body could not be read in the format its Content-Type names." },
  API_BODY_TOO_LARGE: { category: "limit", message: "The body is larger than 1 MiB." },
  API_RANGE_UNSATISFIABLE: { category: "invalid", message: "The range begins behind the end. Content-Range says how long it is." },
  API_MEMBER_UNKNOWN: { category: "invalid", message: "The request has a member that does not exist here." },
  API_MEMBER_INVALID: { category: "invalid", message: "A member of the request is missing or has a wrong value." },
  API_MEDIA_TYPE_UNSUPPORTED: { category: "invalid", message: "This Content-Type is not read here." },
  API_UNAUTHENTICATED: { category: "unauthenticated", message: "Sign in, or send Basic credentials or an API key." },
  API_CREDENTIALS_WRONG: { category: "unauthenticated", message: "The credentials are wrong." },
  API_ROLE_MISSING: { category: "denied", message: "Your roles do not allow this." },
  API_ROUTE_UNKNOWN: { category: "not-found", message: "There is nothing at this address." },
  API_METHOD_NOT_ALLOWED: { category: "invalid", message: "This address does not take this method." },
  API_RATE_LIMITED: { category: "limit", message: "Too many attempts. Wait as long as Retry-After says." },
  API_RESOURCE_UNKNOWN: { category: "not-found", message: "There is no such entry." },
  API_VERSION_CHANGED: { category: "conflict", message: "It was changed meanwhile: read it again, then repeat with its ETag." },
  API_KEY_REUSED: { category: "conflict", message: "This Idempotency-Key was already used for another request." },
  API_INTERNAL: { category: "internal", message: "Something failed in the server. The request id finds it in the log." },
  USER_LAST_ADMINISTRATOR: { category: "conflict", message: "The account would be left without an administrator." },
  FLOW_INVALID: { category: "invalid", message: "The flow document has mistakes." },
  FLOW_IN_USE: { category: "conflict", message: "A number runs this flow; give the number another one first." },
  DEMO_PHONE_ABSENT: { category: "not-found", message: "This server runs no demo phone (CALLWRIGHT_DEMO)." },
  DEMO_PHONE_SILENT: { category: "not-found", message: "The demo phone has recorded nothing yet; call it first." },
} as const satisfies ErrorRegistry;

export const apiRefusal = refusals(apiErrors);
