/** What the user of an INVITE usage gives it and hears from it. */
import type { Body } from "../message/builder.ts";
import type { HeaderPair } from "../message/header-list.ts";
import type { SipRequest, SipResponse } from "../message/message.ts";
import type { SipAddresses } from "../location/locator.ts";
import type { SipAddress } from "../transport/transport.ts";
import type { DialogValues } from "./dialog.ts";

/** From the Reason header of BYE, CANCEL or a final answer (RFC 3326): its text, and the causes of Q.850 and of SIP. */
export type EndReason = { readonly reason?: string; readonly q850?: number; readonly sipCause?: number };

export type InviteFailure = EndReason & {
  readonly status: number;
  readonly cause: "response" | "timeout" | "transport";
  /** The final answer, when there was one: Contact of a 3xx, Retry-After, … */
  readonly response?: SipResponse;
  /** The addresses that were tried one after the other, when there was more than one. */
  readonly tried?: readonly SipAddress[];
};

/** `peer` sent BYE, `local` is our own command, `lost` means that the peer does not answer or does not know the dialog. */
export type Ending = EndReason & { readonly by: "peer" | "local" | "lost"; readonly status?: number };

export type AnswerParts = { readonly headers?: Iterable<HeaderPair>; readonly body?: Body | undefined };

/**
 * Exactly one of `challenged`, `failed`, `cancelled` and `ended` comes, and nothing after it. Called from inside the stack:
 * take the input and return; commands may be called from here.
 */
export type InviteEvents = {
  /** Outbound: 101-199. */
  provisional(status: number, response: SipResponse): void;
  /**
   * Outbound, before `provisional`: the first session description of one early dialog. It is the answer to the offer of our INVITE, or what that
   * answer will be; or the offer, when ours had none: what is returned then goes out in the PRACK.
   */
  progressed?(description: Body, remoteTag: string): Body | undefined;
  /** Inbound: PRACK brought the answer to the offer in our provisional answer. */
  answeredEarly?(answer: Body): void;
  /**
   * Outbound: 2xx, already acknowledged when the session is agreed; otherwise what is returned is the answer that goes out in the ACK.
   * `agreedEarly`: by a reliable provisional answer of this dialog; what the 2xx brings means nothing.
   */
  answered(response: SipResponse, values: DialogValues, agreedEarly: boolean): Body | undefined;
  /** Outbound: 401 or 407. Invite again with the next CSeq, the same Call-ID and tag, and an authorization. */
  challenged(response: SipResponse): void;
  /** Outbound: no call. After a cancel the status is 487. */
  failed(failure: InviteFailure): void;
  /** Inbound, and for re-INVITEs of the peer: ACK came, with the answer when our 2xx had the offer. */
  acknowledged(body: Body | undefined): void;
  /** Our 2xx was repeated for 64*T1 without an ACK. The dialog is being ended (RFC 3261 §13.3.1.4). */
  ackMissing(): void;
  /** Inbound: CANCEL, or BYE before an answer. 487 (and the 200 to BYE) goes out with `release`, and after 64*T1 in any case. */
  cancelled(reason: EndReason, release: () => void): void;
  /** re-INVITE or UPDATE of the peer, or a PRACK that offers, in an early dialog too (named by its remote tag). Call `respond` once, now or later: 2xx with the answer (or our offer when none came), or a refusal that changes nothing. */
  offered(offer: Body | undefined, respond: (status: number, body?: Body) => void, remoteTag: string): void;
  /** Our re-INVITE or UPDATE got 2xx. When it had no offer, return the answer to the one that came. */
  sessionAccepted(body: Body | undefined): Body | undefined;
  /** Our re-INVITE or UPDATE was refused; the session is as it was. */
  sessionRefused(status: number): void;
  /** A session refresh is due by re-INVITE, and what was offered last is not known here because that was before a restart: offer it with `reoffer`. */
  refreshDue?(): void;
  /** Another request in the dialog: INFO, MESSAGE, REFER, NOTIFY, … Return true to answer it by `respond`; false leaves it to the stack: INFO without a body 200, with one 415, all else 405. */
  received(request: SipRequest, respond: (status: number, parts?: AnswerParts) => void): boolean;
  /** What must survive a crash has changed. */
  dialogChanged(values: DialogValues): void;
  /** The probe `options()` was answered. */
  alive(): void;
  /** By the peer: the 200 to its BYE goes out with `release`, and after 64*T1 in any case. */
  ended(ending: Ending, release: () => void): void;
};

/** Answers a challenge to a request inside a dialog: the header to add, undefined when it cannot be answered. */
export type Authorize = (
  challenge: SipResponse,
  request: { readonly method: string; readonly uri: string; readonly body: Uint8Array },
) => HeaderPair | undefined;

/** Everything comes from outside, so the same options make the same INVITE, byte for byte. */
export type InviteOptions = {
  readonly requestUri: string;
  /** From and To values without tags. */
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly localTag: string;
  /** With the magic cookie. */
  readonly branch: string;
  readonly sequence: number;
  /** A URI, as the first destination reaches us. */
  readonly contact: string;
  /** The same for another of the destinations; when left out all reach us alike. */
  readonly contactAt?: (destination: SipAddress) => string;
  readonly routeSet?: readonly string[];
  /** Best first; each further one is tried when the one before failed (RFC 3263 §4.3). */
  readonly destinations: SipAddresses;
  /** Requests in the dialog go to where the peer's answers come from, whatever its Contact says: a registered phone behind NAT. */
  readonly reachedAtPeer?: boolean;
  /** Of the inbound INVITE less one, when this call comes of one: calls that run in a circle end by it. 70 when left out. */
  readonly maxForwards?: number;
  /** Seconds of the Min-SE of a 422 that this INVITE follows (RFC 4028 §7.3). */
  readonly minSessionS?: number;
  /** Of the dialogs that its answers make, when the INVITE may be a repeat after a restart: how far their CSeq starts above that of INVITE. */
  readonly cseqMargin?: number;
  readonly headers?: readonly HeaderPair[];
  readonly body?: Body | undefined;
  /** The answer to a challenge, for this INVITE. */
  readonly authorization?: HeaderPair;
  readonly authorize?: Authorize;
};

export type AcceptOptions = {
  readonly localTag: string;
  /** A URI. */
  readonly contact: string;
  readonly authorize?: Authorize;
  /** The INVITE rang before a restart: which of our reliable provisional answers the peer has is not known, so none is sent any more. */
  readonly isRestored?: boolean;
};
