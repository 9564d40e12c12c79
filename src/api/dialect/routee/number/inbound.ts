/**
 * Where calls to a number go, as it was asked for: kept in the flow of the number, beside the nodes that were made of it. So there is one
 * truth about a number, and a flow that somebody else gives it ends what was asked for here.
 */
import type { Directory, PhoneNumber } from "../../../../directory/index.ts";
import { type FlowDocument, validateFlow } from "../../../../flows/index.ts";
import { compileForwarding, compileQuestion } from "../plan/compile.ts";
import type { Destination } from "../plan/plan.ts";

/** Exactly one member. */
export type InboundStrategy = { readonly dialplanUrl: string } | { readonly forwardCallTo: string } | { readonly forwardCallToSip: string };

export type Inbound = {
  readonly voiceInboundStrategy?: InboundStrategy;
  readonly inboundVoiceCallbackUrl?: string;
};

/** The flow that does it. Without a strategy calls are answered and ended. */
export function compileInbound(inbound: Inbound): FlowDocument {
  const { voiceInboundStrategy: strategy } = inbound;
  const document: FlowDocument =
    strategy === undefined
      ? { start: "end", nodes: { end: { verb: "hang-up" } } }
      : "dialplanUrl" in strategy
        ? compileQuestion(strategy.dialplanUrl)
        : compileForwarding(destinationOf(strategy));
  const checked = validateFlow({ ...document, ui: { api: "routee", ...inbound } });
  if (!checked.ok) throw new Error(`What calls to a number do became no flow: ${JSON.stringify(checked.mistakes.slice(0, 3))}`);
  return checked.document;
}

function destinationOf(strategy: Exclude<InboundStrategy, { readonly dialplanUrl: string }>): Destination {
  return "forwardCallTo" in strategy ? { phone: strategy.forwardCallTo } : { sip: strategy.forwardCallToSip };
}

/** What was asked for; undefined when the number's flow was not made here. */
export function inboundOf({ accountId, flowId }: PhoneNumber, { flows }: Pick<Directory, "flows">): Inbound | undefined {
  const document = flowId === null ? undefined : flows.get(accountId, flowId)?.document;
  const ui = typeof document === "object" && document !== null && "ui" in document ? document.ui : undefined;
  return typeof ui === "object" && ui !== null && "api" in ui && ui.api === "routee" ? (ui as Inbound) : undefined;
}
