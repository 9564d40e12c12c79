import type { Evolutions } from "./evolutions.ts";
import { changeValue, without } from "./records.ts";
import { changeParty, changeSeatsOf, settleSeat } from "./seat-events.ts";

type PartyEvents =
  | "party.joined"
  | "party.left"
  | "digit.received"
  | "script.started"
  | "script.stepped"
  | "script.failed"
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
    parties: {
      ...call.parties,
      [event.partyId]: {
        id: event.partyId,
        role: event.role,
        address: event.address,
        joinedAt: event.at,
        ringMs: event.ringMs,
        ...(event.dialId !== undefined && { dialId: event.dialId }),
        ...(event.by !== undefined && { by: event.by }),
      },
    },
    bridges: changeValue(call.bridges, event.bridgeId, (bridge) => ({
      ...bridge,
      seats: {
        ...bridge.seats,
        [event.partyId]: { partyId: event.partyId, state: "dialling", since: event.at, waitedMs: 0, activeMs: 0, heldMs: 0 },
      },
    })),
  }),
  "party.left": (call, event) =>
    changeSeatsOf(
      changeParty(call, event.partyId, (party) => ({
        ...without(party, "prompt", "recording", "request", "digitsToSend"),
        leftAt: event.at,
        outcome: event.outcome,
      })),
      event.partyId,
      (seat) => settleSeat(seat, "left", event.at),
    ),
  "digit.received": (call) => call,
  "script.started": (call, event) =>
    changeParty(call, event.partyId, (party) => ({
      ...party,
      script: { pin: event.pin, node: "", visit: 0, wait: null, variables: {}, startedAt: event.at },
    })),
  "script.stepped": (call, event) =>
    changeParty(call, event.partyId, (party) =>
      party.script
        ? {
            ...party,
            script: {
              ...party.script,
              node: event.node,
              visit: event.visit,
              wait: event.wait,
              variables: event.set ? { ...party.script.variables, ...event.set } : party.script.variables,
              ...(event.exit !== undefined && { exit: event.exit }),
            },
          }
        : party,
    ),
  "script.failed": (call, event) =>
    changeParty(call, event.partyId, (party) =>
      party.script ? { ...party, script: { ...party.script, node: null, wait: null, exit: "error" } } : party,
    ),
  "prompt.begun": (call, event) =>
    changeParty(call, event.partyId, (party) => ({
      ...party,
      prompt: { promptId: event.promptId, items: event.items, bargeIn: event.bargeIn, begunAt: event.at, offsetMs: 0, start: 1 },
    })),
  "prompt.ended": (call, event) =>
    changeParty(call, event.partyId, (party) => (party.prompt?.promptId === event.promptId ? without(party, "prompt") : party)),
  "digits.begun": (call, event) =>
    changeParty(call, event.partyId, (party) => ({ ...party, digitsToSend: { digitsId: event.digitsId, digits: event.digits } })),
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
  "request.begun": (call, event) =>
    changeParty(call, event.partyId, (party) => ({
      ...party,
      request: {
        requestId: event.requestId,
        method: event.method,
        url: event.url,
        headers: event.headers,
        deadlineAt: event.deadlineAt,
        ...(event.body !== undefined && { body: event.body }),
      },
    })),
  "request.ended": (call, event) =>
    changeParty(call, event.partyId, (party) => (party.request?.requestId === event.requestId ? without(party, "request") : party)),
};
