/** Session descriptions of legs: built from journaled values only, so that the same state gives the same bytes (RFC 8866, RFC 3264). */
import { isIP } from "node:net";
import { canonicalAddress, type CodecName, derive } from "../../kernel/index.ts";
import {
  acceptAnswer,
  addressOf,
  createAnswer,
  createOffer,
  formatSdp,
  type LocalMedia,
  type Negotiated as SdpNegotiated,
  parseSdp,
  type SessionDescription,
} from "../../sdp/index.ts";
import type { Body, HeaderPair, SipAddress } from "../../sip/index.ts";
import type { Leg, MediaDirection, Negotiated, Relayable } from "../model.ts";

export type SessionSettings = {
  /** Key of everything that must be the same after a restart. */
  readonly secret: Uint8Array;
  /** The address at which the peer reaches our media. */
  readonly mediaAddress: string;
  /** The same of the other family (IPv4, IPv6), for a peer whose offer is of that one. */
  readonly otherMediaAddress?: string;
  /** Those that we decode and a leg may have, preferred first. */
  readonly codecs: readonly CodecName[];
  /** Comfort noise is offered, not only taken. */
  readonly comfortNoise?: boolean;
};

/** The settings for a peer, as it depends on where that is: its signalling at `peer`, its media at `remote` when that is known. */
export type SessionsFor = (peer: SipAddress, remote?: string) => SessionSettings;

const contentType = "application/sdp";

/** The parts of a leg that its descriptions are made of. */
export type DescribedLeg = Pick<Leg, "id" | "localPort" | "media" | "relayable" | "prefers"> & {
  readonly route: Pick<Leg["route"], "codecs">;
};

/** Our offer for this leg in its version. */
export function offerOf(leg: DescribedLeg, version: number, direction: MediaDirection, settings: SessionSettings): Body {
  return bodyOf(createOffer(mediaToOffer(leg, version, direction, settings)));
}

export type Answer =
  | {
      readonly ok: true;
      readonly body: Body;
      readonly media: Negotiated;
      readonly relayable?: Relayable;
      /** Names the offer: one with the same is the same (RFC 3264 §8). */
      readonly offerVersion: string;
    }
  | { readonly ok: false; readonly status: number; readonly headers: readonly HeaderPair[] };

/** Our answer to the peer's offer, and what both then hold to. `isRelayed`: who answers may decode what we do not. */
export function answerTo(
  offer: string | Uint8Array,
  leg: DescribedLeg,
  version: number,
  direction: MediaDirection,
  from: string,
  settings: SessionSettings,
  isRelayed = false,
): Answer {
  const parsed = parseSdp(offer);
  if (!parsed.ok) return { ok: false, status: 400, headers: [] };
  const described = localMedia(leg, version, direction, inFamilyOf(parsed.value, settings));
  const local = { ...described, rtcpMux: true, ...(isRelayed && { relayed: "any" as const }) };
  const answered = createAnswer(parsed.value, local);
  if (!answered.ok) {
    // RFC 3261 §20.43; the agent is a pseudonym.
    return { ok: false, status: answered.status, headers: [["Warning", `${answered.warning} callwright "${answered.reason}"`]] };
  }
  const media = negotiated(answered.negotiated, direction, from);
  const relayable = isRelayed && answered.relayable.length > 0 && { formats: answered.relayable, only: media.codec === undefined };
  const { sessionId, version: offered } = parsed.value.origin;
  const offerVersion = `${sessionId} ${offered}`;
  const answer = { ok: true, body: bodyOf(answered.answer), media, ...(relayable && { relayable }), offerVersion } as const;
  if (version === firstVersion && !isRelayed && media.history === undefined) firstAnswers.set(media, answer);
  return answer;
}

const firstVersion = 1;
const usualPtimeMs = 20;

/**
 * What a leg's media came from, as long as that very value lives: the offer of an INVITE is answered with what was found when it came in. Working it out
 * twice was 4 % of a plain call.
 */
const firstAnswers = new WeakMap<Negotiated, Answer>();

/** Our answer to the offer of the peer's INVITE. */
export function firstAnswerTo(offer: string, leg: DescribedLeg & Pick<Leg, "version">, from: string, settings: SessionSettings): Answer {
  const { media, version } = leg;
  const known = media !== undefined && version === firstVersion ? firstAnswers.get(media) : undefined;
  if (known !== undefined) return known;
  // What was agreed on stays, though the settings may have changed with a restart.
  const fixed = media?.codec === undefined ? leg : { ...leg, route: { codecs: [media.codec] } };
  return answerTo(offer, fixed, version, media?.stated ?? "sendrecv", from, settings);
}

/** What the peer's answer to `offerOf` with the same arguments agrees to; undefined when it is of no use. */
export function agreedBy(
  answer: Body | undefined,
  offered: { readonly leg: DescribedLeg; readonly version: number; readonly direction: MediaDirection },
  from: string,
  settings: SessionSettings,
): Negotiated | undefined {
  const parsed = answer === undefined ? undefined : parseSdp(answer.content);
  if (parsed === undefined || !parsed.ok) return undefined;
  const { leg, version, direction } = offered;
  const local = mediaToOffer(leg, version, direction, settings);
  const accepted = acceptAnswer(createOffer(local), parsed.value, local);
  return accepted.ok ? negotiated(accepted.negotiated, direction, from) : undefined;
}

/** What was the peer's idea is offered again once it is agreed, RTCP on the port of RTP among it (RFC 5761 §5.1.1). */
function mediaToOffer(leg: DescribedLeg, version: number, direction: MediaDirection, settings: SessionSettings): LocalMedia {
  const { rtcpMux = false, comfortNoise, ptimeMs = usualPtimeMs } = leg.media ?? {};
  const isNoiseOffered = settings.comfortNoise === true || comfortNoise !== undefined;
  return { ...localMedia(leg, version, direction, settings), rtcpMux, ptimeMs, ...(isNoiseOffered && { comfortNoise: true }) };
}

function localMedia(leg: DescribedLeg, version: number, direction: MediaDirection, settings: SessionSettings): LocalMedia {
  const { media } = leg;
  return {
    address: settings.mediaAddress,
    port: leg.localPort,
    sessionId: String(Number.parseInt(derive(settings.secret, 6, leg.id, "sdp"), 16)),
    version,
    ...capabilities(leg, settings),
    telephoneEvent: true,
    direction,
    ptimeMs: usualPtimeMs,
    ...(media?.history && { history: media.history }),
  };
}

/**
 * A leg whose packets are relayed stays with its codec: the other side would have to change with it. One of ours may become another of ours; the one
 * that it has, or that the other side has, comes first, so that nothing changes and nothing need be translated.
 */
function capabilities(
  { media, relayable, prefers, route }: DescribedLeg,
  settings: SessionSettings,
): Pick<LocalMedia, "codecs" | "relayed"> {
  if (media?.relayed !== undefined) {
    return { codecs: [], relayed: [{ ...media.relayed, payloadType: media.receivePayloadType ?? media.payloadType }] };
  }
  const own = route.codecs ?? settings.codecs;
  const first = media?.codec ?? (prefers !== undefined && own.includes(prefers) ? prefers : undefined);
  const codecs = first === undefined ? own : [first, ...own.filter((name) => name !== first)];
  if (media !== undefined || relayable === undefined) return { codecs };
  return { codecs: relayable.only ? [] : codecs, relayed: relayable.formats };
}

/** An answer is of the family of its offer, whatever the signalling came by. */
function inFamilyOf(offer: SessionDescription, settings: SessionSettings): SessionSettings {
  const { mediaAddress, otherMediaAddress } = settings;
  const audio = offer.media.find(({ media, port }) => media === "audio" && port !== 0);
  const remote = (audio && addressOf(offer, audio)) ?? "";
  const isOther = isIP(remote) !== 0 && isIP(remote) !== isIP(mediaAddress) && isIP(remote) === isIP(otherMediaAddress ?? "");
  return isOther && otherMediaAddress !== undefined ? { ...settings, mediaAddress: otherMediaAddress } : settings;
}

function bodyOf(description: Parameters<typeof formatSdp>[0]): Body {
  return { contentType, content: Buffer.from(formatSdp(description)) };
}

function negotiated(session: SdpNegotiated, stated: MediaDirection, from: string): Negotiated {
  const { codec, alsoReceives, relayed, payloadType, receivePayloadType, telephoneEvent, comfortNoise, opus, ptimeMs } = session;
  const { remote, remoteRtcp, rtcpMux, direction, history } = session;
  // A name cannot be sent to from the media threads: where the signalling came from is the best guess.
  const address = isIP(remote.address) === 0 ? from : canonicalAddress(remote.address);
  const receiveTelephoneEvent = telephoneEvent?.receivePayloadType;
  const eventRateHz = telephoneEvent?.clockRateHz;
  return {
    ...(codec !== undefined && { codec }),
    ...(relayed && { relayed }),
    payloadType,
    ...(telephoneEvent && { telephoneEvent: telephoneEvent.payloadType }),
    ...(receivePayloadType !== payloadType && { receivePayloadType }),
    ...(receiveTelephoneEvent !== undefined && receiveTelephoneEvent !== telephoneEvent?.payloadType && { receiveTelephoneEvent }),
    ...(eventRateHz !== undefined && { telephoneEventClockRateHz: eventRateHz }),
    ...(comfortNoise !== undefined && { comfortNoise }),
    // Packets that are relayed stay as long as they come.
    ...(codec !== undefined && ptimeMs !== usualPtimeMs && { ptimeMs }),
    ...(opus && { opus }),
    ...(alsoReceives && { alsoReceives }),
    ...(rtcpMux && { rtcpMux }),
    remote: { address, port: remote.port, rtcpPort: remoteRtcp.port },
    direction,
    stated,
    signalingAddress: from,
    ...(history && { history }),
  };
}
