/**
 * The peer's changes of the session of one dialog: re-INVITE, UPDATE, and the offer in a PRACK (RFC 3261 §14.2, RFC 3311 §5.2, RFC 3262 §5).
 *
 *   state            until                            another change of the peer gets
 *   idle             a change comes                   its answer
 *   pending          our user responds                500 with Retry-After
 *   unacknowledged   ACK of our 2xx to a re-INVITE    re-INVITE 500; UPDATE as the exchange says
 */
import { sessionBodyOf } from "../body/session-body.ts";
import { type Body, responseTo } from "../message/builder.ts";
import { formatMessage } from "../message/format-message.ts";
import type { HeaderPair } from "../message/header-list.ts";
import type { SipRequest, SipResponse } from "../message/message.ts";
import { sequenceOf } from "../transaction/matching.ts";
import type { SipAddress } from "../transport/transport.ts";
import type { DialogRequests } from "./dialog-requests.ts";
import type { InviteEvents } from "./invite-events.ts";
import type { Exchange } from "./session/exchange.ts";
import { grantHeaders, termsToGrant, tooSmall } from "./session/session-interval.ts";
import { SuccessRepeater } from "./success-repeater.ts";
import { randomOf, type UsageHost } from "./usage-host.ts";

export type PeerSessionOwner = {
  isOursUnderWay(): boolean;
  /** The first INVITE has had its ACK. */
  isSettled(): boolean;
  ackMissing(): void;
  /** With our answer, or with our offer to a re-INVITE that had none. */
  accepted(description: Body | undefined): void;
  /** A change is answered, or acknowledged: what waited for that may go on. */
  over(): void;
};

export class PeerSessionChange {
  readonly #requests: DialogRequests;
  readonly #host: UsageHost;
  readonly #exchange: Exchange;
  readonly #events: InviteEvents;
  readonly #owner: PeerSessionOwner;
  /** Refuses the unanswered change. */
  #refusePending: ((status: number) => void) | undefined;
  #repeater: SuccessRepeater | undefined;

  constructor(requests: DialogRequests, exchange: Exchange, events: InviteEvents, owner: PeerSessionOwner) {
    this.#requests = requests;
    this.#host = requests.host;
    this.#exchange = exchange;
    this.#events = events;
    this.#owner = owner;
  }

  get isPending(): boolean {
    return this.#refusePending !== undefined;
  }

  get isUnacknowledged(): boolean {
    return this.#repeater !== undefined;
  }

  receiveInvite(request: SipRequest, source: SipAddress): void {
    const transaction = this.#host.layer.openInvite(request, source);
    const send = (status: number, body?: Body, headers?: readonly HeaderPair[]) => {
      const response = this.#answer(request, status, body, headers);
      transaction.respond(response);
      return response;
    };
    const isBlocked = this.#repeater !== undefined || !this.#owner.isSettled();
    if (this.#isRefused(request, send, isBlocked)) return;
    const offer = sessionBodyOf(request);
    const respond = this.#once(send, offer !== undefined, (response) => {
      this.#requests.dialog.refreshTarget(request, source);
      const { sentBytes: bytes = formatMessage(response), destination } = transaction;
      const success = { sequence: sequenceOf(request), bytes, destination };
      this.#repeater = new SuccessRepeater(this.#host, success, () => {
        this.#repeater = undefined;
        this.#events.ackMissing();
        this.#owner.ackMissing();
      });
    });
    transaction.attach({ cancelled: () => respond(487), failed: () => undefined });
    this.#events.offered(offer, respond, this.#requests.dialog.values.remoteTag);
  }

  receiveUpdate(request: SipRequest, source: SipAddress): void {
    this.#receiveOffer(request, source, () => {
      this.#requests.dialog.refreshTarget(request, source);
    });
  }

  /** A PRACK that matched, with an offer. It refreshes nothing. */
  receivePrack(request: SipRequest, source: SipAddress): void {
    this.#receiveOffer(request, source, () => undefined);
  }

  /** True when the ACK was for a re-INVITE of the peer. */
  acknowledged(ack: SipRequest): boolean {
    if (this.#repeater?.sequence !== sequenceOf(ack)) return false;
    this.#repeater.stop();
    this.#repeater = undefined;
    const body = sessionBodyOf(ack);
    if (this.#exchange.state === "offering") this.#exchange.step(body === undefined ? "refused" : "answer-taken");
    this.#events.acknowledged(body);
    this.#owner.over();
    return true;
  }

  /** The dialog is over: what the peer still waits for gets 487 (RFC 3261 §15.1.2). */
  stop(): void {
    this.#repeater?.stop();
    this.#repeater = undefined;
    this.#refusePending?.(487);
  }

  #receiveOffer(request: SipRequest, source: SipAddress, accepted: () => void): void {
    const transaction = this.#host.layer.open(request, source);
    const send = (status: number, body?: Body, headers?: readonly HeaderPair[]) => {
      const response = this.#answer(request, status, body, headers);
      transaction.respond(response);
      return response;
    };
    const offer = sessionBodyOf(request);
    if (offer === undefined) {
      if (this.#isTooSmall(request, send)) return;
      // RFC 3311 §5.2: one UPDATE after the other.
      if (this.#refusePending !== undefined) return void send(500);
      send(200);
      accepted();
      this.#owner.accepted(undefined);
      this.#owner.over();
    } else if (!this.#isRefused(request, send, false))
      this.#events.offered(offer, this.#once(send, true, accepted), this.#requests.dialog.values.remoteTag);
  }

  /** RFC 3261 §14.2, RFC 3311 §5.2, RFC 4028 §9. */
  #isRefused(
    request: SipRequest,
    send: (status: number, body?: Body, headers?: readonly HeaderPair[]) => unknown,
    isBlocked: boolean,
  ): boolean {
    if (this.#isTooSmall(request, send)) return true;
    const { collision } = this.#exchange;
    if (this.#owner.isOursUnderWay()) send(491);
    else if (this.#refusePending !== undefined || isBlocked) send(500);
    else if (collision !== undefined) send(collision);
    else return false;
    return true;
  }

  #isTooSmall(request: SipRequest, send: (status: number, body?: Body, headers?: readonly HeaderPair[]) => unknown): boolean {
    const refusal = request.method === "PRACK" ? undefined : tooSmall(request, this.#host.sessionTimer);
    if (refusal !== undefined) send(refusal.status, undefined, refusal.headers);
    return refusal !== undefined;
  }

  #once(
    send: (status: number, body?: Body) => SipResponse,
    isOffer: boolean,
    accepted: (response: SipResponse) => void,
  ): (status: number, body?: Body) => void {
    if (isOffer) this.#exchange.step("offer-taken");
    const respond = (status: number, body?: Body) => {
      if (this.#refusePending !== respond || status < 200) return;
      this.#refusePending = undefined;
      const isAccepted = status < 300;
      const response = send(status, isAccepted ? body : undefined);
      if (isOffer) this.#exchange.step(isAccepted ? "answer-sent" : "refused");
      else if (isAccepted && body !== undefined) this.#exchange.step("offer-sent");
      if (isAccepted) {
        accepted(response);
        this.#owner.accepted(body);
      }
      this.#owner.over();
    };
    this.#refusePending = respond;
    return respond;
  }

  #answer(request: SipRequest, status: number, body: Body | undefined, more: readonly HeaderPair[] = []): SipResponse {
    const { dialog } = this.#requests;
    const { localTag, localContact, state } = dialog.values;
    const headers: HeaderPair[] = [["Server", this.#host.product], ...more];
    const isRefresh = request.method !== "PRACK" && status < 300;
    if (isRefresh) headers.push(...this.#host.sessionHeaders);
    if (isRefresh && state === "confirmed") {
      dialog.setTimer(termsToGrant(request, this.#host.sessionTimer, dialog.values.timer));
      headers.push(...grantHeaders(dialog.values.timer));
    }
    // 500 asks to come again: a random time of up to 10 s (RFC 3261 §14.2, RFC 3311 §5.2).
    if (status === 500) headers.push(["Retry-After", String(Math.floor(randomOf(this.#host) * 10))]);
    return responseTo(request, status, { toTag: localTag, contact: isRefresh ? `<${localContact}>` : undefined, headers, body });
  }
}
