/** What media a call wants, as a function of its state. */
import {
  type EndpointPlan,
  type MediaPlan,
  noMedia,
  type PromptItem,
  type PromptPlan,
  type RecordingPlan,
  type Source,
} from "../../media/index.ts";
import { clockRateOf, isSameFormat, type PayloadFormat, receives, sends } from "../../sdp/index.ts";
import type { Call, Leg, Party, PlayingPrompt, Recording } from "../model.ts";
import { earlyLegOf, partOf, seatOf } from "../parts.ts";
import { hears, type Speaker, speakersOf } from "./hearing.ts";
import { noticeAfterMs } from "./media-loss.ts";

/** What the plan takes from the installation rather than from the call. */
export type MediaSettings = {
  /** The SSRC of a leg's stream: the same after a restart. */
  ssrcOf(legId: string): number;
  /** `callId` tells apart what has no id of its own: recordings that an earlier release began. */
  recordingPath(accountId: string, callId: string, name: string): string;
  /** 32 bytes as base64, the same after a restart; undefined when recordings are not encrypted. */
  recordingKey?(recordingId: string): string | undefined;
  /** A leg from which nothing comes for so long, though it should, ends; 0: it does not. */
  readonly mediaTimeoutMs: number;
  /** An absolute path or a URL of what is played on hold. */
  readonly holdMusic?: string | undefined;
  /** ISO 3166-1 alpha-2, of ringing tones. */
  readonly toneCountry?: string;
};

/** By bridge id. */
type Speakers = ReadonlyMap<string, readonly Speaker[]>;

export function mediaPlan(call: Call, settings: MediaSettings): MediaPlan {
  if (call.endedAt !== undefined) return noMedia;
  const endpoints: EndpointPlan[] = [];
  const speakers = new Map(Object.values(call.bridges).map((bridge) => [bridge.id, speakersOf(call, bridge)]));
  for (const leg of Object.values(call.legs)) {
    const party = call.parties[leg.partyId];
    const media = leg.state === "answered" ? leg.media : leg.state === "ended" ? undefined : leg.early?.media;
    if (media !== undefined && party !== undefined) endpoints.push(endpoint(call, leg, media, party, speakers, settings));
  }
  return { endpoints };
}

function endpoint(
  call: Call,
  leg: Leg,
  media: NonNullable<Leg["media"]>,
  party: Party,
  speakers: Speakers,
  settings: MediaSettings,
): EndpointPlan {
  const {
    codec,
    relayed,
    payloadType,
    receivePayloadType,
    receiveTelephoneEvent,
    telephoneEvent,
    telephoneEventClockRateHz,
    comfortNoise,
    ptimeMs,
    opus,
    alsoReceives,
    rtcpMux,
    remote,
    signalingAddress,
  } = media;
  const clockRateHz = relayed?.clockRateHz ?? (codec && clockRateOf(codec));
  const volumeDb = seatOf(call, party.id)?.seat.volumeDb ?? 0;
  const timeoutMs = noticeAfterMs(call, leg, settings.mediaTimeoutMs);
  return {
    endpointId: leg.id,
    localPort: leg.localPort,
    remote,
    ...(codec !== undefined && { codec }),
    ...(clockRateHz !== undefined && (relayed !== undefined || clockRateHz !== 8000) && { clockRateHz }),
    payloadType,
    ...(receivePayloadType !== undefined && { receivePayloadType }),
    ...(receiveTelephoneEvent !== undefined && { receiveTelephoneEvent }),
    ...(telephoneEventClockRateHz !== undefined && { telephoneEventClockRateHz }),
    ...(comfortNoise !== undefined && { comfortNoise }),
    ...(ptimeMs !== undefined && { ptimeMs }),
    ...(opus !== undefined && { opus }),
    ...(alsoReceives !== undefined && { alsoReceives }),
    ...(rtcpMux && { rtcpMux }),
    ssrc: settings.ssrcOf(leg.id),
    sends: sends(media.direction),
    receives: receives(media.direction),
    // Nobody is heard by a far end that has not answered (and need not pay for what it hears).
    source:
      leg.state !== "answered" && leg.direction === "outbound" ? { kind: "silence" } : source(call, party, speakers, relayed, settings),
    ...(party.announcement && { announcement: promptPlan(call, party.announcement, settings) }),
    ...(volumeDb !== 0 && { volumeDb }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    digits: digits(party),
    recordings: party.recordings?.map((recording) => recordingPlan(call, recording, settings)) ?? [],
    ...(party.detection !== undefined && { detect: { detectId: party.detection.detectId, cutOffMs: party.detection.cutOffMs } }),
    ...(telephoneEvent !== undefined && { telephoneEvent }),
    // A peer that has no other way may send digits as sound.
    ...(telephoneEvent === undefined && codec !== undefined && { hearsTones: true as const }),
    ...(isWayToMedia(signalingAddress, remote.address) && leg.route.mediaToSource && { signalingAddress }),
    ...(leg.stream !== undefined && { resume: leg.stream }),
    ...(leg.lockedTo !== undefined && { lockedTo: leg.lockedTo }),
  };
}

/** Signalling of the other family (IPv4, IPv6) says nothing about where media could go. */
function isWayToMedia(signalingAddress: string | undefined, remote: string): signalingAddress is string {
  return signalingAddress !== undefined && signalingAddress.includes(":") === remote.includes(":");
}

/** Those that go in INFO are no media. */
function digits({ digitsToSend }: Party): EndpointPlan["digits"] {
  if (digitsToSend === undefined || digitsToSend.by === "info") return [];
  return [{ digitsId: digitsToSend.digitsId, digits: digitsToSend.digits, toneMs: 100, gapMs: 100 }];
}

function promptPlan({ accountId }: Call, playing: PlayingPrompt, { toneCountry }: MediaSettings): PromptPlan {
  const { promptId, offsetMs, start, bargeIn, repeat, isPaused, volumeDb = 0 } = playing;
  const items = playing.items.map((item) => located(owned(item, accountId), toneCountry));
  const how = { ...(repeat !== undefined && { repeat }), ...(isPaused && { isPaused }), ...(volumeDb !== 0 && { volumeDb }) };
  return { promptId, items, offsetMs, start, bargeIn, ...how };
}

function source(call: Call, party: Party, speakers: Speakers, relayed: PayloadFormat | undefined, settings: MediaSettings): Source {
  const { holdMusic: uri, toneCountry: country } = settings;
  const place = seatOf(call, party.id);
  if (place?.seat.state === "held")
    return uri === undefined ? { kind: "hold-music" } : { kind: "hold-music", prompt: musicOf(call, party, uri) };
  const ringback: Source = { kind: "ringback", ...(country !== undefined && { country }) };
  if (party.prompt !== undefined) return { kind: "prompt", prompt: promptPlan(call, party.prompt, settings) };
  if (place === undefined || place.seat.deaf === true) return { kind: "silence" };
  // Those who come to supervise are not waited for.
  const others = Object.values(place.bridge.seats).filter(({ partyId, supervises }) => partyId !== party.id && supervises === undefined);
  if (isHandedOver(call, party.id) && others.some(({ state }) => state === "alerting")) return ringback;
  const heard = (speakers.get(place.bridge.id) ?? []).filter((speaker) => hears(place.seat, speaker));
  const early = others.flatMap(({ partyId, state }) => (state === "alerting" ? (earlyLegOf(call, partyId) ?? []) : []));
  const legs = heard.length > 0 ? heard.map(({ leg }) => leg) : early;
  if (relayed !== undefined) return relay(relayed, legs);
  if (legs.length > 0) return { kind: "mix", endpointIds: legs.map(({ id }) => id), ...gains(heard) };
  const held = others.some(({ state }) => state === "held");
  const rings = others.some(({ state }) => state === "alerting");
  return rings && !held ? ringback : { kind: "silence" };
}

/** What a party hears on hold, over and over, from its begin at each hold. */
function musicOf({ accountId }: Call, { id }: Party, uri: string): PromptPlan {
  const items = [owned({ kind: "audio", uri }, accountId)];
  return { promptId: `hold-music ${id}`, items, repeat: -1, offsetMs: 0, start: 0, bargeIn: false };
}

function gains(heard: readonly Speaker[]): Pick<Extract<Source, { kind: "mix" }>, "gainsDb"> {
  const changed = heard.filter(({ seat: { gainDb = 0 } }) => gainDb !== 0);
  return changed.length === 0 ? {} : { gainsDb: Object.fromEntries(changed.map(({ seat, leg }) => [leg.id, seat.gainDb ?? 0])) };
}

/** Of one other side with the same codec; what is not decoded cannot be mixed. */
function relay(relayed: PayloadFormat, speaking: readonly Leg[]): Source {
  const [leg, ...more] = speaking;
  const theirs = (leg?.media ?? leg?.early?.media)?.relayed;
  if (leg === undefined || more.length > 0 || theirs === undefined || !isSameFormat(relayed, theirs)) return { kind: "silence" };
  return { kind: "relay", endpointId: leg.id };
}

/** Somebody hands this party over: it hears the other one ring, though who does it is still there. */
function isHandedOver(call: Call, partyId: string): boolean {
  return Object.values(call.parties).some(({ transfer }) => transfer?.remainingId === partyId);
}

function recordingPlan(call: Call, recording: Recording, settings: MediaSettings): RecordingPlan {
  const recordingId = partOf(recording.recordingId, recording.part);
  const { channels, isPaused, beep } = recording;
  const key = settings.recordingKey?.(recording.recordingId);
  return {
    recordingId,
    path: settings.recordingPath(call.accountId, call.id, recordingId),
    maxMs: Math.max(1, recording.maxMs - recording.earlierMs),
    silenceMs: recording.silenceMs,
    finishOn: recording.finishOn,
    hears: recording.hears,
    ...(channels !== undefined && { channels }),
    ...(isPaused === true && { isPaused }),
    // Who is recorded was told at the first part.
    ...(beep === true && recording.part === 1 && { beep }),
    ...(key !== undefined && { key }),
  };
}

/** A sound or a recording by its name is one of the call's own account. */
function owned(item: PromptItem, accountId: string): PromptItem {
  return item.kind === "audio" && /^(sound|recording):/.test(item.uri) ? { ...item, accountId } : item;
}

/** A tone of the network without a country of its own is that of this server's. */
function located(item: PromptItem, toneCountry: string | undefined): PromptItem {
  return item.kind === "network-tone" && toneCountry !== undefined ? { country: toneCountry, ...item } : item;
}
