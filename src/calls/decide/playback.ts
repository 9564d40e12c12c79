/**
 * What is played to one party instead of its talk, and over it.
 *
 * Where a prompt stands is reckoned by the clock until the engine says how much was heard in truth: when it was paused, or when a hold took it out of the
 * plan. Going on after a pause needs neither, as the engine stands where it stopped. Who began a prompt does not matter to who ends it: a flow that is told
 * "stopped" goes on as if it had been heard.
 */
import { callRefusal } from "../errors.ts";
import type { Party, PlayingPrompt } from "../model.ts";
import { partiesPresent, positionOf, seatOf } from "../parts.ts";
import type { MediaEvent } from "../../media/index.ts";
import type { CommandDecisions } from "./command-decisions.ts";
import { type ConnectedParty, connectedParty } from "./connected-party.ts";
import type { Step } from "./step.ts";

export const playbackDecisions: CommandDecisions<"play" | "change-playback" | "end-playback"> = {
  play(step, { by, partyId, items, bargeIn = false, repeat, offsetMs, volumeDb }) {
    const { party } = connectedParty(step.call, partyId);
    if (party.script !== undefined && party.script.node !== null)
      throw callRefusal("CALL_STATE_FORBIDS", { reason: "A flow runs on this party; an announcement can be played over it." });
    if (party.prompt !== undefined) promptEnded(step, party, "stopped");
    const options = { ...(repeat !== undefined && { repeat }), ...(offsetMs !== undefined && { offsetMs }) };
    const begun = { promptId: `play-${step.around.nextId()}`, items, bargeIn, by, ...options, ...(volumeDb !== undefined && { volumeDb }) };
    step.emit({ kind: "prompt.begun", at: step.now, partyId, ...begun });
  },

  "change-playback"(step, { partyId, isPaused, positionMs, volumeDb }) {
    const { promptId } = promptOf(connectedParty(step.call, partyId));
    const of = { at: step.now, partyId, promptId };
    if (positionMs !== undefined) step.emit({ kind: "prompt.sought", ...of, positionMs });
    const { party, seat } = connectedParty(step.call, partyId);
    const { isPaused: wasPaused = false, volumeDb: wasDb = 0 } = party.prompt ?? {};
    if (isPaused === true && !wasPaused && party.prompt !== undefined)
      step.emit({ kind: "prompt.paused", ...of, positionMs: positionOf(party.prompt, step.now, seat.state === "held") });
    if (isPaused === false && wasPaused) step.emit({ kind: "prompt.resumed", ...of });
    if (volumeDb !== undefined && volumeDb !== wasDb) step.emit({ kind: "prompt.volume-set", ...of, volumeDb });
  },

  "end-playback"(step, { partyId }) {
    const place = connectedParty(step.call, partyId);
    const { promptId } = promptOf(place);
    promptEnded(step, place.party, "stopped");
    step.tell(partyId, { kind: "prompt-ended", promptId, reason: "stopped" });
  },
};

function promptOf({ party: { prompt } }: ConnectedParty): PlayingPrompt {
  if (prompt === undefined) throw callRefusal("CALL_STATE_FORBIDS", { reason: "Nothing is played to this party." });
  return prompt;
}

/** The call itself ends what is played; where it was is reckoned. */
export function promptEnded(step: Step, { id: partyId, prompt }: Party, reason: "digit" | "stopped"): void {
  if (prompt === undefined) return;
  const playedMs = positionOf(prompt, step.now, seatOf(step.call, partyId)?.seat.state === "held");
  step.emit({ kind: "prompt.ended", at: step.now, partyId, promptId: prompt.promptId, reason, playedMs });
}

/** The engine has ended something that was played. */
export function playedToEnd(step: Step, party: Party, event: Extract<MediaEvent, { kind: "prompt-ended" }>): void {
  const { promptId, reason, playedMs, error } = event;
  const failure = error === undefined ? {} : { error };
  const of = { at: step.now, partyId: party.id };
  // What the call itself stopped is gone already. What is there was taken out by a hold, and goes on after it.
  const isStopped = reason === "stopped";
  if (party.announcement?.promptId === promptId && !isStopped)
    step.emit({ kind: "announcement.ended", ...of, announcementId: promptId, reason, playedMs, ...failure });
  if (party.prompt?.promptId !== promptId) return;
  if (isStopped) {
    if (seatOf(step.call, party.id)?.seat.state === "held") positioned(step, party, promptId, playedMs);
    return;
  }
  step.emit({ kind: "prompt.ended", ...of, promptId, reason, playedMs, ...failure });
  step.tell(party.id, { kind: "prompt-ended", promptId, reason });
}

export function pausedAt(step: Step, party: Party, promptId: string, playedMs: number): void {
  if (party.prompt?.isPaused === true) positioned(step, party, promptId, playedMs);
}

function positioned(step: Step, { id: partyId, prompt }: Party, promptId: string, positionMs: number): void {
  if (prompt?.promptId === promptId && prompt.offsetMs !== positionMs)
    step.emit({ kind: "prompt.positioned", at: step.now, partyId, promptId, positionMs });
}

export const announcementDecisions: CommandDecisions<"announce" | "end-announcement"> = {
  announce(step, { by, partyId, items, repeat, volumeDb }) {
    const { call, now: at } = step;
    if (call.endedAt !== undefined) throw callRefusal("CALL_ENDED", { callId: call.id });
    const parties =
      partyId === undefined
        ? partiesPresent(call).filter(({ answeredAt }) => answeredAt !== undefined)
        : [connectedParty(call, partyId).party];
    if (parties.length === 0) throw callRefusal("CALL_STATE_FORBIDS", { reason: "Nobody has answered yet." });
    for (const party of parties) announcementStopped(step, party);
    const announced = { announcementId: `announce-${step.around.nextId()}`, partyIds: parties.map(({ id }) => id), items, by };
    step.emit({
      kind: "announcement.begun",
      at,
      ...announced,
      ...(repeat !== undefined && { repeat }),
      ...(volumeDb !== undefined && { volumeDb }),
    });
  },

  "end-announcement"(step, { announcementId }) {
    if (step.call.endedAt !== undefined) throw callRefusal("CALL_ENDED", { callId: step.call.id });
    const hearing = partiesPresent(step.call).filter(({ announcement }) => announcement?.promptId === announcementId);
    if (hearing.length === 0) throw callRefusal("CALL_STATE_FORBIDS", { reason: "Nobody hears this announcement any more." });
    for (const party of hearing) announcementStopped(step, party);
  },
};

function announcementStopped(step: Step, { id: partyId, announcement }: Party): void {
  if (announcement === undefined) return;
  const { promptId: announcementId } = announcement;
  step.emit({
    kind: "announcement.ended",
    at: step.now,
    partyId,
    announcementId,
    reason: "stopped",
    playedMs: positionOf(announcement, step.now),
  });
}
