import { type ErrorRegistry, refusals } from "../kernel/index.ts";

export const storeErrors = {
  STORE_DATA_IN_USE: {
    category: "conflict",
    message: "Another server already uses this data directory. Stop it first, or choose another CALLWRIGHT_DATA_DIR.",
  },
  STORE_DATA_UNUSABLE: {
    category: "unavailable",
    message: "The data directory cannot be used. Choose one that this user may write, by CALLWRIGHT_DATA_DIR.",
  },
  STORE_KEY_INVALID: {
    category: "unavailable",
    message:
      "The file secret.key in the data directory is damaged. Put it back from a backup; without it stored trunk passwords cannot be read.",
  },
  STORE_NO_POSTGRES: {
    category: "unavailable",
    message: "There is no PostgreSQL for this platform. Set DATABASE_URL to a PostgreSQL database.",
  },
  STORE_START_FAILED: { category: "unavailable", message: "The local PostgreSQL server did not start." },
  STORE_UNAVAILABLE: { category: "unavailable", message: "The database cannot be reached. Try again in a moment." },
} as const satisfies ErrorRegistry;

export const storeRefusal = refusals(storeErrors);
