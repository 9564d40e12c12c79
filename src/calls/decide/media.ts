/** What the media engine reports, and what HTTP requests of scripts gave. */
import type { MediaEvent } from "../../media/index.ts";
import { outcomes } from "../outcome.ts";
import { partOf } from "../parts.ts";
import { detected } from "./detection.ts";
import { digitHeard, digitsEnded } from "./digits.ts";
import { debtOf, endLeg, partyLeft } from "./ending.ts";
import type { Input } from "./inputs.ts";
import { mediaLost, mediaResumed } from "./media-loss.ts";
import { pausedAt, playedToEnd } from "./playback.ts";
import { endRecording } from "./recording.ts";
import type { Step } from "./step.ts";

export function mediaDecided(step: Step, legId: string, event: MediaEvent): void {
  const leg = step.call.legs[legId];
  const party = step.call.parties[leg?.partyId ?? ""];
  if (leg === undefined || leg.state === "ended" || party === undefined) return;
  const partyId = party.id;
  switch (event.kind) {
    case "prompt-ended":
      playedToEnd(step, party, event);
      return;
    case "prompt-paused":
      pausedAt(step, party, event.promptId, event.playedMs);
      return;
    case "media-timeout":
      mediaLost(step, leg, event.silentMs);
      return;
    case "media-resumed":
      mediaResumed(step, leg);
      return;
    case "digit":
      digitHeard(step, leg, partyId, event);
      return;
    case "digits-sent":
      if (party.digitsToSend?.digitsId === event.digitsId) digitsEnded(step, partyId, event.digitsId, true);
      return;
    case "recording-ended": {
      const { reason, digit, durationMs } = event;
      const recording = party.recordings?.find(({ recordingId, part }) => partOf(recordingId, part) === event.recordingId);
      if (recording !== undefined) endRecording(step, partyId, recording, { reason, digit, partMs: durationMs });
      return;
    }
    case "answered-by":
      detected(step, party, event.detectId, event.result);
      return;
    case "locked":
      step.emit({ kind: "leg.media-locked", legId, remote: event.remote });
      return;
    case "stream":
      step.emit({ kind: "leg.stream", legId, position: event.position });
      return;
    case "port-taken":
      portTaken(step, legId, event.localPort);
      return;
    case "talking":
    case "quality":
    case "closed":
  }
}

function portTaken(step: Step, legId: string, localPort: number): void {
  const leg = step.call.legs[legId];
  if (leg === undefined || leg.localPort !== localPort) return;
  const other = step.around.acquirePort();
  if (other !== undefined && leg.state === "answered") {
    step.emit({ kind: "leg.port-changed", legId, localPort: other });
    return;
  }
  // The offer with the lost port is out already, or there is no other port.
  endLeg(step, leg, outcomes.noPorts(), debtOf(leg, outcomes.noPorts()));
  partyLeft(step, leg.partyId, outcomes.noPorts());
}

export function requestDecided(step: Step, input: Extract<Input, { kind: "request-ended" }>): void {
  const { partyId, requestId, status, body, error } = input;
  if (step.call.parties[partyId]?.requests?.some((request) => request.requestId === requestId) !== true) return;
  step.emit({ kind: "request.ended", at: step.now, partyId, requestId, status, ...(error !== undefined && { error }) });
  step.tell(partyId, { kind: "request-ended", requestId, status, body, ...(error !== undefined && { error }) });
}
