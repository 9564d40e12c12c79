/** Every code that an HTTP answer can carry. A dialect maps `Record<Code, …>`, so a new code does not compile until all of them answer it. */
import { callErrors } from "../../calls/index.ts";
import { directoryErrors } from "../../directory/index.ts";
import { flowErrors } from "../../flows/index.ts";
import { CallwrightError } from "../../kernel/index.ts";
import { mediaErrors } from "../../media/index.ts";
import { recordingErrors } from "../../recordings/index.ts";
import { apiErrors } from "./errors.ts";

export const allCodes = { ...callErrors, ...directoryErrors, ...flowErrors, ...mediaErrors, ...recordingErrors, ...apiErrors } as const;

export type Code = keyof typeof allCodes;

/** A refusal that every dialect knows how to answer. */
export type Refusal = CallwrightError & { readonly code: Code };

export function isRefusal(error: unknown): error is Refusal {
  return error instanceof CallwrightError && Object.hasOwn(allCodes, error.code);
}
