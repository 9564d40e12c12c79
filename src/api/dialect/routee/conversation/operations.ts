/** What can be done with conversations and their messages. */
import type { Call, Detection, GivenFlow, Originate } from "../../../../calls/index.ts";
import { validateFlow, type FlowDocument } from "../../../../flows/index.ts";
import { idOfUuid } from "../../../../kernel/index.ts";
import { apiRefusal } from "../../../http/errors.ts";
import { unknownRefusal, validationRefusal } from "../error.ts";
import type { Grant } from "../login/tokens.ts";
import type { RouteeContext } from "../options.ts";
import { addressOf, compilePlan, compileQuestion } from "../plan/compile.ts";
import { isCallerName } from "../plan/read.ts";
import { Members, Mistakes } from "../request.ts";
import type { FoundMessage } from "./find.ts";
import { messageOf, type Status } from "./message.ts";
import { type Conversation, entity, keptOf, type MachineDetection, readConversation } from "./request.ts";
import { isoOf, viewOfConversation, viewOfMessage } from "./response.ts";

/** Throws API_MEMBER_INVALID, API_RATE_LIMITED, and as `calls.originate` does. */
export async function startConversation(body: unknown, grant: Grant, { calls, limit, conversationsPerSecond }: RouteeContext) {
  const conversation = readConversation(body);
  const waitMs = limit.take(`${grant.applicationId} ${addressOf(conversation.to)}`);
  if (waitMs > 0) {
    const message = `Rate limit exceeded: ${conversationsPerSecond} request${conversationsPerSecond === 1 ? "" : "s"} per second`;
    throw apiRefusal("API_RATE_LIMITED", { retryAfterS: Math.ceil(waitMs / 1000), message });
  }
  return viewOfConversation(await calls.originate(grant.accountId, orderOf(conversation, grant.userId)));
}

/** Throws API_RESOURCE_UNKNOWN. */
export async function findConversation(id: string, { accountId }: Grant, { views }: RouteeContext): Promise<Call> {
  const callId = idOfUuid(id);
  const call = callId === undefined ? undefined : await views.get(accountId, callId);
  if (call === undefined) throw unknownRefusal("conversation", "trackingId", id);
  return call;
}

/** Throws API_RESOURCE_UNKNOWN. */
export async function findMessage(id: string, { accountId }: Grant, { finder }: RouteeContext): Promise<FoundMessage> {
  const found = await finder.find(accountId, id);
  if (found === undefined) throw unknownRefusal("message", "messageId", id);
  return found;
}

const usualPageSize = 20;
const mostOnPage = 100;

/** One page of a conversation's messages, oldest first. */
export function pageOfMessages(call: Call, query: unknown, { clock }: RouteeContext) {
  const { page, size } = readPaging(query);
  const messages = Object.values(call.parties);
  const totalPages = Math.ceil(messages.length / size);
  const content = messages.slice(page * size, (page + 1) * size).map((party) => viewOfMessage(call, party, clock.now()));
  return {
    content,
    first: page === 0,
    last: page >= totalPages - 1,
    number: page,
    numberOfElements: content.length,
    size,
    totalElements: messages.length,
    totalPages,
  };
}

function readPaging(query: unknown): { readonly page: number; readonly size: number } {
  const mistakes = new Mistakes();
  const texts = typeof query === "object" && query !== null ? Object.entries(query) : [];
  const numbers = texts.map(([name, text]: [string, unknown]) => [
    name,
    typeof text === "string" && /^\d+$/.test(text) ? Number(text) : text,
  ]);
  const members = Members.of(Object.fromEntries(numbers), "", mistakes);
  const page = members?.whole("page", 0, 1_000_000) ?? 0;
  const size = members?.whole("size", 1, mostOnPage) ?? usualPageSize;
  if (mistakes.any) throw validationRefusal("Page", mistakes);
  return { page, size };
}

const actions = {
  hangup: { in: ["InProgress"], done: "The call was hung up." },
  reject: { in: ["Queued", "Initiated", "Ringing"], done: "The call was rejected." },
} as const satisfies Record<string, { readonly in: readonly Status[]; readonly done: string }>;

/** Ends a message; the conversation ends with its first one, and goes on with its plan after a dialled one. Throws API_MEMBER_INVALID, API_RESOURCE_UNKNOWN, CALL_PARTY_UNKNOWN. */
export async function endMessage(id: string, body: unknown, grant: Grant, context: RouteeContext) {
  const mistakes = new Mistakes();
  const members = Members.of(body, "", mistakes);
  const action = members?.required("action", members.choice("action", ["hangup", "reject"]));
  if (action === undefined) throw validationRefusal(entity, mistakes);
  const { call, party } = await findMessage(id, grant, context);
  if (party.leftAt !== undefined) throw unknownRefusal("message", "messageId", id);
  const { status } = messageOf(call, party);
  const { in: allowed, done } = actions[action];
  if (!allowed.some((name) => name === status)) {
    const message = `The call is ${status}: ${action} is for calls that are ${allowed.join(" or ")}.`;
    throw apiRefusal("API_MEMBER_INVALID", { nineDigits: "400013001", message });
  }
  await context.calls.send(grant.accountId, call.id, { kind: "drop", by: grant.userId, partyId: party.id });
  return { messageId: id, message: done, createdAt: isoOf(context.clock.now()) };
}

function orderOf(conversation: Conversation, by: string): Originate {
  const { from, to, dialPlan, dialPlanUrl, hangupDelay, maxDuration, machineDetection } = conversation;
  const document = dialPlan === undefined ? compileQuestion(dialPlanUrl ?? "") : compilePlan(dialPlan);
  return {
    by,
    to: "sip" in to ? { kind: "uri", uri: addressOf(to) } : { kind: "number", number: addressOf(to) },
    callerId: isCallerName(from) ? { name: from } : from,
    flow: given(document),
    ringMs: hangupDelay * 1000,
    ...(maxDuration !== undefined && { totalMs: maxDuration * 1000 }),
    callback: keptOf(conversation),
    ...(machineDetection && { detection: detectionOf(machineDetection) }),
  };
}

function detectionOf(detection: MachineDetection): Detection {
  if (detection.strategy === "Hangup") return { strategy: "hang-up" };
  return { strategy: "continue", flow: given(compileQuestion(detection.eventUrl, { answeredBy: "MACHINE" })) };
}

/** Whatever was read compiles to a flow: what does not is a mistake here. */
function given(document: FlowDocument): GivenFlow {
  const checked = validateFlow(document);
  if (!checked.ok) throw new Error(`A dial plan became a document that is no flow: ${JSON.stringify(checked.mistakes.slice(0, 3))}`);
  return { document: checked.document, hash: checked.hash };
}
