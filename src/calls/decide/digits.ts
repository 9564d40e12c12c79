/**
 * Digits, heard and to be sent, whichever way they travel: as telephone-events in RTP (RFC 4733), or in INFO.
 *
 * Peers that send a digit both ways send each twice. The way by which the first digit of a leg came is that leg's way, and digits that
 * come the other way are not counted, until the session changes.
 */
import type { Leg, Party } from "../model.ts";
import { answeredLegOf } from "../parts.ts";
import type { LegSignal } from "./inputs.ts";
import type { Step } from "./step.ts";

/** A telephone-event: the media thread has already ended what it ends. */
export function digitHeard(step: Step, leg: Leg, partyId: string, digit: string): void {
  if (leg.digitsBy !== "info") received(step, leg, partyId, { digit });
}

/** INFO ends what a digit ends: a prompt with barge-in, and a recording. A repeat after a restart has the same sequence number. */
export function digitInformed(step: Step, leg: Leg, { digit, sequence }: Extract<LegSignal, { kind: "leg-digit" }>): void {
  const party = step.call.parties[leg.partyId];
  const isOld = leg.infoSequence !== undefined && sequence <= leg.infoSequence;
  if (leg.state !== "answered" || party === undefined || isOld || leg.digitsBy === "rtp") return;
  bargeIn(step, party);
  endRecording(step, party, digit);
  received(step, leg, party.id, { digit, by: "info", sequence });
}

type Heard = { readonly digit: string } & ({ readonly by?: never } | { readonly by: "info"; readonly sequence: number });

function received(step: Step, leg: Leg, partyId: string, heard: Heard): void {
  step.emit({ kind: "digit.received", at: step.now, partyId, legId: leg.id, ...heard });
  step.tell(partyId, { kind: "digit", digit: heard.digit });
}

function bargeIn(step: Step, { id: partyId, prompt }: Party): void {
  if (prompt?.bargeIn !== true) return;
  const { promptId, offsetMs, begunAt } = prompt;
  step.emit({ kind: "prompt.ended", at: step.now, partyId, promptId, reason: "digit", playedMs: offsetMs + step.now - begunAt });
  step.tell(partyId, { kind: "prompt-ended", promptId, reason: "digit" });
}

function endRecording(step: Step, { id: partyId, recording }: Party, digit: string): void {
  if (recording === undefined || !recording.finishOn.includes(digit)) return;
  const { recordingId, earlierMs, begunAt } = recording;
  const ended = { recordingId, reason: "digit", durationMs: earlierMs + step.now - begunAt, digit };
  step.emit({ kind: "recording.ended", at: step.now, partyId, ...ended });
  step.tell(partyId, { kind: "recording-ended", ...ended });
}

/** Begins to send: in RTP, or in INFO to a peer that did not agree to telephone-events. */
export function sendDigits(step: Step, partyId: string, digitsId: string, digits: string): void {
  const leg = answeredLegOf(step.call, partyId);
  const isInfo = leg !== undefined && leg.media?.telephoneEvent === undefined;
  step.emit({ kind: "digits.begun", at: step.now, partyId, digitsId, digits, ...(isInfo && { by: "info" }) });
}

/** What came of digits in INFO. A peer that refuses the first of them hears all of them as tones instead. */
export function digitsInformed(step: Step, leg: Leg, { digitsId, result }: Extract<LegSignal, { kind: "leg-digits" }>): void {
  const party = step.call.parties[leg.partyId];
  if (party?.digitsToSend?.digitsId !== digitsId || party.digitsToSend.by !== "info") return;
  const { digits } = party.digitsToSend;
  if (result === "refused") step.emit({ kind: "digits.begun", at: step.now, partyId: party.id, digitsId, digits });
  else digitsEnded(step, party.id, digitsId, result === "sent");
}

export function digitsEnded(step: Step, partyId: string, digitsId: string, sent: boolean): void {
  step.emit({ kind: "digits.ended", at: step.now, partyId, digitsId, sent });
  step.tell(partyId, { kind: "digits-sent", digitsId, sent });
}
