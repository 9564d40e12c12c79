import type { Calls, Views } from "../../../calls/index.ts";
import type { Directory } from "../../../directory/index.ts";
import type { Clock, Ids } from "../../../kernel/index.ts";
import type { ConversationLimit } from "./conversation/limit.ts";
import type { MessageFinder } from "./conversation/find.ts";
import type { AccessTokens } from "./login/tokens.ts";

export type RouteeOptions = {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly directory: Directory;
  readonly calls: Calls;
  readonly views: Views;
  /** Access tokens are derived from it. */
  readonly secret: Uint8Array;
  /** Conversations that one application may start to one destination in a second. */
  readonly conversationsPerSecond: number;
};

/** What the operations get. */
export type RouteeContext = RouteeOptions & {
  readonly tokens: AccessTokens;
  readonly limit: ConversationLimit;
  readonly finder: MessageFinder;
};
