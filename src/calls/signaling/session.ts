/** Session descriptions of legs: built from journaled values only, so that the same state gives the same bytes (RFC 8866, RFC 3264). */
import { isIP } from "node:net";
import { derive } from "../../kernel/index.ts";
import {
  acceptAnswer,
  createAnswer,
  createOffer,
  formatSdp,
  type LocalMedia,
  type Negotiated as SdpNegotiated,
  parseSdp,
} from "../../sdp/index.ts";
import type { Body } from "../../sip/index.ts";
import type { Leg, MediaDirection, Negotiated } from "../model.ts";

export type SessionSettings = {
  /** Key of everything that must be the same after a restart. */
  readonly secret: Uint8Array;
  /** The address at which peers reach our media. */
  readonly mediaAddress: string;
};

const contentType = "application/sdp";

/** Our offer for this leg in its version. */
export function offerOf(leg: Leg, version: number, direction: MediaDirection, settings: SessionSettings): Body {
  return bodyOf(createOffer(localMedia(leg, version, direction, settings)));
}

export type Answer =
  | { readonly ok: true; readonly body: Body; readonly media: Negotiated }
  | { readonly ok: false; readonly status: number };

/** Our answer to the peer's offer, and what both then hold to. */
export function answerTo(
  offer: string | Uint8Array,
  leg: Pick<Leg, "id" | "localPort">,
  version: number,
  direction: MediaDirection,
  from: string,
  settings: SessionSettings,
): Answer {
  const parsed = parseSdp(offer);
  if (!parsed.ok) return { ok: false, status: 400 };
  const answered = createAnswer(parsed.value, localMedia(leg, version, direction, settings));
  if (!answered.ok) return { ok: false, status: answered.status };
  return { ok: true, body: bodyOf(answered.answer), media: negotiated(answered.negotiated, direction, from) };
}

/** What the peer's answer to `offerOf` with the same arguments agrees to; undefined when it is of no use. */
export function agreedBy(
  answer: Body | undefined,
  offered: { readonly leg: Leg; readonly version: number; readonly direction: MediaDirection },
  from: string,
  settings: SessionSettings,
): Negotiated | undefined {
  const parsed = answer === undefined ? undefined : parseSdp(answer.content);
  if (parsed === undefined || !parsed.ok) return undefined;
  const accepted = acceptAnswer(createOffer(localMedia(offered.leg, offered.version, offered.direction, settings)), parsed.value);
  return accepted.ok ? negotiated(accepted.negotiated, offered.direction, from) : undefined;
}

function localMedia(leg: Pick<Leg, "id" | "localPort">, version: number, direction: MediaDirection, settings: SessionSettings): LocalMedia {
  return {
    address: settings.mediaAddress,
    port: leg.localPort,
    sessionId: String(Number.parseInt(derive(settings.secret, 6, leg.id, "sdp"), 16)),
    version,
    codecs: ["PCMU", "PCMA"],
    telephoneEvent: true,
    direction,
    ptimeMs: 20,
  };
}

function bodyOf(description: Parameters<typeof formatSdp>[0]): Body {
  return { contentType, content: Buffer.from(formatSdp(description)) };
}

function negotiated(session: SdpNegotiated, stated: MediaDirection, from: string): Negotiated {
  const { codec, payloadType, telephoneEvent, remote, remoteRtcp, direction } = session;
  // A name cannot be sent to from the media threads: where the signalling came from is the best guess.
  const address = isIP(remote.address) === 0 ? from : remote.address;
  return {
    codec,
    payloadType,
    ...(telephoneEvent && { telephoneEvent: telephoneEvent.payloadType }),
    remote: { address, port: remote.port, rtcpPort: remoteRtcp.port },
    direction,
    stated,
    signalingAddress: from,
  };
}
