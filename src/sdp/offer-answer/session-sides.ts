/** What an exchange of offer and answer starts from and what it comes to, seen from our side. One audio stream; all others are refused. */
import type { CodecName } from "../../kernel/index.ts";
import type { Direction } from "../attribute/direction.ts";
import type { OpusWishes } from "../attribute/opus-format.ts";
import type { PayloadFormat } from "../attribute/payload-format.ts";
import type { SessionDescription } from "../description/session-description.ts";

/** Our side of the stream. */
export type LocalMedia = {
  /** Where we receive, numeric. */
  readonly address: string;
  readonly port: number;
  /** Decimal digits; the same for all descriptions of one dialog (RFC 3264 §8). */
  readonly sessionId: string;
  /** Raised by one whenever the description changes (§8). */
  readonly version: number;
  /** Preferred first. */
  readonly codecs: readonly CodecName[];
  /** Codecs that somebody else decodes: offered after ours. In an answer one of them is taken when there is none of ours; "any" takes what comes. */
  readonly relayed?: readonly RelayedFormat[] | "any" | undefined;
  readonly telephoneEvent: boolean;
  /** Comfort noise is offered with G.711 (RFC 3389); what a peer offers is taken in any case. */
  readonly comfortNoise?: boolean | undefined;
  readonly direction: Direction;
  /** What we would like to receive; an answer rather repeats what the peer wants. */
  readonly ptimeMs: number;
  /** RTCP on the RTP port (RFC 5761), if the peer does it too. */
  readonly rtcpMux?: boolean | undefined;
  /** Of the last exchange in the same dialog. */
  readonly history?: SessionHistory | undefined;
};

/** A format we do not decode, with the payload type of the events that go with it (RFC 4733). */
export type RelayedFormat = PayloadFormat & { readonly telephoneEvent?: number | undefined };

/** What an exchange fixes for all later ones of its dialog (RFC 3264 §8), where that is not what we would write anyway. */
export type SessionHistory = {
  /** The m= lines beside ours and their places: a line stays for ever, refused or not. */
  readonly others?:
    | readonly { readonly at: number; readonly media: string; readonly protocol: string; readonly format: string }[]
    | undefined;
  /** Of our own line, when it is not RTP/AVP. */
  readonly protocol?: string | undefined;
  /** Dynamic payload types in use by either side, as "name/rate" or "name/rate/channels"; none may ever mean something else (§8.3.2). */
  readonly payloadTypes?: Readonly<Record<string, string>> | undefined;
};

export type Endpoint = { readonly address: string; readonly port: number };

export type TelephoneEvent = {
  readonly payloadType: number;
  readonly receivePayloadType: number;
  /** When it is not the codec's: in which durations of events count. */
  readonly clockRateHz?: number;
};

/** What both sides agreed on. */
export type Negotiated = {
  /** One that we decode, or else `relayed`. */
  readonly codec?: CodecName | undefined;
  /** Others of ours that the peer's answer has too: it may send them at any time (RFC 3264 §7), as the payload types of our offer. */
  readonly alsoReceives?: readonly { readonly codec: CodecName; readonly payloadType: number }[] | undefined;
  /** With the parameters of the answer, whoever wrote it. */
  readonly relayed?: PayloadFormat | undefined;
  /** To send with. */
  readonly payloadType: number;
  readonly receivePayloadType: number;
  /** RFC 4733, when both can. */
  readonly telephoneEvent?: TelephoneEvent | undefined;
  /** Of RFC 3389, both ways, when both can. */
  readonly comfortNoise?: number | undefined;
  /** Of Opus towards the peer. */
  readonly opus?: OpusWishes | undefined;
  /** Where we send. The address may be a name, and is zero when the peer holds in the old way; `direction` then says not to send. */
  readonly remote: Endpoint;
  readonly remoteRtcp: Endpoint;
  readonly rtcpMux: boolean;
  readonly direction: Direction;
  /** Of the packets we send, 10 to 60: what the peer asked for, otherwise what we like. */
  readonly ptimeMs: number;
  readonly history?: SessionHistory | undefined;
};

/** `warning` is the warn-code of RFC 3261 §20.43 that says the same. */
export type OfferRefusal = { readonly ok: false; readonly status: 488; readonly reason: string; readonly warning: number };

export type Answered =
  | {
      readonly ok: true;
      readonly answer: SessionDescription;
      readonly negotiated: Negotiated;
      /** When any may be relayed: what the offer has on the stream that we take, and somebody else could decode. */
      readonly relayable: readonly RelayedFormat[];
    }
  | OfferRefusal;

export type Accepted = { readonly ok: true; readonly negotiated: Negotiated } | OfferRefusal;

/** Events that the peer takes as `theirs`, and we as `ours`, beside `codec`. */
export function eventBetween(theirs: PayloadFormat, ours: PayloadFormat, codec: PayloadFormat): TelephoneEvent {
  const { payloadType, clockRateHz } = theirs;
  return { payloadType, receivePayloadType: ours.payloadType, ...(clockRateHz !== codec.clockRateHz && { clockRateHz }) };
}

const refusals = {
  "no audio stream": 304,
  "no audio stream without encryption": 302,
  "no address that we can reach": 301,
  "no common codec": 305,
  "stream refused": 304,
  "answer has other streams than the offer": 399,
} as const;

export function refusal(reason: keyof typeof refusals): OfferRefusal {
  return { ok: false, status: 488, reason, warning: refusals[reason] };
}
