/**
 * The state of a call as plain, immutable, serialisable values (design words: call, party, leg, bridge, seat, script).
 * State and its types only; what may happen is in decide/, what it means in evolve/, what follows in plans/.
 */
import type { AnsweredBy, CodecName, PromptItem, SocketAddress, StreamPosition } from "../media/index.ts";
import type { DialogValues, SipAddress } from "../sip/index.ts";
import type {
  EarlyMedia,
  LegDebt,
  LegQuality,
  LegRoute,
  LegState,
  MediaDirection,
  Negotiated,
  PeerInvite,
  Relayable,
} from "./leg-values.ts";
import type { Supervision } from "./seat-values.ts";
import type { OwnRefer, Referral, Transfer } from "./transfers.ts";

export type {
  EarlyMedia,
  LegDebt,
  LegQuality,
  LegRoute,
  LegState,
  MediaDirection,
  Negotiated,
  PeerInvite,
  Relayable,
} from "./leg-values.ts";
export type { Supervision, SupervisionMode } from "./seat-values.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type Call = {
  readonly id: string;
  readonly accountId: string;
  /** Number of events so far. */
  readonly seq: number;
  readonly createdAt: number;
  readonly changedAt: number;
  readonly origin: Origin;
  readonly direction: "inbound" | "outbound";
  /** The caller's number or name part, and the number or name that was called. */
  readonly from: string;
  readonly to: string;
  /** Who calls, beside the number. */
  readonly identity?: CallerIdentity;
  /** Who passed the call on before it came here, the latest first. */
  readonly diversions?: readonly Diversion[];
  /** What was kept of the header fields of the INVITE that came in, by lower-case name. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly limits: Limits;
  /** The flow that runs on the first party once it is answered. */
  readonly script?: ScriptPin;
  readonly parties: Readonly<Record<string, Party>>;
  readonly legs: Readonly<Record<string, Leg>>;
  readonly bridges: Readonly<Record<string, Bridge>>;
  /** Free text values that clients attach; keys are the clients' own words. */
  readonly data: Readonly<Record<string, string>>;
  /** What agents and integrations attach to the talk itself; any JSON. */
  readonly userData: Readonly<Record<string, Json>>;
  /** What whoever asked for the call wants to be told, and where: theirs to read. */
  readonly callback?: Json;
  /** Before the flow runs it is found out who answered. */
  readonly detection?: DetectionOrder;
  /** Whom to dial once the first party has answered (click-to-dial). */
  readonly dial?: DialNext;
  /** What happened, for people; the latest 200 lines. */
  readonly log: readonly LogLine[];
  /** When the first party was answered. */
  readonly answeredAt?: number;
  readonly endedAt?: number;
  readonly outcome?: Outcome;
  /** Somebody asked for the end; legs are being taken down. */
  readonly endingSince?: number;
  /** The call that all who were still in this one have gone to. */
  readonly absorbedBy?: string;
  /** Calls that have come into this one: their ids still lead here. */
  readonly absorbed?: readonly string[];
  readonly recoveries: number;
};

export type CallerIdentity = {
  /** Display name. */
  readonly name?: string;
  /** The caller does not want to be known: `Call.from` is "anonymous". */
  readonly isAnonymous?: true;
  /** The number behind it. Nobody is shown it; it goes out to trusted trunks, which keep it to themselves (RFC 3325). */
  readonly withheld?: string;
};

/** RFC 5806. */
export type Diversion = {
  /** Number in E.164, or URI, of who passed the call on. */
  readonly by: string;
  readonly reason: string;
  /** How often. */
  readonly count: number;
  /** Not to be shown. */
  readonly isPrivate?: true;
};

/** What INVITEs to a party may say beside the caller id. */
export type Presentation = {
  /** Display name of the caller. */
  readonly name?: string;
  /** The number behind an anonymous caller. */
  readonly withheld?: string;
  /** The latest first. */
  readonly diversions?: readonly Diversion[];
  /** Header fields that passed `parseFreeHeaders`. */
  readonly headers?: Readonly<Record<string, string>>;
};

export type LogLine = { readonly at: number; readonly text: string };

/** A machine ends the call, or gets the flow `script`; anybody else gets the call's own. */
export type DetectionOrder = { readonly cutOffMs: number } & (
  | { readonly strategy: "hang-up" }
  | { readonly strategy: "continue"; readonly script: ScriptPin }
);

export type DialNext = { readonly to: Address; readonly callerId: string };

/** Who wanted the call. `by` is a user id. */
export type Origin =
  | { readonly kind: "request"; readonly by: string }
  | { readonly kind: "trunk"; readonly trunkId: string }
  | { readonly kind: "phone"; readonly phoneId: string; readonly by: string };

export type Limits = {
  /** How long the first party may ring. */
  readonly ringMs: number;
  /** How long the call may last from its answer. */
  readonly totalMs: number;
};

export const partyRoles = ["caller", "callee", "agent", "consulted", "supervisor"] as const;
export type PartyRole = (typeof partyRoles)[number];

export type Address =
  | { readonly kind: "number"; readonly number: string }
  | { readonly kind: "user"; readonly userId: string; readonly name: string; readonly number?: string }
  | { readonly kind: "uri"; readonly uri: string };

/** Someone in a call until leaving. */
export type Party = {
  readonly id: string;
  readonly role: PartyRole;
  readonly address: Address;
  readonly joinedAt: number;
  readonly ringMs: number;
  readonly answeredAt?: number;
  readonly leftAt?: number;
  readonly outcome?: Outcome;
  /** The dial step that brought this party in, and the party whose script it was. */
  readonly dialId?: string;
  readonly by?: string;
  /** Was asked into a talk, which does not end when this party does not answer. */
  readonly isAdded?: true;
  /** What the dial step that brought this party in wants told of it: for whoever wrote the flow. */
  readonly callback?: Json;
  /** Who else is to be called, named by redirections and not called yet. */
  readonly targets?: readonly LegRoute[];
  /** What its INVITEs told: the caller id where it is not the call's own, and what goes with it. */
  readonly presented?: Presentation & { readonly callerId?: string };
  /** The flow waits until it is known who answered, at the latest until `deadlineAt`. */
  readonly detection?: { readonly detectId: string; readonly cutOffMs: number; readonly deadlineAt: number };
  readonly answeredBy?: AnsweredBy;
  readonly script?: ScriptState;
  readonly prompt?: PlayingPrompt;
  /** Over whatever it hears. */
  readonly announcement?: PlayingPrompt;
  /** In RTP, or in INFO. */
  readonly digitsToSend?: { readonly digitsId: string; readonly digits: string; readonly by?: "info" };
  /** Under way; never empty. */
  readonly recordings?: readonly Recording[];
  /** This party's own, under way. */
  readonly transfer?: Transfer;
  /** Under way; never empty. */
  readonly requests?: readonly PendingRequest[];
};

export type PlayingPrompt = {
  readonly promptId: string;
  readonly items: readonly PromptItem[];
  readonly bargeIn: boolean;
  /** Extra rounds; -1 for ever. */
  readonly repeat?: number;
  /** When the part now playing began, and how much had been heard before it. */
  readonly begunAt: number;
  readonly offsetMs: number;
  readonly start: number;
  /** It stands still at `offsetMs`. */
  readonly isPaused?: true;
  readonly volumeDb?: number;
};

export type Recording = {
  readonly recordingId: string;
  /** What the script that asked for it calls it. */
  readonly visitId?: string;
  /** The user who asked for it, when it was no script. */
  readonly by?: string;
  readonly part: number;
  readonly begunAt: number;
  readonly maxMs: number;
  readonly silenceMs: number;
  readonly finishOn: string;
  readonly hears: "peer" | "both";
  /** Of the finished file; WAV when left out. */
  readonly format?: "mp3";
  /** One when left out. */
  readonly channels?: 2;
  readonly beep?: true;
  readonly isPaused?: true;
  /** Recorded in the parts before this one. */
  readonly earlierMs: number;
};

/** An HTTP request a script waits for; repeated with the same key after a crash. */
export type PendingRequest = {
  readonly requestId: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly deadlineAt: number;
};

/** One try at one device or gateway: one INVITE, at most one confirmed dialog, one media endpoint. */
export type Leg = {
  readonly id: string;
  readonly partyId: string;
  /** outbound: we sent the INVITE. */
  readonly direction: "inbound" | "outbound";
  readonly state: LegState;
  readonly route: LegRoute;
  readonly createdAt: number;
  readonly rangAt?: number;
  readonly answeredAt?: number;
  readonly endedAt?: number;
  readonly outcome?: Outcome;
  /** Counts INVITEs of this leg, from 1. */
  readonly attempt: number;
  /** The request that the far end must still be sent although the leg is over for us; null when it owes nothing more. */
  readonly owes: LegDebt | null;
  /** The server at which it rings, when there were several; until it is answered. */
  readonly reached?: SipAddress;
  readonly challenge?: { readonly header: "WWW-Authenticate" | "Proxy-Authenticate"; readonly values: readonly string[] };
  readonly localPort: number;
  /**
   * The peer's INVITE and its SDP offer (inbound), until it needs no answer of ours any more; and what comes of the offer when we answer. An INVITE
   * without an offer gets ours, and media with the answer to that.
   */
  readonly invite?: PeerInvite;
  readonly offer?: string;
  readonly offered?: Negotiated;
  /** Of an inbound leg, what its own offer has; of an outbound one, what is offered for the party that dialled. */
  readonly relayable?: Relayable;
  /** Of an outbound leg: what the party that dialled has of our codecs. */
  readonly prefers?: CodecName;
  readonly acknowledged: boolean;
  readonly dialog?: DialogValues;
  /** The peer's INVITE (inbound), by what stays the same in all messages of its dialog; known as long as the call is. */
  readonly invitedAs?: { readonly callId: string; readonly tag: string };
  readonly media?: Negotiated;
  /** Media before the answer; of several early dialogs, that which described itself last. */
  readonly early?: EarlyMedia;
  /** Seconds of session interval below which the far end, or a proxy, takes no INVITE (RFC 4028 §7.3). */
  readonly minSessionS?: number;
  /** Version of the SDP that the peer last took or refused (RFC 8866 §5.2). */
  readonly version: number;
  /** The port changed after the peer was told of another one: it must be offered again. */
  readonly moved?: true;
  /** A direction the peer would not accept; not offered again until something else changes. */
  readonly refused?: MediaDirection;
  readonly lockedTo?: SocketAddress;
  readonly referral?: Referral;
  readonly refer?: OwnRefer;
  readonly stream?: StreamPosition;
  /** What was kept of the header fields of the peer's answers, by lower-case name (outbound). */
  readonly headers?: Readonly<Record<string, string>>;
  /** How the peer's digits come, until the session changes (decide/digits.ts). */
  readonly digitsBy?: "rtp" | "info" | "tone";
  /** The latest that were heard in the sound, while they may come in INFO too. */
  readonly tones?: readonly { readonly digit: string; readonly at: number }[];
  /** CSeq of the latest digit in INFO. */
  readonly infoSequence?: number;
  /** Nothing comes from the peer; the leg ends then, unless something does. */
  readonly mediaLost?: { readonly at: number; readonly deadlineAt: number };
  /** How its media did, once it has ended. */
  readonly quality?: LegQuality;
};

export type Bridge = {
  readonly id: string;
  readonly kind: "main" | "consult";
  readonly createdAt: number;
  readonly endedAt?: number;
  readonly seats: Readonly<Record<string, Seat>>;
};

export type SeatState = "dialling" | "alerting" | "active" | "held" | "left";

/** One party in one bridge. The three totals add up to the time between `since` of the first state and the end. */
export type Seat = {
  readonly partyId: string;
  readonly state: SeatState;
  readonly since: number;
  readonly waitedMs: number;
  readonly activeMs: number;
  readonly heldMs: number;
  readonly heldBy?: string;
  /** Hears, is not heard. */
  readonly muted?: boolean;
  /** Is heard, hears nothing of the talk. */
  readonly deaf?: boolean;
  readonly supervises?: Supervision;
  /** Of all that the party hears, and of how it is heard by others; 0 when left out. */
  readonly volumeDb?: number;
  readonly gainDb?: number;
  readonly holdReason?: string;
};

export type Outcome = {
  readonly result: "completed" | "busy" | "no-answer" | "rejected" | "cancelled" | "failed" | "no-route" | "redirected";
  readonly side: "local" | "remote" | "network";
  /** SIP status of the final response, where one decided. */
  readonly sipStatus?: number;
  /** ITU-T Q.850 cause value. */
  readonly q850: number;
  /** The cause in SIP's terms, where it is not the final response: 200 when another device answered (RFC 3326 §2). */
  readonly sipCause?: number;
  /** Whom a redirection named, when whoever calls is to be told. */
  readonly contacts?: readonly string[];
  /** In the words of the far end that decided. */
  readonly reason?: string;
  readonly text: string;
};

/** Names a document. `flowId` is empty when it is no flow of the account but came with the call, or on the way. */
export type ScriptPin = { readonly flowId: string; readonly version: number; readonly hash: string };

/** What a script waits for. `deadlineAt` is epoch milliseconds; `memory` belongs to the verb. */
export type ScriptWait = { readonly for: string; readonly deadlineAt?: number; readonly memory?: Json };

/** Tones are gathered in the background for as long as the party is there, and posted to `url` when an entry is complete. */
export type GatherOrder = {
  readonly url: string;
  /** Sent as JSON, with the tones added under the name `tonesAs`. */
  readonly body: Readonly<Record<string, Json>>;
  readonly tonesAs: string;
  readonly maxDigits: number;
  readonly submitOnHash: boolean;
  readonly timeoutMs: number;
  /** The language of answers that replace the document. */
  readonly format: string;
  /** What is posted when the party has left: nothing, what was not posted before, or no tones at all. */
  readonly atEnd: "nothing" | "digits" | "empty";
};

/** Where gathering stands. */
export type Gathered = {
  /** Not posted yet, or posted and kept until an answer replaces the document. */
  readonly digits: string;
  /** Tones that came while an answer was awaited: dealt with after it. */
  readonly ahead: string;
  readonly submissions: number;
  /** The answer to the latest submission is awaited. */
  readonly isPending: boolean;
};

/** The flow a party is in. node "": not begun. node null: it has ended. */
export type ScriptState = {
  readonly pin: ScriptPin;
  readonly node: string | null;
  readonly visit: number;
  readonly wait: ScriptWait | null;
  readonly variables: Readonly<Record<string, Json>>;
  readonly gather?: GatherOrder;
  readonly gathered?: Gathered;
  readonly exit?: string;
  readonly startedAt: number;
};
