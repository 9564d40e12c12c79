import type { Clock, Ids, Logger } from "../../kernel/index.ts";
import { type RtpNetwork, nodeNetwork } from "../../rtp/index.ts";
import type { MediaEngine, MediaEventHandler, PromptSource } from "../plan.ts";
import { MediaRuntime } from "../runtime.ts";
import { PromptBinder } from "./prompt-binder.ts";

export type InProcessMediaOptions = {
  /** Numeric address on which RTP is bound. */
  readonly host: string;
  /** The same of the other family (IPv4, IPv6), for peers that have only that. */
  readonly otherHost?: string | undefined;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly prompts: PromptSource;
  /** Another than the system's, such as one in memory. */
  readonly network?: RtpNetwork;
};

/** The media engine on the caller's own thread: for a second user agent that has a thread of its own, and for tests. */
export function createInProcessMedia(options: InProcessMediaOptions): MediaEngine {
  const { host, otherHost, clock, ids, logger, prompts, network = nodeNetwork } = options;
  const handlers: MediaEventHandler[] = [];
  /** Of calls that have media. */
  const revisions = new Map<string, number>();
  const runtime = new MediaRuntime({
    host,
    otherHost,
    clock,
    ids,
    logger,
    network,
    report: (reports) => {
      for (const { callId, endpointId, event } of reports) for (const handler of handlers) handler(callId, endpointId, event);
    },
  });
  const binder = new PromptBinder(prompts, logger, (order) => runtime.receive([order]));
  return {
    apply: (callId, plan, revision) => {
      if (revision <= (revisions.get(callId) ?? -1)) return;
      if (plan.endpoints.length > 0) revisions.set(callId, revision);
      else revisions.delete(callId);
      runtime.receive([{ kind: "apply", callId, plan }]);
      binder.bind(callId, plan);
    },
    onEvent: (handler) => {
      handlers.push(handler);
    },
    close: () => runtime.close(),
  };
}
