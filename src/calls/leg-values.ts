/** What a leg is made of: plain values that its events carry. */
import type { CodecName, EndpointCounters, OpusPlan, SocketAddress } from "../media/index.ts";
import type { PayloadFormat, RelayedFormat, SessionHistory } from "../sdp/index.ts";
import type { HeaderPair, SipAddress, SipProtocol } from "../sip/index.ts";

export type MediaDirection = "sendrecv" | "sendonly" | "recvonly" | "inactive";

/** Where a leg's INVITE goes or came from. */
export type LegRoute = {
  readonly trunkId?: string;
  readonly phoneId?: string;
  readonly requestUri: string;
  readonly host: string;
  /** Left out, like the protocol: as the records of the host say (RFC 3263). */
  readonly port?: number;
  readonly protocol?: SipProtocol;
  /** Our listener that the phone registered at. */
  readonly listener?: string;
  readonly fromUri: string;
  readonly toUri: string;
  readonly mediaToSource: boolean;
  /** What the trunk may have of our codecs, preferred first; left out: what all have. */
  readonly codecs?: readonly CodecName[];
  /** Display name in From. */
  readonly fromName?: string;
  /** Header fields of its INVITE: identity, diversions, and what a call or its trunk adds. */
  readonly headers?: readonly HeaderPair[];
  /** The phone is asked to answer by itself. */
  readonly autoAnswer?: boolean;
  /** Header fields of answers that the leg keeps beside the usual ones, in lower case. */
  readonly keeps?: readonly string[];
  /** Header fields of its INVITE by which it takes the place of another call (RFC 3891) and says who asked for it (RFC 3892). */
  readonly replaces?: string;
  readonly referredBy?: string;
  /** Max-Forwards of its INVITE; 70 when left out. What comes of an inbound leg has one less, so calls that run in a circle end. */
  readonly maxForwards?: number;
  /** How many redirections led here. */
  readonly redirects?: number;
};

export type Negotiated = {
  /** What we decode and encode; left out when packets of `relayed` pass to the other side as they come. */
  readonly codec?: CodecName;
  readonly relayed?: PayloadFormat;
  readonly payloadType: number;
  readonly telephoneEvent?: number;
  /** Where durations of events count at another rate than the codec's. */
  readonly telephoneEventClockRateHz?: number;
  /** RFC 3389, both ways. */
  readonly comfortNoise?: number;
  /** Of what we send; 20 when left out. */
  readonly ptimeMs?: number;
  /** What the peer wants of our Opus. */
  readonly opus?: OpusPlan;
  /** What the peer sends, where it is numbered otherwise than what we send. */
  readonly receivePayloadType?: number;
  readonly receiveTelephoneEvent?: number;
  /** Other codecs of ours that the peer may send at any time (RFC 3264 §7). */
  readonly alsoReceives?: readonly { readonly codec: CodecName; readonly payloadType: number }[];
  /** RTCP on the port of RTP (RFC 5761). */
  readonly rtcpMux?: true;
  readonly remote: SocketAddress & { readonly rtcpPort: number };
  /** What holds for us: whether we send and whether we take what comes. */
  readonly direction: MediaDirection;
  /** What we had asked for when this was agreed on; what is missing of it in `direction` the peer took away (it holds us). */
  readonly stated: MediaDirection;
  /** Where the signalling of the peer came from. */
  readonly signalingAddress?: string;
  /** What our later descriptions must keep to (RFC 3264 §8). */
  readonly history?: SessionHistory;
};

/** Codecs of the party on the other side that we do not decode, and that this leg may come to use with it. */
export type Relayable = {
  readonly formats: readonly RelayedFormat[];
  /** The other side has none of ours. */
  readonly only: boolean;
};

/** What answers to an INVITE are built from: the headers they repeat (RFC 3261 §8.2.6.2), and where they go. */
export type PeerInvite = {
  readonly uri: string;
  readonly headers: readonly HeaderPair[];
  readonly source: SipAddress;
};

/** CANCEL or BYE, whichever the dialog needs, or a final response to the peer's INVITE. */
export type LegDebt =
  | { readonly kind: "end" }
  | { readonly kind: "reject"; readonly status: number; readonly contacts?: readonly string[] };

export type LegState = "inviting" | "ringing" | "answered" | "ended";

/** How the media of a leg did. */
export type LegQuality = EndpointCounters;

export type EarlyMedia = {
  readonly at: number;
  /** Left out while our offer to an INVITE without one waits for its answer. */
  readonly media?: Negotiated;
  /** Of the early dialog, where there can be several: in answers to our INVITE. */
  readonly remoteTag?: string;
};
