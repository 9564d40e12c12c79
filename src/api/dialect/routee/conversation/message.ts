/** A party of a call as a message: one leg of the conversation. */
import { type Call, type Leg, type Outcome, type Party } from "../../../../calls/index.ts";
import { uuidOf } from "../../../../kernel/index.ts";
import { addressOf } from "../plan/compile.ts";
import { conversationOf, dialOf, isFirst } from "./kept.ts";

/**
 * | status | when | final |
 * |---|---|---|
 * | Queued | the party is to be called | |
 * | Initiated | its first INVITE goes out | |
 * | Ringing | it is alerted, or calls us | |
 * | InProgress | it has answered, or was answered | |
 * | Completed | it was answered and is gone | yes |
 * | Busy, NoAnswer, Failed, Unknown | it was not answered | yes |
 */
export type Status = "Queued" | "Initiated" | "Ringing" | "InProgress" | FinalStatus;
type FinalStatus = "Completed" | "Busy" | "NoAnswer" | "Failed" | "Unknown";

/** In the order in which they come. */
export const progress = ["Queued", "Initiated", "Ringing", "InProgress"] as const satisfies readonly Status[];

export type Message = {
  readonly messageId: string;
  readonly conversationTrackingId: string;
  readonly to: string;
  readonly from: string;
  readonly status: Status;
  /** Epoch milliseconds. */
  readonly statusAt: number;
  readonly direction: "Inbound" | "Outbound";
  /** Whole seconds from the answer. */
  readonly durationS: number;
};

/** `now` bounds the duration of who is still there. */
export function messageOf(call: Call, party: Party, now = call.changedAt): Message {
  const { status, at } = stateOf(call, party);
  const { answeredAt } = party;
  const until = party.leftAt ?? now;
  return {
    messageId: uuidOf(party.id),
    conversationTrackingId: uuidOf(call.id),
    ...endsOf(call, party),
    status,
    statusAt: at,
    direction: isInbound(call, party) ? "Inbound" : "Outbound",
    durationS: answeredAt === undefined ? 0 : Math.max(0, Math.round((until - answeredAt) / 1000)),
  };
}

/** The party called us. */
export function isInbound(call: Call, party: Party): boolean {
  return legsOf(call, party).some(({ direction }) => direction === "inbound");
}

function stateOf(call: Call, party: Party): { readonly status: Status; readonly at: number } {
  if (party.leftAt !== undefined) return { status: finalStatus(party), at: party.leftAt };
  if (party.answeredAt !== undefined) return { status: "InProgress", at: party.answeredAt };
  const legs = legsOf(call, party);
  const [first] = legs;
  const rang = legs.find(({ rangAt }) => rangAt !== undefined);
  if (rang?.rangAt !== undefined) return { status: "Ringing", at: rang.rangAt };
  if (first === undefined) return { status: "Queued", at: party.joinedAt };
  return { status: first.direction === "inbound" ? "Ringing" : "Initiated", at: first.createdAt };
}

function finalStatus({ answeredAt, outcome, script }: Party): FinalStatus {
  if (answeredAt === undefined) return outcome === undefined ? "Failed" : unansweredStatus(outcome);
  // Without a plan nothing happens in the call; a flow that failed ends it so too.
  return outcome?.result === "failed" || script?.variables["planMissing"] === true ? "Failed" : "Completed";
}

/** A rejection counts as no answer; no response at all, or a network that is away, is unknown. */
function unansweredStatus({ result, side, sipStatus }: Outcome): FinalStatus {
  if (result === "busy") return "Busy";
  if (result === "rejected") return sipStatus === 403 ? "Failed" : "NoAnswer";
  if (result === "no-answer" || result === "cancelled") return "NoAnswer";
  return side === "network" ? "Unknown" : "Failed";
}

/** Who called whom, as plain texts. */
function endsOf(call: Call, party: Party): { readonly to: string; readonly from: string } {
  const conversation = isFirst(call, party) ? conversationOf(call) : undefined;
  if (isFirst(call, party)) return { to: bare(call.to), from: conversation?.from ?? call.from };
  const dial = dialOf(party);
  const { address } = party;
  const to = address.kind === "number" ? address.number : address.kind === "uri" ? address.uri : (address.number ?? address.name);
  return { to: bare(dial === undefined ? to : addressOf(dial.to)), from: dial?.from ?? call.from };
}

/** Addresses are written without their scheme. */
function bare(address: string): string {
  return address.replace(/^sip:/i, "");
}

function legsOf(call: Call, { id }: Party): readonly Leg[] {
  return Object.values(call.legs).filter(({ partyId }) => partyId === id);
}
