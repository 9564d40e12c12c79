/** Everything that can reach a call: what clients command, what the far ends did, what time did. */
import type { DialogValues, EndReason, SipAddress } from "../../sip/index.ts";
import type { MediaEvent } from "../../media/index.ts";
import type { CallCommand } from "../calls.ts";
import type {
  Address,
  CallerIdentity,
  DetectionOrder,
  DialNext,
  Diversion,
  Json,
  LegRoute,
  Limits,
  MediaDirection,
  Negotiated,
  Origin,
  PartyRole,
  PeerInvite,
  Relayable,
  ScriptPin,
} from "../model.ts";

export type OriginateInput = {
  readonly kind: "originate";
  readonly callId: string;
  readonly accountId: string;
  readonly origin: Origin;
  readonly from: string;
  readonly to: string;
  readonly limits: Limits;
  readonly role: PartyRole;
  readonly first: Address;
  /** The first party's phones are asked to answer by themselves. */
  readonly autoAnswer: boolean;
  /** What happens once the first party has answered. */
  readonly leadsTo: { readonly kind: "script"; readonly pin: ScriptPin } | ({ readonly kind: "dial" } & DialNext);
  readonly callback?: Json;
  readonly detection?: DetectionOrder;
  readonly userData?: Readonly<Record<string, Json>>;
  readonly data?: Readonly<Record<string, string>>;
  readonly identity?: CallerIdentity;
  /** Header fields of the INVITEs to the first party. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** An INVITE that was let in. With a script the call is answered and the script runs; with `dial` it is answered when that is. */
export type InviteInput = {
  readonly kind: "invited";
  readonly callId: string;
  readonly accountId: string;
  readonly legId: string;
  readonly origin: Origin;
  readonly from: string;
  readonly to: string;
  readonly caller: Address;
  readonly limits: Limits;
  readonly route: LegRoute;
  readonly localPort: number;
  readonly invite: PeerInvite;
  /** SDP of the peer's offer, and what comes of it; none of it when the INVITE had none. */
  readonly offer?: string;
  readonly media?: Negotiated;
  readonly relayable?: Relayable;
  readonly dialog: DialogValues;
  readonly identity?: CallerIdentity;
  readonly diversions?: readonly Diversion[];
  /** What is kept of its header fields. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly leadsTo: { readonly kind: "script"; readonly pin: ScriptPin } | { readonly kind: "dial"; readonly to: Address };
};

/** What is kept of the header fields of an answer. */
type AnswerHeaders = Readonly<Record<string, string>>;
/** A leg that comes in by INVITE with Replaces. */
export type ReplacingLeg = Pick<
  InviteInput,
  "legId" | "caller" | "route" | "localPort" | "invite" | "offer" | "media" | "relayable" | "dialog"
>;

/** A REFER of the leg's far end that can be read (RFC 3515). */
export type AskedTransfer = {
  readonly referId: string;
  /** Of its NOTIFYs; false when nobody wants them. */
  readonly event: string;
  readonly notifies: boolean;
  /** What was dialled, and the URI it stood in. */
  readonly to: string;
  readonly uri: string;
  readonly referredBy?: string;
  /** The leg of ours that is to be replaced, or what names somebody else's dialog. */
  readonly replacesLegId?: string;
  readonly replaces?: string;
};

export type LegSignal = { readonly legId: string } /** `reached`: which of several servers it was that answered. */ & (
  | { readonly kind: "leg-rang"; readonly status: number; readonly headers?: AnswerHeaders; readonly reached?: SipAddress }
  /** A session description before the answer: of this early dialog of ours, or in answer to our offer to an inbound leg. */
  | { readonly kind: "leg-progressed"; readonly media: Negotiated; readonly remoteTag?: string; readonly reached?: SipAddress }
  /** 422: seconds. */
  | { readonly kind: "leg-interval-too-small"; readonly minSessionS: number }
  | { readonly kind: "leg-challenged"; readonly header: "WWW-Authenticate" | "Proxy-Authenticate"; readonly values: readonly string[] }
  | { readonly kind: "leg-answered"; readonly dialog: DialogValues; readonly media: Negotiated; readonly headers?: AnswerHeaders }
  /** The answer's session description was of no use; the dialog stands and must be ended. */
  | { readonly kind: "leg-unusable"; readonly dialog: DialogValues }
  | {
      readonly kind: "leg-failed";
      readonly cause: "response" | "timeout" | "transport" | "lost";
      readonly status: number;
      /** The reason phrase. */
      readonly reason: string;
      readonly why?: EndReason;
      readonly headers?: AnswerHeaders;
      /** URIs of a 300, 301 or 302, the preferred ones first. */
      readonly contacts?: readonly string[];
    }
  | { readonly kind: "leg-acknowledged"; readonly media?: Negotiated }
  | { readonly kind: "leg-cancelled"; readonly why?: EndReason }
  | { readonly kind: "leg-hung-up"; readonly why?: EndReason }
  /** The dialog is gone without a BYE: 408, 481, no ACK. */
  | { readonly kind: "leg-gone"; readonly reason: string; readonly owes: boolean }
  | { readonly kind: "leg-dialog"; readonly dialog: DialogValues }
  | { readonly kind: "leg-offered"; readonly media: Negotiated; readonly version: number }
  | { readonly kind: "leg-agreed"; readonly media: Negotiated; readonly version: number }
  | { readonly kind: "leg-refused"; readonly direction: MediaDirection; readonly status: number }
  | { readonly kind: "leg-released" }
  /** A digit came in INFO with this CSeq. */
  | { readonly kind: "leg-digit"; readonly digit: string; readonly sequence: number }
  /** What came of digits that went out in INFO. */
  | { readonly kind: "leg-digits"; readonly digitsId: string; readonly result: "sent" | "refused" | "failed" }
  | ({ readonly kind: "leg-referred" } & AskedTransfer)
  /** An INVITE that may take the place of the leg (RFC 3891). */
  | { readonly kind: "leg-replaced"; readonly by: ReplacingLeg }
  /** The last NOTIFY of what it asked for is over. */
  | { readonly kind: "leg-referral-told" }
  /** Our REFER was answered, or what it asked for has come so far. */
  | { readonly kind: "leg-refer-answered"; readonly referId: string; readonly status: number }
  | { readonly kind: "leg-refer-notified"; readonly referId: string; readonly status: number }
);

export type Input =
  | CallCommand
  | LegSignal
  | { readonly kind: "media"; readonly legId: string; readonly event: MediaEvent }
  /** `at` is the deadline that was armed; a stale one means nothing. */
  | { readonly kind: "deadline"; readonly name: string; readonly at: number }
  | {
      readonly kind: "request-ended";
      readonly partyId: string;
      readonly requestId: string;
      readonly status: number;
      readonly body: Json;
      readonly error?: string;
    }
  | { readonly kind: "recovered"; readonly gapMs: number };
