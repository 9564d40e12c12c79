import type { CallEvent } from "../events.ts";
import type { Call } from "../model.ts";

/** The line for people that an event adds to the call's log; undefined for what is of no interest to them. Never shows a digit. */
export function logText(call: Call, event: CallEvent): string | undefined {
  switch (event.kind) {
    case "call.created":
      return `${event.direction === "inbound" ? "Call from" : "Call to"} ${event.direction === "inbound" ? event.from : event.to}`;
    case "leg.rang":
      return `${nameOf(call, call.legs[event.legId]?.partyId)} is ringing`;
    case "leg.answered":
      return `${nameOf(call, call.legs[event.legId]?.partyId)} answered`;
    case "party.left":
      return `${nameOf(call, event.partyId)} left: ${event.outcome.text}`;
    case "party.redirected":
      return `${nameOf(call, event.partyId)} named ${event.targets.length} others to call`;
    case "seat.held":
      return `${nameOf(call, event.partyId)} was put on hold`;
    case "seat.retrieved":
      return `${nameOf(call, event.partyId)} was taken off hold`;
    case "seat.muted":
      return `${nameOf(call, event.partyId)} was ${event.muted ? "muted" : "unmuted"}`;
    case "seat.deafened":
      return `${nameOf(call, event.partyId)} ${event.deaf ? "hears nothing of the talk" : "hears the talk again"}`;
    case "seat.supervising":
      return `${nameOf(call, event.partyId)} ${supervisionWords[event.mode]} ${nameOf(call, event.agentId)}`;
    case "announcement.begun":
      return `An announcement is played to ${event.partyIds.map((partyId) => nameOf(call, partyId)).join(", ")}`;
    case "leg.media-lost":
      return `Nothing is heard from ${nameOf(call, call.legs[event.legId]?.partyId)}`;
    case "leg.media-resumed":
      return `${nameOf(call, call.legs[event.legId]?.partyId)} is heard again`;
    case "transfer.begun":
      return `${nameOf(call, event.partyId)} hands ${nameOf(call, event.remainingId)} to ${nameOf(call, event.targetId)}`;
    case "transfer.ended":
      return event.result === "failed" ? `The transfer failed (SIP ${event.status})` : "The transfer is complete";
    case "parties.moved":
      return event.parties
        .map(({ party }) => `${nameOf(call, party.id)} ${call.id === event.from ? "went to" : "came from"} another call`)
        .join("; ");
    case "party.replaced":
      return `${nameOf(call, event.by)} took the place of ${nameOf(call, event.partyId)}`;
    case "refer.begun":
      return `${nameOf(call, event.partyId)} was asked to call ${event.to}`;
    case "refer.ended":
      return event.result === "failed" ? `That was not done (SIP ${event.status})` : "That was done";
    case "script.started":
      return event.pin.flowId === "" ? "A flow of the call's own started" : `Flow ${event.pin.flowId} version ${event.pin.version} started`;
    case "script.replaced":
      return "Another flow took over";
    case "detection.ended":
      return { human: "A person answered", machine: "A machine answered", unknown: "Who answered could not be told" }[event.result];
    case "script.failed":
      return `The flow failed: ${event.reason}`;
    case "recording.begun":
      return "Recording began";
    case "recording.paused":
      return "Recording paused";
    case "recording.resumed":
      return "Recording went on";
    case "recording.ended":
      return `Recording ended after ${(event.durationMs / 1000).toFixed(1)} s`;
    case "prompt.ended":
      return event.reason === "failed" ? `A prompt could not be played: ${event.error ?? "unknown reason"}` : undefined;
    case "call.recovered":
      return `The server restarted; ${(event.gapMs / 1000).toFixed(1)} s of audio were lost`;
    case "call.ended":
      return `Call ended: ${event.outcome.text}`;
    default:
      return undefined;
  }
}

const supervisionWords = { listen: "listens to", coach: "coaches", barge: "barges in with" } as const;

function nameOf(call: Call, partyId: string | undefined): string {
  const address = call.parties[partyId ?? ""]?.address;
  if (address === undefined) return "Somebody";
  return address.kind === "number" ? address.number : address.kind === "user" ? address.name : address.uri;
}
