import { callRefusal } from "./errors.ts";
import type { Json } from "./model.ts";

const limitKeys = 200;
const limitChars = 65_536;

/** What a call may carry of user data: it is in memory, in the journal and in every notification. Throws CALL_DATA_TOO_LARGE. */
export function requireFitting(userData: Readonly<Record<string, Json>>): void {
  if (Object.keys(userData).length > limitKeys || JSON.stringify(userData).length > limitChars) {
    throw callRefusal("CALL_DATA_TOO_LARGE", { limitKeys, limitChars });
  }
}
