/** What customers are told of their calls: every status of every message, or the final one alone. */
import type { Call, CallEvent, CallStep, Json, OutboxItem, Party } from "../../../calls/index.ts";
import type { Directory } from "../../../directory/index.ts";
import { callbackOf, isFirst } from "./conversation/kept.ts";
import { isInbound, messageOf, progress, type Status } from "./conversation/message.ts";
import { isoOf, originatingService } from "./conversation/response.ts";
import { inboundOf } from "./number/inbound.ts";
import type { Callback } from "./plan/plan.ts";

/**
 * | event | status | not |
 * |---|---|---|
 * | party.joined | Queued | of who calls us |
 * | leg.created | Initiated; Ringing of who calls us | of further legs |
 * | leg.rang | Ringing | again, or after the answer |
 * | leg.answered | InProgress | |
 * | party.left | the final one | |
 */
export function routeeOutbox(directory: Pick<Directory, "numbers" | "flows">): (step: CallStep) => readonly OutboxItem[] {
  return ({ before, after, events }) => {
    /** How far each party's statuses have got. */
    const reached = new Map<string, number>();
    return events.flatMap((event): OutboxItem[] => {
      const party = after.parties[partyIdOf(event, after) ?? ""];
      // First what most calls do not have: nobody is told of them.
      const callback = party && toldTo(after, party, directory);
      const status = callback && statusAfter(event, after, party);
      if (party === undefined || callback === undefined || status === undefined) return [];
      const rank = rankOf(status);
      if (rank <= (reached.get(party.id) ?? reachedBefore(before, party.id))) return [];
      reached.set(party.id, rank);
      const isWanted = callback.strategy === "OnChange" || rank === final;
      return isWanted && "at" in event ? [itemOf(after, party, callback, status, event.at)] : [];
    });
  };
}

const final = progress.length;

function rankOf(status: Status): number {
  const rank = progress.findIndex((name) => name === status);
  return rank < 0 ? final : rank;
}

function reachedBefore(call: Call | undefined, partyId: string): number {
  const party = call?.parties[partyId];
  return call === undefined || party === undefined ? -1 : rankOf(messageOf(call, party).status);
}

function partyIdOf(event: CallEvent, call: Call): string | undefined {
  switch (event.kind) {
    case "party.joined":
    case "party.left":
    case "leg.created":
      return event.partyId;
    case "leg.rang":
    case "leg.answered":
      return call.legs[event.legId]?.partyId;
    default:
      return undefined;
  }
}

function statusAfter(event: CallEvent, call: Call, party: Party): Status | undefined {
  switch (event.kind) {
    case "party.joined":
      return isInbound(call, party) ? undefined : "Queued";
    case "leg.created":
      return event.direction === "inbound" ? "Ringing" : "Initiated";
    case "leg.rang":
      return "Ringing";
    case "leg.answered":
      return "InProgress";
    case "party.left":
      return messageOf(call, party).status;
    default:
      return undefined;
  }
}

/** Of somebody who calls one of our numbers, whoever the number names. */
function toldTo(call: Call, party: Party, directory: Pick<Directory, "numbers" | "flows">): Callback | undefined {
  if (!isFirst(call, party) || call.direction === "outbound") return callbackOf(call, party);
  const number = directory.numbers.byNumber(call.to);
  const { inboundVoiceCallbackUrl: url } = (number?.accountId === call.accountId && inboundOf(number, directory)) || {};
  return url === undefined ? undefined : { url, strategy: "OnChange" };
}

/** Items of one party have one key: they arrive in order. */
function itemOf(call: Call, party: Party, { url }: Callback, status: Status, at: number): OutboxItem {
  const { messageId, conversationTrackingId, to, from, direction, durationS } = messageOf(call, party);
  const body = {
    messageId,
    conversationTrackingId,
    to,
    from,
    status: { name: status, updatedDate: isoOf(at) },
    direction,
    originatingService,
    respectQuietHours: false,
    duration: rankOf(status) === final ? durationS : 0,
  } satisfies Json;
  return { id: `${party.id}-${status}`, accountId: call.accountId, key: party.id, url, body };
}
