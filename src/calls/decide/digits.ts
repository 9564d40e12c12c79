/**
 * Digits, heard and to be sent, whichever way they travel: as telephone-events in RTP (RFC 4733), or in INFO.
 *
 * Peers that send a digit both ways send each twice. A leg has one way until the session changes; events and tones of one press are one already
 * when they come here (src/media/detector/digit-merger.ts).
 *
 * | way | event | INFO | tone |
 *   none | counts: event | counts: INFO                         | counts: tone
 *   event| counts        | –                                    | counts (its events were lost)
 *   INFO | –             | counts, or repeats a tone            | –
 *   tone | counts: event | counts, or repeats a tone: INFO      | counts
 *
 * A voice may sound like a tone, so a tone shuts nothing out. An INFO repeats a tone of its digit that was counted in the last 1.5 s and has not been
 * repeated yet: INFO is sent when the key comes up, and a tone is told 200 ms after it went down.
 */
import type { MediaEvent } from "../../media/index.ts";
import type { Leg, Party } from "../model.ts";
import { answeredLegOf } from "../parts.ts";
import type { LegSignal } from "./inputs.ts";
import { promptEnded } from "./playback.ts";
import { endRecordingsBy } from "./recording.ts";
import type { Step } from "./step.ts";

/** So long after a tone the INFO of the same press may come, sent again once. */
const toneRepeatMs = 1500;

/** In RTP: the media thread has already ended what it ends. */
export function digitHeard(step: Step, leg: Leg, partyId: string, { digit, by }: Extract<MediaEvent, { kind: "digit" }>): void {
  if (leg.digitsBy !== "info") received(step, leg, partyId, { digit, ...(by !== undefined && { by }) });
}

/** INFO ends what a digit ends: a prompt with barge-in, and a recording. A repeat after a restart has the same sequence number. */
export function digitInformed(step: Step, leg: Leg, { digit, sequence }: Extract<LegSignal, { kind: "leg-digit" }>): void {
  const party = step.call.parties[leg.partyId];
  const isOld = leg.infoSequence !== undefined && sequence <= leg.infoSequence;
  if (leg.state !== "answered" || party === undefined || isOld || leg.digitsBy === "rtp") return;
  const informed = { digit, by: "info", sequence } as const;
  const tone = leg.tones?.find((heard) => heard.digit === digit && step.now - heard.at <= toneRepeatMs);
  if (tone !== undefined) {
    step.emit({ kind: "digit.received", at: step.now, partyId: party.id, legId: leg.id, ...informed, repeatsAt: tone.at });
    return;
  }
  bargeIn(step, party);
  endRecordingsBy(step, party, digit);
  received(step, leg, party.id, informed);
}

type Heard = { readonly digit: string } & ({ readonly by?: "tone" } | { readonly by: "info"; readonly sequence: number });

function received(step: Step, leg: Leg, partyId: string, heard: Heard): void {
  step.emit({ kind: "digit.received", at: step.now, partyId, legId: leg.id, ...heard });
  step.tell(partyId, { kind: "digit", digit: heard.digit });
}

function bargeIn(step: Step, party: Party): void {
  if (party.prompt?.bargeIn !== true) return;
  promptEnded(step, party, "digit");
  step.tell(party.id, { kind: "prompt-ended", promptId: party.prompt.promptId, reason: "digit" });
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
