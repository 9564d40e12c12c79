/**
 * Changing the session of a confirmed dialog: our re-INVITE, the peer's re-INVITE and UPDATE, and what happens when they meet
 * (RFC 3261 §14, RFC 3311).
 *
 *   ours waiting (wanted)   until ACK of the INVITE, the peer's change, or the back-off after 491 is over
 *   ours under way          a change of the peer gets 491
 *   the peer's under way    another of the peer gets 500 with Retry-After; over when ACK came or it was refused
 */
import type { Timer } from "../../kernel/index.ts";
import { sessionBodyOf } from "../body/session-body.ts";
import { type Body, responseTo } from "../message/builder.ts";
import { formatMessage } from "../message/format-message.ts";
import type { SipRequest, SipResponse } from "../message/message.ts";
import type { SipAddress } from "../transport/transport.ts";
import { sequenceOf } from "../transaction/matching.ts";
import type { DialogRequests } from "./dialog-requests.ts";
import type { InviteEvents, InviteFailure } from "./invite-events.ts";
import type { InviteUnderWay } from "./invite-attempts.ts";
import { SuccessRepeater } from "./success-repeater.ts";
import { acknowledge, type UsageHost } from "./usage-host.ts";

export type SessionOwner = {
  /** False while the first INVITE waits for its ACK. */
  isSettled(): boolean;
  /** Our re-INVITE got 408 or 481: the peer no longer has the dialog (RFC 3261 §12.2.1.2). */
  lost(status: number): void;
  ackMissing(): void;
  changed(): void;
};

export class SessionChange {
  readonly #requests: DialogRequests;
  readonly #host: UsageHost;
  readonly #events: InviteEvents;
  readonly #owner: SessionOwner;
  #wanted: { readonly body: Body | undefined } | undefined;
  #isUnderWay = false;
  #isStopped = false;
  #outgoing: InviteUnderWay | undefined;
  #backoff: Timer | undefined;
  /** The ACK of our last accepted re-INVITE, for its repeated 2xx. */
  #lastAck: { readonly sequence: number; readonly body: Body | undefined } | undefined;
  /** Refuses the peer's unanswered change. */
  #refusePending: ((status: number) => void) | undefined;
  #repeater: SuccessRepeater | undefined;

  constructor(requests: DialogRequests, events: InviteEvents, owner: SessionOwner) {
    this.#requests = requests;
    this.#host = requests.host;
    this.#events = events;
    this.#owner = owner;
  }

  /** Of two offers that wait, the later one is sent. */
  offer(body: Body | undefined): void {
    this.#wanted = { body };
    this.proceed();
  }

  /** Sends the waiting offer if nothing is in its way. */
  proceed(): void {
    const wanted = this.#wanted;
    if (wanted === undefined || this.#isUnderWay || this.#backoff !== undefined || this.#isPeerChanging() || !this.#owner.isSettled())
      return;
    this.#wanted = undefined;
    this.#isUnderWay = true;
    this.#requests.invite(
      wanted.body,
      {
        success: (response, source) => this.#accepted(wanted.body, response, source),
        failed: (failure) => this.#refused(wanted.body, failure),
      },
      (outgoing) => {
        // Its next hop may have been looked up for longer than the dialog lived.
        if (this.#isStopped) outgoing.detach();
        else this.#outgoing = outgoing;
      },
    );
  }

  receiveInvite(request: SipRequest, source: SipAddress): void {
    const transaction = this.#host.layer.openInvite(request, source);
    const send = (status: number, body?: Body) => {
      const response = this.#answer(request, status, body);
      transaction.respond(response);
      return response;
    };
    if (this.#collides(send)) return;
    const respond = this.#once(send, (response) => {
      this.#requests.dialog.refreshTarget(request, source);
      const success = { sequence: sequenceOf(request), bytes: formatMessage(response), destination: transaction.destination };
      this.#repeater = new SuccessRepeater(this.#host, success, () => {
        this.#repeater = undefined;
        this.#events.ackMissing();
        this.#owner.ackMissing();
      });
      this.#owner.changed();
    });
    transaction.attach({ cancelled: () => respond(487), failed: () => undefined });
    this.#events.offered(sessionBodyOf(request), respond);
  }

  receiveUpdate(request: SipRequest, source: SipAddress): void {
    const transaction = this.#host.layer.open(request, source);
    const send = (status: number, body?: Body) => {
      const response = this.#answer(request, status, body);
      transaction.respond(response);
      return response;
    };
    const offer = sessionBodyOf(request);
    const accept = () => {
      this.#requests.dialog.refreshTarget(request, source);
      this.#owner.changed();
      this.proceed();
    };
    if (offer === undefined) {
      accept();
      send(200);
    } else if (!this.#collides(send)) this.#events.offered(offer, this.#once(send, accept));
  }

  /** True when the ACK was for a re-INVITE of the peer. */
  acknowledged(ack: SipRequest): boolean {
    if (this.#repeater?.sequence !== sequenceOf(ack)) return false;
    this.#repeater.stop();
    this.#repeater = undefined;
    this.#events.acknowledged(sessionBodyOf(ack));
    this.proceed();
    return true;
  }

  /** A repeated 2xx of our re-INVITE gets its ACK again. */
  repeatAck(response: SipResponse): void {
    if (this.#lastAck?.sequence === sequenceOf(response))
      acknowledge(this.#host, this.#requests.dialog, this.#lastAck.sequence, this.#lastAck.body);
  }

  /** The dialog is over: what the peer still waits for gets 487 (RFC 3261 §15.1.2). */
  stop(): void {
    this.#isStopped = true;
    this.#wanted = undefined;
    this.#backoff?.cancel();
    this.#outgoing?.detach();
    this.#repeater?.stop();
    this.#repeater = undefined;
    this.#refusePending?.(487);
  }

  #isPeerChanging(): boolean {
    return this.#refusePending !== undefined || this.#repeater !== undefined;
  }

  /** RFC 3261 §14.2. */
  #collides(send: (status: number) => void): boolean {
    if (this.#isUnderWay) send(491);
    else if (this.#isPeerChanging() || !this.#owner.isSettled()) send(500);
    else return false;
    return true;
  }

  #once(
    send: (status: number, body?: Body) => SipResponse,
    accepted: (response: SipResponse) => void,
  ): (status: number, body?: Body) => void {
    const respond = (status: number, body?: Body) => {
      if (this.#refusePending !== respond || status < 200) return;
      this.#refusePending = undefined;
      const response = send(status, status < 300 ? body : undefined);
      if (status < 300) accepted(response);
      else this.proceed();
    };
    this.#refusePending = respond;
    return respond;
  }

  #answer(request: SipRequest, status: number, body: Body | undefined): SipResponse {
    const { localTag, localContact } = this.#requests.dialog.values;
    // 500 asks to come again: a random time below 10 s (§14.2).
    const retry = status === 500 ? [["Retry-After", String(Math.floor(this.#random() * 10))] as const] : [];
    const session = status < 300 ? this.#host.sessionHeaders : [];
    const contact = status < 300 ? `<${localContact}>` : undefined;
    return responseTo(request, status, { toTag: localTag, contact, headers: [["Server", this.#host.product], ...session, ...retry], body });
  }

  #accepted(offer: Body | undefined, response: SipResponse, source: SipAddress): void {
    const { dialog } = this.#requests;
    this.#isUnderWay = false;
    this.#outgoing = undefined;
    dialog.refreshTarget(response, source);
    const sequence = sequenceOf(response);
    if (offer !== undefined) acknowledge(this.#host, dialog, sequence, undefined);
    const answer = this.#events.sessionAccepted(sessionBodyOf(response));
    this.#lastAck = { sequence, body: offer === undefined ? answer : undefined };
    if (offer === undefined) acknowledge(this.#host, dialog, sequence, answer);
    this.#owner.changed();
    this.proceed();
  }

  #refused(offer: Body | undefined, failure: InviteFailure): void {
    this.#isUnderWay = false;
    this.#outgoing = undefined;
    if (failure.status === 408 || failure.status === 481) return this.#owner.lost(failure.status);
    if (failure.status === 491) {
      this.#wanted ??= { body: offer };
      // §14.1: the owner of the Call-ID waits 2.1 to 4 s, the other up to 2 s, in steps of 10 ms.
      const steps = this.#requests.dialog.values.role === "uac" ? 210 + Math.floor(this.#random() * 191) : Math.floor(this.#random() * 201);
      this.#backoff = this.#host.clock.after(steps * 10, () => {
        this.#backoff = undefined;
        this.proceed();
      });
      return;
    }
    this.#events.sessionRefused(failure.status);
    this.proceed();
  }

  /** In [0, 1). */
  #random(): number {
    return Number.parseInt(this.#host.ids.random(3), 16) / 2 ** 24;
  }
}
