/** What a caller can do about a refusal. Dialects and SIP turn a code, and where they need less detail a category, into their own answers. */
export type ErrorCategory = "invalid" | "unauthenticated" | "denied" | "not-found" | "conflict" | "limit" | "unavailable" | "internal";

export type ErrorSpec = {
  readonly category: ErrorCategory;
  /** One sentence for the reader of an answer or of the reference; says what to do next where that helps. */
  readonly message: string;
};

/** A folder's registry: code → spec. Codes are upper snake case, unique in the whole server, stable across releases and documented by generation. */
export type ErrorRegistry = Readonly<Record<string, ErrorSpec>>;

export type ErrorDetails = Readonly<Record<string, unknown>>;

/** A refusal with a stable code. Bugs are ordinary errors; this class is for what a caller may meet in normal life. */
export class CallwrightError extends Error {
  readonly code: string;
  readonly category: ErrorCategory;
  /** Values a dialect may show: field names, ids, limits. Never a secret. */
  readonly details: ErrorDetails;

  constructor(code: string, spec: ErrorSpec, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(typeof details["message"] === "string" ? details["message"] : spec.message, options);
    this.name = "CallwrightError";
    this.code = code;
    this.category = spec.category;
    this.details = details;
  }
}

/** Returns the function with which a folder makes its errors: `const refusal = refusals(callErrors); throw refusal("CALL_NOT_FOUND", { callId })`. `details.message`, when given, replaces the registry's sentence. */
export function refusals<const R extends ErrorRegistry>(registry: R) {
  return <C extends keyof R & string>(code: C, details?: ErrorDetails, options?: ErrorOptions): CallwrightError =>
    new CallwrightError(code, registry[code] as ErrorSpec, details, options);
}

/** What a parser of outside bytes returns: bytes from the network never throw. `at` is the offset where it went wrong. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string; readonly at: number };

export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function unparsed(reason: string, at = 0): Parsed<never> {
  return { ok: false, reason, at };
}
