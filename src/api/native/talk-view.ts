/** How parties hear, what is played to them and how their media do, in the words of the native API; and prompts as they come in. */
import { type LegQuality, type LiveSignal, type Party, type PlayedItem, positionOf, type Seat } from "../../calls/index.ts";
import type { CallEventView, PartyView, QualityView } from "../contract/calls.ts";
import type { PromptPart } from "../contract/talk.ts";
import { apiRefusal } from "../http/errors.ts";
import { timeOf } from "./time.ts";

type TalkView = Pick<PartyView, "muted" | "deaf" | "volumeDb" | "gainDb" | "supervises" | "playback" | "announcementId">;

/** `now`: epoch milliseconds. */
export function viewOfTalk({ prompt, announcement }: Party, seat: Seat | undefined, now: number): TalkView {
  const { muted = false, deaf = false, volumeDb = 0, gainDb = 0, supervises = null } = seat ?? {};
  const playback = prompt && {
    id: prompt.promptId,
    isPaused: prompt.isPaused === true,
    positionMs: positionOf(prompt, now, seat?.state === "held"),
    volumeDb: prompt.volumeDb ?? 0,
  };
  return { muted, deaf, volumeDb, gainDb, supervises, playback: playback ?? null, announcementId: announcement?.promptId ?? null };
}

export function viewOfQuality(counters: LegQuality): QualityView {
  const { packetsSent, packetsReceived, packetsLost, packetsDropped, jitterMs } = counters;
  const { roundTripMs = null, remoteLossFraction = null, remoteJitterMs = null, mos = null } = counters;
  return { packetsSent, packetsReceived, packetsLost, packetsDropped, jitterMs, roundTripMs, remoteLossFraction, remoteJitterMs, mos };
}

export function viewOfSignal(signal: LiveSignal): CallEventView {
  const { kind, callId, at, partyId, legId } = signal;
  const told = signal.kind === "call.talking" ? { isTalking: signal.isTalking } : { quality: viewOfQuality(signal.quality) };
  return { kind, callId, at: timeOf(at), partyId, legId, ...told };
}

/** Throws API_MEMBER_INVALID for a part that is not one thing. */
export function itemsOf(prompt: readonly PromptPart[]): readonly PlayedItem[] {
  const items = prompt.map(itemOf);
  const errors = items.flatMap((item, index) => (item === undefined ? { path: `prompt.${index}`, message: partWords } : []));
  if (errors.length > 0) throw apiRefusal("API_MEMBER_INVALID", { errors });
  return items.filter((item) => item !== undefined);
}

const partWords = "must be one of say (with voice), play, pauseMs, toneHz with durationMs, and networkTone with durationMs (and country)";

function itemOf({ say, voice, play, pauseMs, toneHz, networkTone, country, durationMs }: PromptPart): PlayedItem | undefined {
  const isOne = [say, play, pauseMs, toneHz, networkTone].filter((member) => member !== undefined).length === 1;
  const isTone = toneHz !== undefined || networkTone !== undefined;
  const isStray = (voice !== undefined && say === undefined) || (country !== undefined && networkTone === undefined);
  if (!isOne || isStray || (durationMs !== undefined) !== isTone) return undefined;
  if (say !== undefined) return { kind: "speech", text: say, ...(voice !== undefined && { voice }) };
  if (play !== undefined) return { kind: "audio", uri: play };
  if (pauseMs !== undefined) return { kind: "silence", durationMs: pauseMs };
  if (durationMs === undefined) return undefined;
  if (networkTone !== undefined) return { kind: "network-tone", tone: networkTone, durationMs, ...(country !== undefined && { country }) };
  return toneHz === undefined ? undefined : { kind: "tone", frequencyHz: toneHz, durationMs };
}
