/** What is asked for with POST /voice/conversation. */
import type { Json } from "../../../../calls/index.ts";
import { validationRefusal } from "../error.ts";
import type { Callback, Destination, DialPlan } from "../plan/plan.ts";
import { readCallback, readCallerId, readDestination, readPlan } from "../plan/read.ts";
import { largestInt, Members, Mistakes } from "../request.ts";

export type MachineDetection =
  | { readonly strategy: "Hangup"; readonly eventUrl?: string }
  | { readonly strategy: "Continue"; readonly eventUrl: string };

/** As it is echoed, with defaults, in the vendor's order. Times in seconds. */
export type Conversation = {
  readonly from: string;
  readonly to: Destination;
  readonly dialPlanUrl?: string;
  readonly dialPlan?: DialPlan;
  readonly callback?: Callback;
  readonly hangupDelay: number;
  readonly maxDuration?: number;
  readonly machineDetection?: MachineDetection;
};

export const entity = "VoiceConversation";
const mostRingS = 60;
const usualRingS = 20;

/** Throws API_MEMBER_INVALID with every member that is wrong. */
export function readConversation(body: unknown): Conversation {
  const mistakes = new Mistakes();
  const members = Members.of(body, "", mistakes);
  const conversation = members && read(members, mistakes);
  if (conversation === undefined || mistakes.any) throw validationRefusal(entity, mistakes);
  return conversation;
}

function read(members: Members, mistakes: Mistakes): Conversation | undefined {
  const to = readDestination(members);
  const from = readCallerId(members);
  const dialPlan = members.has("dialPlan") ? readPlan(members.value("dialPlan"), "dialPlan", mistakes) : undefined;
  const dialPlanUrl = members.url("dialPlanUrl");
  if (members.has("dialPlan") === members.has("dialPlanUrl")) members.note("dialPlan", "use either dialPlan or dialPlanUrl");
  const callback = readCallback(members);
  const hangupDelay = members.whole("hangupDelay", 1, mostRingS) ?? usualRingS;
  const maxDuration = members.whole("maxDuration", 1, largestInt);
  const machineDetection = readDetection(members);
  if (from === undefined || to === undefined) return undefined;
  return {
    from,
    to,
    ...(dialPlanUrl !== undefined && { dialPlanUrl }),
    ...(dialPlan && { dialPlan }),
    ...(callback && { callback }),
    hangupDelay,
    ...(maxDuration !== undefined && { maxDuration }),
    ...(machineDetection && { machineDetection }),
  };
}

function readDetection(members: Members): MachineDetection | undefined {
  const detection = members.object("machineDetection");
  const strategy = detection?.required("strategy", detection.choice("strategy", ["Hangup", "Continue"]));
  const eventUrl = detection?.url("eventUrl");
  if (strategy === "Hangup") return { strategy, ...(eventUrl !== undefined && { eventUrl }) };
  if (strategy !== "Continue") return undefined;
  if (detection?.has("eventUrl") === false) detection.note("eventUrl", "is required for Continue");
  return eventUrl === undefined ? undefined : { strategy, eventUrl };
}

/** What a call keeps of the conversation that it is. */
export function keptOf(conversation: Conversation): Json {
  return { api: "routee", conversation };
}
