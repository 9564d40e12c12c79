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
  /** The endpoints whose peers' packets are sent on: these must not wait for a frame. */
  readonly relaying: Set<unknown>;
  readonly prompts: PromptCache;
  readonly loops: Loops;
};
