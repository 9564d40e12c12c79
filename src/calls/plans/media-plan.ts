/** What media a call wants, as a function of its state. */
import { type EndpointPlan, type MediaPlan, noMedia, type RecordingPlan, type Source } from "../../media/index.ts";
import { isSameFormat, type PayloadFormat, receives, sends } from "../../sdp/index.ts";
import type { Call, Leg, Party } from "../model.ts";
import { answeredLegOf, earlyLegOf, partOf, seatOf } from "../parts.ts";

/** What the plan takes from the installation rather than from the call. */
export type MediaSettings = {
  /** The SSRC of a leg's stream: the same after a restart. */
  ssrcOf(legId: string): number;
  recordingPath(accountId: string, callId: string, name: string): string;
};

export function mediaPlan(call: Call, settings: MediaSettings): MediaPlan {
  if (call.endedAt !== undefined) return noMedia;
  const endpoints: EndpointPlan[] = [];
  for (const leg of Object.values(call.legs)) {
    const party = call.parties[leg.partyId];
    const media = leg.state === "answered" ? leg.media : leg.state === "ended" ? undefined : leg.early?.media;
    if (media !== undefined && party !== undefined) endpoints.push(endpoint(call, leg, media, party, settings));
  }
  return { endpoints };
}

function endpoint(call: Call, leg: Leg, media: NonNullable<Leg["media"]>, party: Party, settings: MediaSettings): EndpointPlan {
  const {
    codec,
    relayed,
    payloadType,
    telephoneEvent,
    receivePayloadType,
    receiveTelephoneEvent,
    alsoReceives,
    rtcpMux,
    remote,
    signalingAddress,
  } = media;
  return {
    endpointId: leg.id,
    localPort: leg.localPort,
    remote,
    ...(codec !== undefined && { codec }),
    ...(relayed !== undefined && { clockRateHz: relayed.clockRateHz }),
    payloadType,
    ...(receivePayloadType !== undefined && { receivePayloadType }),
    ...(receiveTelephoneEvent !== undefined && { receiveTelephoneEvent }),
    ...(alsoReceives !== undefined && { alsoReceives }),
    ...(rtcpMux && { rtcpMux }),
    ssrc: settings.ssrcOf(leg.id),
    sends: sends(media.direction),
    receives: receives(media.direction),
    // Nobody is heard by a far end that has not answered (and need not pay for what it hears).
    source: leg.state !== "answered" && leg.direction === "outbound" ? { kind: "silence" } : source(call, party, relayed),
    digits: digits(party),
    recordings: party.recording ? [recordingPlan(call, party.recording, settings)] : [],
    ...(party.detection !== undefined && { detect: { detectId: party.detection.detectId, cutOffMs: party.detection.cutOffMs } }),
    ...(telephoneEvent !== undefined && { telephoneEvent }),
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

function source(call: Call, party: Party, relayed: PayloadFormat | undefined): Source {
  const place = seatOf(call, party.id);
  if (place?.seat.state === "held") return { kind: "hold-music" };
  if (party.prompt !== undefined) {
    const { promptId, items, offsetMs, start, bargeIn, repeat } = party.prompt;
    return { kind: "prompt", prompt: { promptId, items, offsetMs, start, bargeIn, ...(repeat !== undefined && { repeat }) } };
  }
  if (place === undefined) return { kind: "silence" };
  const others = Object.values(place.bridge.seats).filter(({ partyId }) => partyId !== party.id);
  if (isHandedOver(call, party.id) && others.some(({ state }) => state === "alerting")) return { kind: "ringback" };
  const speaking = others
    .filter(({ state, muted }) => state === "active" && muted !== true)
    .flatMap(({ partyId }) => answeredLegOf(call, partyId) ?? []);
  const early = others.flatMap(({ partyId, state }) => (state === "alerting" ? (earlyLegOf(call, partyId) ?? []) : []));
  const heard = speaking.length > 0 ? speaking : early;
  if (relayed !== undefined) return relay(relayed, heard);
  const endpointIds = heard.map(({ id }) => id);
  if (endpointIds.length > 0) return { kind: "mix", endpointIds };
  const held = others.some(({ state }) => state === "held");
  const rings = others.some(({ state }) => state === "alerting");
  return rings && !held ? { kind: "ringback" } : { kind: "silence" };
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

function recordingPlan(call: Call, recording: NonNullable<Party["recording"]>, settings: MediaSettings): RecordingPlan {
  const recordingId = partOf(recording.recordingId, recording.part);
  return {
    recordingId,
    path: settings.recordingPath(call.accountId, call.id, recordingId),
    maxMs: Math.max(1, recording.maxMs - recording.earlierMs),
    silenceMs: recording.silenceMs,
    finishOn: recording.finishOn,
    hears: recording.hears,
  };
}
