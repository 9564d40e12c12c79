/** Conversations and messages as they are answered. What is not known is left out; prices are not known. */
import type { Call, Party } from "../../../../calls/index.ts";
import { uuidOf } from "../../../../kernel/index.ts";
import { remarksOn } from "../plan/compile.ts";
import type { DialPlan } from "../plan/plan.ts";
import { conversationOf, isFirst } from "./kept.ts";
import { messageOf } from "./message.ts";
import type { Conversation } from "./request.ts";

/** Stands where the vendor names the service that a message came from. */
export const originatingService = "VoiceConversation";

type ConversationView = Pick<Conversation, "from" | "hangupDelay"> &
  Partial<Pick<Conversation, "dialPlan" | "dialPlanUrl" | "callback" | "maxDuration" | "machineDetection">> & {
    readonly trackingId: string;
    readonly direction: "Inbound" | "Outbound";
    readonly to: object;
    readonly dialPlans?: readonly DialPlan[];
    readonly createdAt: string;
  };

/** The vendor's pages name the plan both `dialPlan` and `dialPlans`: it is there under both names. */
export function viewOfConversation(call: Call): ConversationView {
  const { from, to, dialPlanUrl, dialPlan, callback, hangupDelay, maxDuration, machineDetection } = conversationOf(call) ?? othersOf(call);
  return {
    trackingId: uuidOf(call.id),
    direction: call.direction === "inbound" ? "Inbound" : "Outbound",
    from,
    to,
    ...(dialPlanUrl !== undefined && { dialPlanUrl }),
    ...(dialPlan && { dialPlan, dialPlans: [dialPlan] }),
    ...(callback && { callback }),
    hangupDelay,
    createdAt: isoOf(call.createdAt),
    ...(maxDuration !== undefined && { maxDuration }),
    ...(machineDetection && { machineDetection }),
  };
}

/** A call that was not asked for here. */
function othersOf({ from, to, limits }: Call): Conversation {
  const destination = to.startsWith("sip:") ? { sip: to.slice(4) } : { phone: to };
  return { from, to: destination, hangupDelay: Math.round(limits.ringMs / 1000) };
}

/** The vendor writes the status `{ status, date }` here and `{ name, updatedDate }` in callbacks. */
export function viewOfMessage(call: Call, party: Party, now: number) {
  const { messageId, conversationTrackingId, to, from, status, statusAt, direction, durationS } = messageOf(call, party, now);
  const { script, answeredBy } = party;
  const remarks = remarksOf(call, party);
  return {
    messageId,
    conversationTrackingId,
    to,
    from,
    status: { status, date: isoOf(statusAt) },
    originatingService,
    direction,
    duration: durationS,
    ...(script?.gather && { collectedTones: `${script.gathered?.digits ?? ""}${script.gathered?.ahead ?? ""}` }),
    recordings: [],
    ...(answeredBy && { answeredBy: answeredBy.toUpperCase() }),
    ...(remarks.length > 0 && { remarks }),
  };
}

/** What is spoken otherwise than it was asked for, by the first plan and by the one that runs. */
function remarksOf(call: Call, party: Party): readonly string[] {
  const planned = isFirst(call, party) ? remarksOn(conversationOf(call)?.dialPlan?.verbs ?? []) : [];
  const running = party.script?.variables["remarks"];
  const texts = Array.isArray(running) ? running.filter((text: unknown) => typeof text === "string") : [];
  return [...new Set([...planned, ...texts])];
}

export function isoOf(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
