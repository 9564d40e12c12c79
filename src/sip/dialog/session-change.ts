/**
 * Changing the session of one dialog (RFC 3261 §14, RFC 3311): our re-INVITE and UPDATE. The peer's are in peer-session-change.ts.
 * Before the dialog is confirmed there is only UPDATE, and the offer in a PRACK of ours (RFC 3262 §5).
 *
 *   an offer of ours   until                                                          a change of the peer then gets
 *   waits (wanted)     the owner has means for it, the peer's change is over, and     its answer
 *                      the back-off after 491 or Retry-After too
 *   is under way       its final answer                                               491
 */
import type { Timer } from "../../kernel/index.ts";
import { sessionBodyOf } from "../body/session-body.ts";
import type { Body } from "../message/builder.ts";
import { leadingSeconds } from "../message/cseq.ts";
import type { SipResponse } from "../message/message.ts";
import type { SipAddress } from "../transport/transport.ts";
import { sequenceOf } from "../transaction/matching.ts";
import type { DialogRequests, RequestOutcome } from "./dialog-requests.ts";
import type { InviteEvents } from "./invite-events.ts";
import type { InviteUnderWay } from "./invite-attempts.ts";
import { PeerSessionChange } from "./peer-session-change.ts";
import { ProvisionalAcknowledger } from "./reliable/provisional-acknowledger.ts";
import type { Exchange } from "./session/exchange.ts";
import { refreshHeaders, termsAfterRefusal, termsGranted } from "./session/session-interval.ts";
import { acknowledge, randomOf, type UsageHost } from "./usage-host.ts";

export type SessionOwner = {
  /** With what an offer of ours may go out now. */
  means(): "INVITE" | "UPDATE" | undefined;
  /** The peer's INVITEs but this one have had their ACK. */
  isSettled(): boolean;
  /** 408 or 481: the peer no longer has the dialog (RFC 3261 §12.2.1.2). */
  lost(status: number): void;
  ackMissing(): void;
  changed(): void;
  /** Either side's change was accepted, which refreshes the session (RFC 4028 §7.2). */
  refreshed(): void;
  refreshFailed(): void;
  /** A change of the peer is answered. */
  answered(): void;
};

/** `isRefresh`: the description that holds already, once more. */
type Wanted = { readonly body: Body | undefined; readonly isRefresh?: boolean };

/** How often a peer may put one change of ours off with 500 and Retry-After. */
const mostDelays = 3;

export class SessionChange {
  readonly exchange: Exchange;
  readonly #requests: DialogRequests;
  readonly #host: UsageHost;
  readonly #events: InviteEvents;
  readonly #owner: SessionOwner;
  #wanted: Wanted | undefined;
  #isUnderWay = false;
  #isStopped = false;
  #outgoing: InviteUnderWay | undefined;
  #backoff: Timer | undefined;
  #delays = 0;
  /** Of our re-INVITE under way. */
  #acknowledger = new ProvisionalAcknowledger();
  #isAgreedEarly = false;
  /** The ACK of our last accepted re-INVITE, for its repeated 2xx. */
  #lastAck: { readonly sequence: number; readonly body: Body | undefined } | undefined;
  readonly #peer: PeerSessionChange;
  /** What we described last, kept only where a refresh needs it. */
  #description: Body | undefined;

  constructor(requests: DialogRequests, exchange: Exchange, events: InviteEvents, owner: SessionOwner) {
    this.exchange = exchange;
    this.#requests = requests;
    this.#host = requests.host;
    this.#events = events;
    this.#owner = owner;
    this.#peer = new PeerSessionChange(requests, exchange, events, {
      isOursUnderWay: () => this.#isUnderWay,
      isSettled: () => owner.isSettled(),
      ackMissing: () => owner.ackMissing(),
      accepted: (answer) => {
        this.described(answer);
        owner.changed();
        owner.refreshed();
      },
      over: () => {
        owner.answered();
        this.proceed();
      },
    });
  }

  get peer(): PeerSessionChange {
    return this.#peer;
  }

  /** Either side's change waits for its answer: no 2xx to the first INVITE now (RFC 6337 §3.1). */
  get isBusy(): boolean {
    return this.#isUnderWay || this.#peer.isPending;
  }

  /** Of two offers that wait, the later one is sent. */
  offer(body: Body | undefined): void {
    this.#wanted = { body };
    this.proceed();
  }

  /** Sends the waiting offer if nothing is in its way. */
  proceed(): void {
    const wanted = this.#wanted;
    const isFree = !this.#isUnderWay && this.#backoff === undefined && !this.#peer.isPending && !this.#peer.isUnacknowledged;
    if (wanted === undefined || !isFree) return;
    const means = this.exchange.state === "agreed" ? this.#owner.means() : undefined;
    // An early dialog cannot ask for an offer: UPDATE without one only refreshes the target.
    if (means === undefined || (means === "UPDATE" && wanted.body === undefined)) return;
    this.#wanted = undefined;
    if (means === "UPDATE") this.#update(wanted);
    else this.#reinvite(wanted);
  }

  /** The offer that waits, when it may go out in a PRACK now (RFC 3262 §5). Tell `answeredInPrack` how that ended. */
  takeForPrack(): Body | undefined {
    const body = this.#wanted?.body;
    if (body === undefined || this.isBusy || !this.exchange.step("offer-sent")) return undefined;
    this.#wanted = undefined;
    this.#isUnderWay = true;
    return body;
  }

  answeredInPrack(body: Body, outcome: RequestOutcome): void {
    this.#updated({ body }, outcome);
  }

  /** What we described in the INVITE or its answer. */
  described(body: Body | undefined): void {
    const { timer, allowsUpdate } = this.#requests.dialog.values;
    this.#description = timer?.refresher === "local" && allowsUpdate !== true ? body : undefined;
  }

  /** RFC 4028 §7.4: by UPDATE without a description where that is allowed, else by re-INVITE with what was described last. */
  refresh(): void {
    if (this.#requests.dialog.values.allowsUpdate === true && !this.isBusy) this.#update({ body: undefined, isRefresh: true });
    else if (this.isBusy || this.#wanted !== undefined) this.#owner.refreshFailed();
    else if (this.#description !== undefined) {
      this.#wanted = { body: this.#description, isRefresh: true };
      this.proceed();
    } else if (this.#events.refreshDue === undefined) this.#owner.refreshFailed();
    else this.#events.refreshDue();
  }

  /** A repeated 2xx of our re-INVITE gets its ACK again. */
  repeatAck(response: SipResponse): void {
    if (this.#lastAck?.sequence === sequenceOf(response))
      acknowledge(this.#host, this.#requests.dialog, this.#lastAck.sequence, this.#lastAck.body);
  }

  /** The dialog is over. */
  stop(): void {
    this.#isStopped = true;
    this.#wanted = undefined;
    this.#backoff?.cancel();
    this.#outgoing?.detach();
    this.#peer.stop();
  }

  #reinvite(wanted: Wanted): void {
    const { body } = wanted;
    this.#begin(body);
    this.#acknowledger = new ProvisionalAcknowledger();
    this.#isAgreedEarly = false;
    this.#requests.invite(
      body,
      {
        provisional: (response) => this.#progressed(wanted, response),
        success: (response, source) => this.#accepted(wanted, response, source),
        failed: ({ status, response }) => this.#refused(wanted, { status, ...(response && { response }) }),
      },
      (outgoing) => {
        // Its next hop may have been looked up for longer than the dialog lived.
        if (this.#isStopped) outgoing.detach();
        else this.#outgoing = outgoing;
      },
    );
  }

  #update(wanted: Wanted): void {
    const { body } = wanted;
    this.#begin(body);
    const { state, timer } = this.#requests.dialog.values;
    const headers = [...this.#host.sessionHeaders, ...(state === "confirmed" ? refreshHeaders(timer) : [])];
    this.#requests.send("UPDATE", { headers, body }, (outcome) => this.#updated(wanted, outcome));
  }

  #begin(body: Body | undefined): void {
    this.#isUnderWay = true;
    if (body !== undefined) this.exchange.step("offer-sent");
  }

  #updated(wanted: Wanted, { status, response, source }: RequestOutcome): void {
    if (this.#isStopped) return;
    if (response === undefined || status >= 300) return this.#refused(wanted, { status, ...(response && { response }) });
    const { dialog } = this.#requests;
    this.#isUnderWay = false;
    if (source !== undefined && response.headers.has("Contact")) dialog.refreshTarget(response, source);
    this.#granted(response);
    if (wanted.body !== undefined) {
      this.exchange.step("answer-taken");
      this.described(wanted.body);
      this.#events.sessionAccepted(sessionBodyOf(response));
    }
    this.#over();
  }

  /** A provisional answer to our re-INVITE: reliable, it needs its PRACK, and may agree on the session. */
  #progressed({ body }: Wanted, response: SipResponse): void {
    if (this.#isStopped || this.#acknowledger.take(response) !== "reliable") return;
    const description = this.#isAgreedEarly ? undefined : sessionBodyOf(response);
    let answer: Body | undefined;
    if (description !== undefined) {
      this.#isAgreedEarly = true;
      if (body !== undefined) this.exchange.step("answer-taken");
      answer = this.#events.sessionAccepted(description);
    }
    this.#acknowledger.acknowledge(this.#requests, response, body === undefined ? answer : undefined, () => undefined);
  }

  #accepted({ body: offer }: Wanted, response: SipResponse, source: SipAddress): void {
    const { dialog } = this.#requests;
    this.#isUnderWay = false;
    this.#outgoing = undefined;
    dialog.refreshTarget(response, source);
    this.#granted(response);
    const sequence = sequenceOf(response);
    const owesAnswer = offer === undefined && !this.#isAgreedEarly;
    if (!owesAnswer) acknowledge(this.#host, dialog, sequence, undefined);
    if (offer !== undefined && this.exchange.state === "offering") this.exchange.step("answer-taken");
    const answer = this.#isAgreedEarly ? undefined : this.#events.sessionAccepted(sessionBodyOf(response));
    this.#lastAck = { sequence, body: owesAnswer ? answer : undefined };
    if (owesAnswer) acknowledge(this.#host, dialog, sequence, answer);
    this.described(offer ?? answer);
    this.#over();
  }

  /** Whoever answers last to a refresh says how long the next may take. */
  #granted(response: SipResponse): void {
    const { dialog } = this.#requests;
    if (dialog.values.timer === undefined || dialog.values.state === "early") return;
    dialog.setTimer(termsGranted(response, dialog.values.timer));
  }

  #over(): void {
    this.#delays = 0;
    this.#owner.changed();
    this.#owner.refreshed();
    this.#owner.answered();
    this.proceed();
  }

  #refused(wanted: Wanted, { status, response }: RequestOutcome): void {
    this.#isUnderWay = false;
    this.#outgoing = undefined;
    if (this.exchange.state === "offering") this.exchange.step("refused");
    if (status === 408 || status === 481) return this.#owner.lost(status);
    const delayMs = this.#delayAfter(status, response);
    if (delayMs !== undefined) {
      this.#wanted ??= wanted;
      this.#backoff = this.#host.clock.after(delayMs, () => {
        this.#backoff = undefined;
        if (this.#wanted?.isRefresh === true && this.#wanted.body === undefined) {
          this.#wanted = undefined;
          this.refresh();
        } else this.proceed();
      });
      this.#owner.answered();
      return;
    }
    this.#delays = 0;
    if (!this.#isMended(wanted, status, response)) {
      if (wanted.isRefresh === true) this.#owner.refreshFailed();
      else this.#events.sessionRefused(status);
    }
    this.#owner.answered();
    this.proceed();
  }

  /** True when the same will be tried in another way. */
  #isMended(wanted: Wanted, status: number, response: SipResponse | undefined): boolean {
    const { dialog } = this.#requests;
    const { timer, allowsUpdate } = dialog.values;
    if (status === 422) {
      const terms = timer && termsAfterRefusal(response, timer);
      if (terms === undefined) return false;
      dialog.setTimer(terms);
    } else if ((status === 405 || status === 501 || status === 504) && allowsUpdate === true) {
      // Not taken, or not without asking somebody (RFC 3311 §5.2): a re-INVITE will do, in an early dialog once that is confirmed.
      dialog.forgetUpdate();
    } else return false;
    if (wanted.isRefresh === true && wanted.body === undefined) this.refresh();
    else this.#wanted ??= wanted;
    return true;
  }

  /** How long to wait before the same is tried again, in ms; undefined when it is not. */
  #delayAfter(status: number, response: SipResponse | undefined): number | undefined {
    if (status === 491) {
      // RFC 3261 §14.1: the owner of the Call-ID waits 2.1 to 4 s, the other up to 2 s, in steps of 10 ms.
      const steps =
        this.#requests.dialog.values.role === "uac" ? 210 + Math.floor(randomOf(this.#host) * 191) : Math.floor(randomOf(this.#host) * 201);
      return steps * 10;
    }
    const retryAfterS = status === 500 ? leadingSeconds(response?.headers.get("Retry-After")) : undefined;
    if (retryAfterS === undefined || retryAfterS > 10 || this.#delays >= mostDelays) return undefined;
    this.#delays++;
    return retryAfterS * 1000;
  }
}
