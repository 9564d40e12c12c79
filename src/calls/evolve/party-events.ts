import type { EventOf } from "../events.ts";
import type { Call, Party, Recording, Seat } from "../model.ts";
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
  | "recording.paused"
  | "recording.resumed"
  | "recording.ended"
  | "request.begun"
  | "request.ended";

/** More keys than anybody presses before the INFO of the first one comes. */
const mostTones = 10;

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
      ...(event.isAdded && { isAdded: true }),
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
        ...without(party, "prompt", "announcement", "recordings", "requests", "digitsToSend", "detection", "targets"),
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
  "digit.received": (call, { legId, by, digit, at, sequence, repeatsAt }) => {
    const leg = call.legs[legId ?? ""];
    const digitsBy = by ?? "rtp";
    if (leg === undefined || (leg.digitsBy === digitsBy && digitsBy === "rtp")) return call;
    if (digitsBy === "tone") {
      if (leg.digitsBy === "rtp") return call;
      return changeLeg(call, leg.id, () => ({ ...leg, digitsBy, tones: [...(leg.tones ?? []).slice(1 - mostTones), { digit, at }] }));
    }
    const tones = digitsBy === "rtp" ? [] : (leg.tones ?? []).filter((tone) => tone.digit !== digit || tone.at !== repeatsAt);
    return changeLeg(call, leg.id, () => ({
      ...without(leg, "tones"),
      digitsBy,
      ...(tones.length > 0 && { tones }),
      ...(sequence !== undefined && { infoSequence: sequence }),
    }));
  },
  "prompt.begun": (call, event) =>
    changeParty(call, event.partyId, (party) => ({
      ...party,
      prompt: {
        promptId: event.promptId,
        items: event.items,
        bargeIn: event.bargeIn,
        ...(event.repeat !== undefined && { repeat: event.repeat }),
        ...(event.volumeDb !== undefined && { volumeDb: event.volumeDb }),
        begunAt: event.at,
        offsetMs: event.offsetMs ?? 0,
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
    changeParty(call, event.partyId, (party) => ({ ...party, recordings: [...(party.recordings ?? []), recordingOf(event)] })),
  "recording.paused": (call, event) => changeRecording(call, event, (recording) => ({ ...recording, isPaused: true })),
  "recording.resumed": (call, event) => changeRecording(call, event, (recording) => without(recording, "isPaused")),
  "recording.ended": (call, event) => changeRecording(call, event, () => undefined),
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

function recordingOf(event: EventOf<"recording.begun">): Recording {
  const { at: begunAt, recordingId, part, maxMs, silenceMs, finishOn, hears, visitId, by, format, channels, beep } = event;
  // Before there were others, all were a script's, and had the name that it gave them.
  const asked = by === undefined ? { visitId: visitId ?? recordingId } : { by };
  return {
    recordingId,
    ...asked,
    part,
    begunAt,
    maxMs,
    silenceMs,
    finishOn,
    hears,
    ...(format !== undefined && { format }),
    ...(channels !== undefined && { channels }),
    ...(beep !== undefined && { beep }),
    earlierMs: 0,
  };
}

/** Without a value it is no longer there. */
function changeRecording(
  call: Call,
  { partyId, recordingId }: { readonly partyId: string; readonly recordingId: string },
  change: (recording: Recording) => Recording | undefined,
): Call {
  return changeParty(call, partyId, (party) => {
    const recordings = party.recordings?.flatMap((one) => (one.recordingId === recordingId ? (change(one) ?? []) : one)) ?? [];
    return { ...without(party, "recordings"), ...(recordings.length > 0 && { recordings }) };
  });
}
