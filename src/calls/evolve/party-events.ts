import type { Party, Seat } from "../model.ts";
import type { Evolutions } from "./evolutions.ts";
import { changeValue, putValue, without } from "./records.ts";
import { changeLeg } from "./leg-events.ts";
import { changeParty, changeSeatsOf, settleSeat } from "./seat-events.ts";

type PartyEvents =
  | "party.joined"
  | "party.left"
  | "party.redirected"
  | "party.reparented"
  | "digit.received"
  | "prompt.begun"
  | "prompt.ended"
  | "digits.begun"
  | "digits.ended"
  | "recording.begun"
  | "recording.ended"
  | "request.begun"
  | "request.ended";

export const evolveParty: Evolutions<PartyEvents> = {
  "party.joined": (call, event) => ({
    ...call,
    parties: putValue<Party>(call.parties, event.partyId, {
      id: event.partyId,
      role: event.role,
      address: event.address,
      joinedAt: event.at,
      ringMs: event.ringMs,
      ...(event.dialId !== undefined && { dialId: event.dialId }),
      ...(event.by !== undefined && { by: event.by }),
      ...(event.callback !== undefined && { callback: event.callback }),
      ...(event.presented !== undefined && { presented: event.presented }),
    }),
    bridges: changeValue(call.bridges, event.bridgeId, (bridge) => ({
      ...bridge,
      seats: putValue<Seat>(bridge.seats, event.partyId, {
        partyId: event.partyId,
        state: "dialling",
        since: event.at,
        waitedMs: 0,
        activeMs: 0,
        heldMs: 0,
      }),
    })),
  }),
  "party.left": (call, event) =>
    changeSeatsOf(
      changeParty(call, event.partyId, (party) => ({
        ...without(party, "prompt", "recording", "requests", "digitsToSend", "detection", "targets"),
        leftAt: event.at,
        outcome: event.outcome,
      })),
      event.partyId,
      (seat) => settleSeat(seat, "left", event.at),
    ),
  "party.redirected": (call, { partyId, targets, diversions }) =>
    changeParty(call, partyId, (party) => ({
      ...party,
      targets: [...targets, ...(party.targets ?? [])],
      presented: { ...party.presented, diversions },
    })),
  "party.reparented": (call, event) =>
    changeParty(call, event.partyId, (party) => ({
      ...without(party, "by", "dialId"),
      ...(event.by !== null && { by: event.by, ...(event.dialId !== undefined && { dialId: event.dialId }) }),
    })),
  "digit.received": (call, { legId, by, sequence }) => {
    const leg = call.legs[legId ?? ""];
    if (leg === undefined) return call;
    const digitsBy = by ?? "rtp";
    if (leg.digitsBy === digitsBy && sequence === undefined) return call;
    return changeLeg(call, leg.id, () => ({ ...leg, digitsBy, ...(sequence !== undefined && { infoSequence: sequence }) }));
  },
  "prompt.begun": (call, event) =>
    changeParty(call, event.partyId, (party) => ({
      ...party,
      prompt: {
        promptId: event.promptId,
        items: event.items,
        bargeIn: event.bargeIn,
        ...(event.repeat !== undefined && { repeat: event.repeat }),
        begunAt: event.at,
        offsetMs: 0,
        start: 1,
      },
    })),
  "prompt.ended": (call, event) =>
    changeParty(call, event.partyId, (party) => (party.prompt?.promptId === event.promptId ? without(party, "prompt") : party)),
  "digits.begun": (call, event) =>
    changeParty(call, event.partyId, (party) => ({
      ...party,
      digitsToSend: { digitsId: event.digitsId, digits: event.digits, ...(event.by !== undefined && { by: event.by }) },
    })),
  "digits.ended": (call, event) =>
    changeParty(call, event.partyId, (party) => (party.digitsToSend?.digitsId === event.digitsId ? without(party, "digitsToSend") : party)),
  "recording.begun": (call, event) =>
    changeParty(call, event.partyId, (party) => ({
      ...party,
      recording: {
        recordingId: event.recordingId,
        part: event.part,
        begunAt: event.at,
        maxMs: event.maxMs,
        silenceMs: event.silenceMs,
        finishOn: event.finishOn,
        hears: event.hears,
        earlierMs: 0,
      },
    })),
  "recording.ended": (call, event) =>
    changeParty(call, event.partyId, (party) => (party.recording?.recordingId === event.recordingId ? without(party, "recording") : party)),
  "request.begun": (call, event) => {
    const { requestId, method, url, headers, body, deadlineAt } = event;
    const request = { requestId, method, url, headers, deadlineAt, ...(body !== undefined && { body }) };
    return changeParty(call, event.partyId, (party) => ({ ...party, requests: [...(party.requests ?? []), request] }));
  },
  "request.ended": (call, event) =>
    changeParty(call, event.partyId, (party) => {
      const requests = party.requests?.filter(({ requestId }) => requestId !== event.requestId) ?? [];
      return { ...without(party, "requests"), ...(requests.length > 0 && { requests }) };
    }),
};
