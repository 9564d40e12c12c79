import type { Clock, Ids, Logger } from "../../kernel/index.ts";
import type { OpenRtpSockets } from "../../rtp/index.ts";
import type { Loops } from "../sound/loops.ts";
import type { Outbox } from "./outbox.ts";
import type { PromptCache } from "../sound/prompt-cache.ts";

/** What all endpoints of one thread share. */
export type EndpointContext = {
  /** Numeric address on which sockets are bound. */
  readonly host: string;
  /** The same of the other family (IPv4, IPv6), when there is one. */
  readonly otherHost?: string | undefined;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly openSockets: OpenRtpSockets;
  readonly outbox: Outbox;
  readonly prompts: PromptCache;
  readonly loops: Loops;
};
