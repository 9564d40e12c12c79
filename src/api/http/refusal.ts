/** Turns whatever was thrown while a request was handled into one refusal, so that dialects meet only codes. */
import { directoryRefusal } from "../../directory/index.ts";
import { CallwrightError } from "../../kernel/index.ts";
import { isRefusal, type Refusal } from "./codes.ts";
import { apiRefusal } from "./errors.ts";

type ApiCode = Parameters<typeof apiRefusal>[0];

/** Errors of the framework that have a meaning of their own (fastify: docs/Reference/Errors). */
const ofFramework: Readonly<Record<string, ApiCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "API_BODY_TOO_LARGE",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "API_MEDIA_TYPE_UNSUPPORTED",
  FST_ERR_CTP_EMPTY_JSON_BODY: "API_BODY_MALFORMED",
  FST_ERR_CTP_INVALID_JSON_BODY: "API_BODY_MALFORMED",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "API_BODY_MALFORMED",
};

export function asRefusal(error: unknown): Refusal {
  if (isRefusal(error)) return error;
  // The history of calls is behind a port; whoever implements it has codes of its own for a database that is away.
  if (error instanceof CallwrightError && error.category === "unavailable")
    return directoryRefusal("DIRECTORY_UNAVAILABLE", {}, { cause: error }) as Refusal;
  const { code, statusCode } = traits(error);
  const known = code === undefined ? undefined : ofFramework[code];
  if (known !== undefined) return made(known, error);
  if (error instanceof SyntaxError && statusCode === 400) return made("API_BODY_MALFORMED", error);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return made("API_REQUEST_MALFORMED", error);
  return made("API_INTERNAL", error);
}

function made(code: ApiCode, cause: unknown): Refusal {
  return apiRefusal(code, {}, { cause }) as Refusal;
}

function traits(error: unknown): { readonly code?: string; readonly statusCode?: number } {
  if (typeof error !== "object" || error === null) return {};
  return {
    ...("code" in error && typeof error.code === "string" ? { code: error.code } : {}),
    ...("statusCode" in error && typeof error.statusCode === "number" ? { statusCode: error.statusCode } : {}),
  };
}
