/** A call as the vendor's SessionInfo. What our calls do not know (customers, avatars, hold queues) stays absent. */
import { anonymous, type Call, type Outcome, type Party, type Seat } from "../../../../calls/index.ts";
import type { Directory } from "../../../../directory/index.ts";
import type { Filled } from "../format/shape.ts";
import type { CallStateName, SessionInfo, SessionMemberInfo } from "./contracts.ts";

/** Names of the values that clients attach to a call. */
export const consoleDataKey = "consoleData";

export function sessionOf(call: Call, directory: Directory): Filled<SessionInfo> {
  const original = Object.values(call.parties)[0];
  const answerer = answererOf(call);
  const endpoint = endpointOf(call, directory);
  const held = heldSeatOf(call);
  const hasEnded = call.endedAt !== undefined;
  return {
    dialState: hasEnded ? "None" : "Active",
    callState: callStateOf(call),
    queueState: "None",
    accountId: call.accountId,
    accountName: directory.accounts.get(call.accountId)?.name,
    customerId: undefined,
    customerBreadcrumb: [],
    customerName: undefined,
    endpointId: endpoint?.id,
    endpointName: endpoint?.number,
    dateCompleted: call.endedAt === undefined ? undefined : dateOf(call.endedAt),
    destination: call.to,
    toAddress: call.to,
    fromAddress: call.from,
    fromName: nameOfCaller(call),
    answeredByName: answerer?.name,
    queueMemberId: undefined,
    channel: "Voice",
    ended: hasEnded,
    outcome: call.outcome === undefined ? undefined : outcomeNames[call.outcome.result],
    callSid: original === undefined ? undefined : legIdOf(call, original),
    consoleData: call.data[consoleDataKey],
    holdQueueName: undefined,
    heldByUserId: held?.heldBy,
    holdReason: held?.holdReason === "Transferring" ? "Transferring" : "None",
    conferenceSid: undefined,
    displayName: call.direction === "outbound" ? call.to : (nameOfCaller(call) ?? call.from),
    log: call.log.map(({ at, text }) => ({ date: dateOf(at), message: text })),
    members: Object.values(call.parties).map((party) => memberOf(call, party)),
    callbackNumber: undefined,
    answeredById: answerer?.userId,
    direction: call.direction === "outbound" ? "Outgoing" : "Incoming",
    fromPhoneNumber: undefined,
    mostRecentParticipantCallSid: undefined,
    wasMissed: call.direction === "inbound" && hasEnded && call.answeredAt === undefined && call.outcome?.sipCause !== 200,
    ringQueueId: undefined,
    id: call.id,
    dateCreated: dateOf(call.createdAt),
    dateLastModified: dateOf(call.changedAt),
    createdBy: call.origin.kind === "trunk" ? undefined : call.origin.by,
    lastModifiedBy: undefined,
  };
}

/** The users a call belongs to: who asked for it, and who is or was in it. */
export function belongsTo(call: Call, userId: string): boolean {
  const isCreator = call.origin.kind !== "trunk" && call.origin.by === userId;
  return isCreator || Object.values(call.parties).some(({ address }) => address.kind === "user" && address.userId === userId);
}

export function callStateOf(call: Call): CallStateName {
  if (call.endedAt !== undefined) return "Disconnected";
  if (call.answeredAt === undefined) return "Ringing";
  return heldSeatOf(call) === undefined ? "Connected" : "Hold";
}

export function heldSeatOf(call: Call): Seat | undefined {
  return Object.values(call.bridges)
    .flatMap((bridge) => Object.values(bridge.seats))
    .find((seat) => seat.state === "held");
}

function nameOfCaller({ identity }: Call): string | undefined {
  return identity?.isAnonymous === true ? "Anonymous" : identity?.name;
}

/** ISO 8601 in UTC with whole seconds. */
function dateOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

const outcomeNames: Readonly<Record<Outcome["result"], string>> = {
  completed: "Completed",
  busy: "Busy",
  "no-answer": "No Answer",
  rejected: "Rejected",
  cancelled: "Cancelled",
  failed: "Failed",
  "no-route": "No Route",
  redirected: "Failed",
};

/** The number of ours by which the call was made or came in. */
function endpointOf(call: Call, directory: Directory) {
  const number = directory.numbers.byNumber(call.direction === "outbound" ? call.from : call.to);
  return number?.accountId === call.accountId ? number : undefined;
}

/** The first user who took the call. */
function answererOf(call: Call): { readonly userId: string; readonly name: string } | undefined {
  for (const { role, address, answeredAt } of Object.values(call.parties)) {
    if (role !== "caller" && address.kind === "user" && answeredAt !== undefined) return address;
  }
  return undefined;
}

function memberOf(call: Call, party: Party): Filled<SessionMemberInfo> {
  const { address } = party;
  const userId = address.kind === "user" ? address.userId : undefined;
  const uri = address.kind === "uri" && address.uri === anonymous ? "Anonymous" : address.kind === "uri" ? address.uri : "";
  const shown = address.kind === "number" ? address.number : address.kind === "uri" ? uri : address.name;
  return {
    identity: userId ?? shown,
    endpointId: userId,
    displayName: shown,
    isOriginalMember: party.by === undefined,
    avatarUrl: undefined,
    applicationData: undefined,
    callState: memberStateOf(call, party),
    role: party.role === "caller" ? "Caller" : party.role === "agent" ? "Agent" : party.role === "consulted" ? "Transfer" : "None",
    callSid: legIdOf(call, party),
    muted: false,
  };
}

/** A party may sit in two bridges: where it talks counts, then where it is held. */
function memberStateOf(call: Call, party: Party): "None" | "Ringing" | "Connected" | "Hold" {
  if (party.leftAt !== undefined) return "None";
  const states = Object.values(call.bridges).flatMap((bridge) => bridge.seats[party.id]?.state ?? []);
  if (states.includes("active")) return "Connected";
  if (states.includes("held")) return "Hold";
  return states.includes("dialling") || states.includes("alerting") ? "Ringing" : "None";
}

/** The leg through which a party talks, else its latest. */
function legIdOf(call: Call, party: Party): string | undefined {
  const legs = Object.values(call.legs).filter((leg) => leg.partyId === party.id);
  return (legs.find((leg) => leg.state === "answered") ?? legs.at(-1))?.id;
}
