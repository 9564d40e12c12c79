import type { Calls, Views } from "../../../calls/index.ts";
import type { Directory } from "../../../directory/index.ts";
import type { Clock, Logger } from "../../../kernel/index.ts";
import type { AgentStates } from "../../../queues/index.ts";
import type { BayeuxServer } from "../../bayeux/bayeux-server.ts";
import type { Logins } from "../../http/login.ts";
import type { HttpSessions } from "./login/http-sessions.ts";

export type GenesysOptions = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  readonly directory: Directory;
  readonly calls: Calls;
  readonly views: Views;
  readonly agents: AgentStates;
  readonly logins: Logins;
  /** Delivery to CometD clients; a user's key there is the user's id. */
  readonly notifications: Pick<BayeuxServer, "register" | "publish" | "disconnectLogin">;
  /** Address under which clients reach the server, without a slash at its end. */
  readonly publicUrl: () => string;
  /** Whether POST requests must carry the token that a GET gave; and from what tokens are derived. */
  readonly csrf: { readonly isRequired: boolean; readonly secret: Uint8Array };
};

/** What the operations get. */
export type GenesysContext = GenesysOptions & { readonly sessions: HttpSessions };

/** The address of the API, without a slash at its end. */
export function apiUrlOf({ publicUrl }: Pick<GenesysOptions, "publicUrl">): string {
  return `${publicUrl()}/api/v2`;
}
