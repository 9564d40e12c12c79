/**
 * What happened in a call: the only thing that is remembered. Events carry values, never rules, so a later release of `decide`
 * cannot change what an old event means. `v` in a record counts released shapes; evolve.ts reads every one of them.
 */
import type { DialogValues, SipAddress } from "../sip/index.ts";
import type { AnsweredBy, CodecName, PromptItem, SocketAddress, StreamPosition } from "../media/index.ts";
import type {
  Address,
  CallerIdentity,
  DetectionOrder,
  DialNext,
  Diversion,
  Gathered,
  GatherOrder,
  Json,
  LegDebt,
  LegQuality,
  LegRoute,
  Limits,
  MediaDirection,
  Negotiated,
  Origin,
  Outcome,
  PartyRole,
  PeerInvite,
  Presentation,
  Relayable,
  ScriptPin,
  ScriptWait,
} from "./model.ts";
import type { TalkEvent } from "./talk-events.ts";
import type { TransferEvent } from "./transfer-events.ts";

type AnswerHeaders = Readonly<Record<string, string>>;

export type CallEvent =
  | TalkEvent
  | TransferEvent
  | {
      readonly kind: "call.created";
      readonly at: number;
      readonly callId: string;
      readonly accountId: string;
      readonly origin: Origin;
      readonly direction: "inbound" | "outbound";
      readonly from: string;
      readonly to: string;
      readonly limits: Limits;
      readonly bridgeId: string;
      readonly callback?: Json;
      readonly detection?: DetectionOrder;
      readonly dial?: DialNext;
      readonly userData?: Readonly<Record<string, Json>>;
      readonly script?: ScriptPin;
      readonly data?: Readonly<Record<string, string>>;
      readonly identity?: CallerIdentity;
      readonly diversions?: readonly Diversion[];
      readonly headers?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "party.joined";
      readonly at: number;
      readonly partyId: string;
      readonly role: PartyRole;
      readonly address: Address;
      readonly bridgeId: string;
      readonly dialId?: string;
      readonly by?: string;
      readonly isAdded?: true;
      readonly ringMs: number;
      readonly callback?: Json;
      readonly presented?: Presentation & { readonly callerId?: string };
    }
  | {
      readonly kind: "leg.created";
      readonly at: number;
      readonly legId: string;
      readonly partyId: string;
      readonly direction: "inbound" | "outbound";
      readonly route: LegRoute;
      readonly localPort: number;
      readonly invite?: PeerInvite;
      readonly offer?: string;
      readonly offered?: Negotiated;
      readonly relayable?: Relayable;
      readonly prefers?: CodecName;
      readonly dialog?: DialogValues;
    }
  /** A challenge was answered: the INVITE goes again with the next CSeq and these credentials. */
  | {
      readonly kind: "leg.challenged";
      readonly at: number;
      readonly legId: string;
      readonly attempt: number;
      readonly challenge: { readonly header: "WWW-Authenticate" | "Proxy-Authenticate"; readonly values: readonly string[] };
    }
  /** The far end wants longer session intervals: the INVITE goes again with the next CSeq. */
  | {
      readonly kind: "leg.interval-raised";
      readonly at: number;
      readonly legId: string;
      readonly attempt: number;
      readonly minSessionS: number;
    }
  /** Here and in other answers: `headers` is what is kept of theirs. */
  | {
      readonly kind: "leg.rang";
      readonly at: number;
      readonly legId: string;
      readonly status: number;
      readonly headers?: AnswerHeaders;
      readonly reached?: SipAddress;
    }
  /** There is, or changed, media before the answer. Without `media`: our offer goes out, and what is agreed on follows. */
  | {
      readonly kind: "leg.progressed";
      readonly at: number;
      readonly legId: string;
      readonly media?: Negotiated;
      readonly remoteTag?: string;
      readonly version?: number;
    }
  /** Without `media`, our 2xx has the offer. */
  | {
      readonly kind: "leg.answered";
      readonly at: number;
      readonly legId: string;
      readonly dialog?: DialogValues;
      readonly media?: Negotiated;
      readonly headers?: AnswerHeaders;
    }
  /** The peer of an inbound leg confirmed our 2xx; with `media`, by its answer to our offer. */
  | { readonly kind: "leg.acknowledged"; readonly at: number; readonly legId: string; readonly media?: Negotiated }
  | { readonly kind: "leg.dialog-changed"; readonly legId: string; readonly dialog: DialogValues }
  /** The peer offered and we answered: its direction, address or codec changed. */
  | {
      readonly kind: "leg.session-changed";
      readonly at: number;
      readonly legId: string;
      readonly media: Negotiated;
      readonly version: number;
    }
  /** Our own re-INVITE was answered. `version` is the SDP version agreed on. */
  | {
      readonly kind: "leg.session-agreed";
      readonly at: number;
      readonly legId: string;
      readonly media: Negotiated;
      readonly version: number;
    }
  | {
      readonly kind: "leg.session-refused";
      readonly at: number;
      readonly legId: string;
      readonly direction: MediaDirection;
      readonly status: number;
    }
  | { readonly kind: "leg.port-changed"; readonly legId: string; readonly localPort: number }
  | { readonly kind: "leg.media-locked"; readonly legId: string; readonly remote: SocketAddress }
  | { readonly kind: "leg.stream"; readonly legId: string; readonly position: StreamPosition }
  /** `quality`: of its latest report. */
  | {
      readonly kind: "leg.ended";
      readonly at: number;
      readonly legId: string;
      readonly outcome: Outcome;
      readonly owes?: LegDebt;
      readonly quality?: LegQuality;
      readonly headers?: AnswerHeaders;
    }
  /** The far end knows: nothing more is owed. */
  | { readonly kind: "leg.released"; readonly legId: string }
  /** A far end named others to call instead; the diversions are what they are told. */
  | {
      readonly kind: "party.redirected";
      readonly at: number;
      readonly partyId: string;
      readonly legId: string;
      readonly status: number;
      readonly targets: readonly LegRoute[];
      readonly diversions: readonly Diversion[];
    }
  /** From now on this party stands or falls with `by`, whose script dialled it with `dialId`, or by itself when `by` is null. */
  | {
      readonly kind: "party.reparented";
      readonly at: number;
      readonly partyId: string;
      readonly by: string | null;
      readonly dialId?: string;
    }
  | { readonly kind: "party.left"; readonly at: number; readonly partyId: string; readonly outcome: Outcome }
  | {
      readonly kind: "seat.held";
      readonly at: number;
      readonly bridgeId: string;
      readonly partyId: string;
      readonly by: string;
      readonly reason?: string;
    }
  | { readonly kind: "seat.muted"; readonly at: number; readonly bridgeId: string; readonly partyId: string; readonly muted: boolean }
  | { readonly kind: "seat.retrieved"; readonly at: number; readonly bridgeId: string; readonly partyId: string }
  /** From now on it is listened who answered. */
  | {
      readonly kind: "detection.begun";
      readonly at: number;
      readonly partyId: string;
      readonly detectId: string;
      readonly cutOffMs: number;
      readonly deadlineAt: number;
    }
  | {
      readonly kind: "detection.ended";
      readonly at: number;
      readonly partyId: string;
      readonly detectId: string;
      readonly result: AnsweredBy;
    }
  /** By RFC 4733, unless `by` says otherwise; `sequence` is the CSeq of an INFO, `repeatsAt` when its tone was counted. */
  | {
      readonly kind: "digit.received";
      readonly at: number;
      readonly partyId: string;
      readonly digit: string;
      readonly legId?: string;
      readonly by?: "info" | "tone";
      readonly sequence?: number;
      readonly repeatsAt?: number;
    }
  | { readonly kind: "script.started"; readonly at: number; readonly partyId: string; readonly pin: ScriptPin }
  | {
      readonly kind: "script.stepped";
      readonly at: number;
      readonly partyId: string;
      readonly node: string | null;
      readonly visit: number;
      readonly wait: ScriptWait | null;
      readonly set?: Readonly<Record<string, Json>>;
      readonly gather?: GatherOrder;
      readonly gathered?: Gathered;
      readonly exit?: string;
    }
  /** Another document takes the place of the one that ran; what that one had begun has ended. */
  | {
      readonly kind: "script.replaced";
      readonly at: number;
      readonly partyId: string;
      readonly pin: ScriptPin;
      readonly gathered?: Gathered;
    }
  | { readonly kind: "script.failed"; readonly at: number; readonly partyId: string; readonly reason: string }
  /** By the party's flow, or by this user. */
  | {
      readonly kind: "prompt.begun";
      readonly at: number;
      readonly partyId: string;
      readonly promptId: string;
      readonly items: readonly PromptItem[];
      readonly bargeIn: boolean;
      readonly repeat?: number;
      readonly by?: string;
      readonly offsetMs?: number;
      readonly volumeDb?: number;
    }
  | {
      readonly kind: "prompt.ended";
      readonly at: number;
      readonly partyId: string;
      readonly promptId: string;
      readonly reason: "finished" | "digit" | "failed" | "stopped";
      readonly playedMs: number;
      readonly error?: string;
    }
  /** Once more with the same id: they go another way than was tried. */
  | {
      readonly kind: "digits.begun";
      readonly at: number;
      readonly partyId: string;
      readonly digitsId: string;
      readonly digits: string;
      readonly by?: "info";
    }
  | { readonly kind: "digits.ended"; readonly at: number; readonly partyId: string; readonly digitsId: string; readonly sent: boolean }
  | {
      readonly kind: "recording.begun";
      readonly at: number;
      readonly partyId: string;
      readonly recordingId: string;
      readonly part: number;
      readonly maxMs: number;
      readonly silenceMs: number;
      readonly finishOn: string;
      readonly hears: "peer" | "both";
      readonly visitId?: string;
      readonly by?: string;
      readonly format?: "mp3";
      readonly channels?: 2;
      readonly beep?: true;
    }
  | { readonly kind: "recording.paused"; readonly at: number; readonly partyId: string; readonly recordingId: string; readonly by: string }
  | { readonly kind: "recording.resumed"; readonly at: number; readonly partyId: string; readonly recordingId: string; readonly by: string }
  | {
      readonly kind: "recording.ended";
      readonly at: number;
      readonly partyId: string;
      readonly recordingId: string;
      readonly reason: string;
      readonly durationMs: number;
      readonly digit?: string;
    }
  | {
      readonly kind: "request.begun";
      readonly at: number;
      readonly partyId: string;
      readonly requestId: string;
      readonly method: string;
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly deadlineAt: number;
    }
  | {
      readonly kind: "request.ended";
      readonly at: number;
      readonly partyId: string;
      readonly requestId: string;
      readonly status: number;
      readonly error?: string;
    }
  | { readonly kind: "data.changed"; readonly at: number; readonly set: Readonly<Record<string, string | null>>; readonly by?: string }
  /** `clear` first, then `set`; null removes a key. */
  | {
      readonly kind: "user-data.changed";
      readonly at: number;
      readonly by: string;
      readonly clear: boolean;
      readonly set: Readonly<Record<string, Json | null>>;
    }
  | { readonly kind: "hang-up.requested"; readonly at: number; readonly by: string }
  /** The process died and came back; `gapMs` of audio were lost. */
  | { readonly kind: "call.recovered"; readonly at: number; readonly gapMs: number }
  | { readonly kind: "call.ended"; readonly at: number; readonly outcome: Outcome };

export type CallEventKind = CallEvent["kind"];
export type EventOf<K extends CallEventKind> = Extract<CallEvent, { kind: K }>;
