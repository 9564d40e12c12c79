import { type ErrorRegistry, refusals } from "../kernel/index.ts";

export const directoryErrors = {
  DIRECTORY_DUPLICATE: { category: "conflict", message: "This value is already taken." },
  DIRECTORY_GONE: { category: "not-found", message: "There is no such entry." },
  DIRECTORY_UNAVAILABLE: { category: "unavailable", message: "The database cannot be reached; nothing was changed. Try again." },
} as const satisfies ErrorRegistry;

export const directoryRefusal = refusals(directoryErrors);
