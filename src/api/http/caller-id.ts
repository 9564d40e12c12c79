import { callRefusal } from "../../calls/index.ts";
import type { Directory } from "../../directory/index.ts";
import type { Ids } from "../../kernel/index.ts";

/** One of the account's numbers by chance, for calls that name none. Throws CALL_NO_CALLER_ID. */
export function pickCallerId(directory: Directory, ids: Ids, accountId: string): string {
  const owned = directory.numbers.list(accountId);
  const picked = owned[Number.parseInt(ids.random(4), 16) % owned.length];
  if (picked === undefined) throw callRefusal("CALL_NO_CALLER_ID");
  return picked.number;
}
