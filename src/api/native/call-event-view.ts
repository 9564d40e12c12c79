/** Which events of calls the API tells, and what of them: never SDP, SIP messages, credentials or the headers and bodies of requests. */
import type { CallEvent, CallEventEnvelope, CallEventKind, EventOf } from "../../calls/index.ts";
import type { CallEventView } from "../contract/calls.ts";
import { timeOf } from "./time.ts";

/** null: internal, not told. */
const shownMembers: { readonly [K in CallEventKind]: readonly Exclude<keyof EventOf<K>, "kind" | "at">[] | null } = {
  "call.created": ["direction", "from", "to", "limits", "data", "userData", "headers"],
  "party.joined": ["partyId", "role", "address", "dialId"],
  "leg.created": ["legId", "partyId", "direction"],
  "leg.challenged": null,
  "leg.interval-raised": null,
  "leg.rang": ["legId", "status", "headers"],
  "leg.progressed": null,
  "leg.answered": ["legId", "headers"],
  "leg.acknowledged": null,
  "leg.dialog-changed": null,
  "leg.session-changed": null,
  "leg.session-agreed": null,
  "leg.session-refused": ["legId", "direction", "status"],
  "leg.port-changed": null,
  "leg.released": null,
  "leg.media-locked": null,
  "leg.stream": null,
  "leg.ended": ["legId", "outcome", "headers"],
  "party.redirected": ["partyId", "legId", "status"],
  "party.reparented": null,
  "leg.referred": null,
  "leg.referral-progressed": null,
  "leg.referral-told": null,
  "transfer.begun": ["transferId", "type", "partyId", "remainingId", "targetId"],
  "transfer.ended": ["transferId", "partyId", "result", "status"],
  "parties.moved": ["from", "to", "partyIds"],
  "party.replaced": ["partyId", "by"],
  "refer.begun": ["partyId", "legId", "referId", "to"],
  "refer.accepted": ["legId", "referId"],
  "refer.ended": ["partyId", "legId", "referId", "result", "status"],
  "party.left": ["partyId", "outcome"],
  "seat.held": ["bridgeId", "partyId", "by", "reason"],
  "seat.retrieved": ["bridgeId", "partyId"],
  "seat.muted": ["bridgeId", "partyId", "muted"],
  "detection.begun": ["partyId", "detectId", "cutOffMs"],
  "detection.ended": ["partyId", "detectId", "result"],
  "digit.received": ["partyId", "digit"],
  "script.started": ["partyId", "pin"],
  "script.stepped": ["partyId", "node", "visit", "set", "exit"],
  "script.replaced": ["partyId", "pin"],
  "script.failed": ["partyId", "reason"],
  "prompt.begun": ["partyId", "promptId"],
  "prompt.ended": ["partyId", "promptId", "reason", "playedMs", "error"],
  "digits.begun": ["partyId", "digitsId", "digits"],
  "digits.ended": ["partyId", "digitsId", "sent"],
  "recording.begun": ["partyId", "recordingId", "part"],
  "recording.ended": ["partyId", "recordingId", "reason", "durationMs", "digit"],
  "request.begun": ["partyId", "requestId", "method"],
  "request.ended": ["partyId", "requestId", "status", "error"],
  "data.changed": ["set", "by"],
  "user-data.changed": ["by", "clear", "set"],
  "hang-up.requested": ["by"],
  "call.recovered": ["gapMs"],
  "call.ended": ["outcome"],
};

export function viewOfCallEvent({ callId, at, event }: CallEventEnvelope): CallEventView | undefined {
  const names: readonly string[] | null = shownMembers[event.kind];
  if (names === null) return undefined;
  const members = new Map(Object.entries(event satisfies CallEvent));
  const shown = names.filter((name) => members.get(name) !== undefined).map((name) => [name, members.get(name)]);
  return { kind: event.kind, callId, at: timeOf(at), ...Object.fromEntries(shown) };
}
