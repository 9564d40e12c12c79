import type { Calls, Views } from "../../../calls/index.ts";
import type { Directory } from "../../../directory/index.ts";
import type { Ids } from "../../../kernel/index.ts";
import type { Asking } from "../../http/dialect.ts";
import type { Logins } from "../../http/login.ts";

export type EvoOptions = {
  readonly ids: Ids;
  readonly directory: Directory;
  readonly calls: Calls;
  readonly views: Views;
  readonly logins: Logins;
};

/** What the operations get. */
export type EvoContext = EvoOptions & { readonly asking: Asking };
