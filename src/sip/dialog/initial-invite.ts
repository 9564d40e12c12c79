/** The INVITE that begins a call of ours, with every fork that answers it (RFC 3261 §13.2): the first 2xx is the call, any other gets ACK and BYE. */
import { sessionBodyOf } from "../body/session-body.ts";
import type { Body } from "../message/builder.ts";
import type { HeaderPair } from "../message/header-list.ts";
import type { SipResponse } from "../message/message.ts";
import { tagOf } from "../message/name-addr.ts";
import { sequenceOf } from "../transaction/matching.ts";
import type { SipAddress } from "../transport/transport.ts";
import type { Dialog, LocalSide } from "./dialog.ts";
import type { DialogSession } from "./dialog-session.ts";
import { EarlyDialogs } from "./early-dialogs.ts";
import type { InviteEvents, InviteFailure, InviteOptions } from "./invite-events.ts";
import { type InviteUnderWay, sendInvite } from "./invite-attempts.ts";
import { inviteOf } from "./outgoing-invite.ts";
import type { ExchangeState } from "./session/exchange.ts";
import { termsGranted } from "./session/session-interval.ts";
import { acknowledge, refuseSuccess, type UsageHost } from "./usage-host.ts";

export type InitialInviteOwner = {
  isInviting(): boolean;
  sessionOf(dialog: Dialog, state: ExchangeState): DialogSession;
  /** A 2xx came. `owesAnswer`: its ACK goes out with the answer of `InviteEvents.answered`, then `acknowledged` follows. */
  confirmed(session: DialogSession, owesAnswer: boolean): void;
  acknowledged(): void;
  /** A 2xx that comes by an address which was given up for another one. */
  surplus(response: SipResponse, source: SipAddress): void;
  failed(failure: InviteFailure, isCancelled: boolean): void;
};

export class InitialInvite {
  readonly early: EarlyDialogs;
  readonly #host: UsageHost;
  readonly #events: InviteEvents;
  readonly #owner: InitialInviteOwner;
  /** Our side, for the 2xx of other forks. */
  #local: LocalSide;
  /** Until its final answer: it holds the whole INVITE. */
  #outgoing: InviteUnderWay | undefined;
  /** CSeq and body of the ACK, for repeated 2xx. */
  #ack: { readonly sequence: number; readonly body: Body | undefined } | undefined;

  constructor(host: UsageHost, options: InviteOptions, events: InviteEvents, owner: InitialInviteOwner) {
    this.#host = host;
    this.#events = events;
    this.#owner = owner;
    const { contact, requestUri, reachedAtPeer = false, cseqMargin = 0 } = options;
    this.#local = { contact, requestUri, reachedAtPeer, cseqMargin };
    const state = options.body === undefined ? "none" : "offering";
    this.early = new EarlyDialogs(
      () => this.#local,
      events,
      (dialog) => owner.sessionOf(dialog, state),
    );
    this.#outgoing = sendInvite(host, inviteOf(host, options), options, {
      provisional: (response, source) => this.#progressed(response, source),
      success: (response, source) => this.#answered(response, source),
      failed: (failure) => owner.failed(failure, this.#outgoing?.isCancelled === true),
      surplus: (response, source) => owner.surplus(response, source),
      moved: (contactThere) => (this.#local = { ...this.#local, contact: contactThere }),
    });
  }

  /** Where it is now; undefined once it is answered. */
  get destination(): SipAddress | undefined {
    return this.#outgoing?.destination;
  }

  cancel(headers: readonly HeaderPair[]): void {
    this.#outgoing?.cancel(headers);
  }

  /** A further 2xx: of the fork that was first, its ACK goes out again. False when it is for a later INVITE in that dialog. */
  success(response: SipResponse, source: SipAddress, first: Dialog | undefined): boolean {
    if (first?.values.remoteTag !== (tagOf(response.headers.get("To") ?? "") ?? "")) {
      refuseSuccess(this.#host, response, source, this.#local);
      return true;
    }
    if (this.#ack?.sequence !== sequenceOf(response)) return false;
    acknowledge(this.#host, first, this.#ack.sequence, this.#ack.body);
    return true;
  }

  stop(): void {
    this.#outgoing?.detach();
    this.early.stop();
  }

  #progressed(response: SipResponse, source: SipAddress): void {
    if (!this.#owner.isInviting() || response.status === 100) return;
    if (this.early.progress(response, source)) this.#events.provisional(response.status, response);
  }

  #answered(response: SipResponse, source: SipAddress): void {
    const outgoing = this.#outgoing;
    if (outgoing === undefined || !this.#owner.isInviting()) return;
    if (outgoing.isCancelled) {
      refuseSuccess(this.#host, response, source, this.#local);
      this.#owner.failed({ status: 487, cause: "response" }, true);
      return;
    }
    const session = this.early.confirm(response, source);
    const { dialog, change } = session;
    const sequence = sequenceOf(response);
    const owesAnswer = change.exchange.state === "none";
    const agreedEarly = change.exchange.state === "agreed" || change.isBusy;
    this.early.stop(session);
    this.#outgoing = undefined;
    // A change of its own that is under way settles it.
    if (!change.isBusy) change.exchange.settle();
    dialog.setTimer(this.#host.sessionTimer && termsGranted(response, undefined));
    this.#owner.confirmed(session, owesAnswer);
    if (!owesAnswer) acknowledge(this.#host, dialog, sequence, undefined);
    const answer = this.#events.answered(response, dialog.values, agreedEarly);
    this.#ack = { sequence, body: owesAnswer ? answer : undefined };
    change.described(owesAnswer ? answer : sessionBodyOf(outgoing.request));
    session.restartTimer();
    if (owesAnswer) {
      acknowledge(this.#host, dialog, sequence, answer);
      this.#owner.acknowledged();
    } else change.proceed();
  }
}
