/**
 * The INVITE of a peer until its ACK (RFC 3261 §13.3). What follows is its owner's.
 *
 *   what we say                       goes out
 *   ring, the peer requires 100rel,   reliably (RFC 3262 §3), one after the other
 *   or knows it and there is SDP
 *   ring otherwise                    at once, and again each minute; an offer of ours stays out
 *   answer                            once no reliable description waits for its PRACK, and no change of the session for its answer
 *   reject                            at once
 */
import type { Timer } from "../../kernel/index.ts";
import { type Body, responseTo } from "../message/builder.ts";
import { formatMessage } from "../message/format-message.ts";
import type { HeaderPair } from "../message/header-list.ts";
import type { SipRequest, SipResponse } from "../message/message.ts";
import type { InviteServerTransaction } from "../transaction/invite-server.ts";
import { sequenceOf } from "../transaction/matching.ts";
import type { EndReason } from "./invite-events.ts";
import { ProvisionalRepeater } from "./reliable/provisional-repeater.ts";
import type { SessionChange } from "./session-change.ts";
import { SuccessRepeater } from "./success-repeater.ts";
import { endReasonOf, type UsageHost } from "./usage-host.ts";

/** §13.3.1.1: a proxy gives up after three minutes without a word. */
const repeatRingingMs = 60_000;

export type IncomingInviteOwner = {
  /** CANCEL came before a final answer, and perhaps again: 487 is owed. */
  cancelled(reason: EndReason): void;
  ackMissing(): void;
  /** No PRACK came for 64*T1; the INVITE has been refused (RFC 3262 §3). */
  prackMissing(status: number): void;
  /** The 2xx is about to go out. */
  answering(body: Body | undefined): readonly HeaderPair[];
};

export class IncomingInvite {
  readonly #host: UsageHost;
  readonly #transaction: InviteServerTransaction;
  readonly #local: { readonly tag: string; readonly contact: string };
  readonly #session: SessionChange;
  readonly #owner: IncomingInviteOwner;
  readonly #reliability: "always" | "descriptions" | "never" | "unknown";
  #provisionals: ProvisionalRepeater | undefined;
  #refused: (() => void) | undefined;
  #isAnswered = false;
  #ringing: Timer | undefined;
  /** An answer that waits until it may go out. */
  #waiting: { readonly body: Body | undefined } | undefined;
  #repeater: SuccessRepeater | undefined;

  constructor(
    host: UsageHost,
    transaction: InviteServerTransaction,
    local: { tag: string; contact: string; isRestored: boolean },
    session: SessionChange,
    owner: IncomingInviteOwner,
  ) {
    this.#host = host;
    this.#transaction = transaction;
    this.#local = local;
    this.#session = session;
    this.#owner = owner;
    this.#reliability = reliabilityOf(transaction.request, local.isRestored);
    transaction.attach({
      cancelled: (cancel) => {
        if (!this.#isAnswered) owner.cancelled(endReasonOf(cancel));
      },
      confirmed: () => this.#refused?.(),
      // A refusal that was never acknowledged: there is no call to end, and nothing more to do.
      failed: () => this.#refused?.(),
    });
  }

  get request(): SipRequest {
    return this.#transaction.request;
  }

  /** Of our reliable provisional answers, when there were any. */
  get provisionals(): ProvisionalRepeater | undefined {
    return this.#provisionals;
  }

  /** After a restart a PRACK may be for what the former process sent. */
  get takesAnyPrack(): boolean {
    return this.#reliability === "unknown";
  }

  /** 101-199. */
  ring(status: number, body: Body | undefined): void {
    if (this.#isAnswered || this.#waiting !== undefined) return;
    this.#ringing?.cancel();
    const { exchange } = this.#session;
    const mayDescribe = body !== undefined && (exchange.state === "owing" || exchange.state === "none") && !this.#session.isBusy;
    const isReliable = this.#reliability === "always" || (this.#reliability === "descriptions" && mayDescribe);
    if (!isReliable) return this.#ringOnce(status, exchange.state === "owing" ? body : undefined);
    const description = mayDescribe ? body : undefined;
    if (description !== undefined) exchange.step(exchange.state === "owing" ? "answer-sent" : "offer-sent");
    this.#provisionals ??= new ProvisionalRepeater(this.#host, this.#transaction, () => {
      this.reject(504, []);
      this.#owner.prackMissing(504);
    });
    this.#provisionals.send({
      build: (headers) => this.#response(status, headers, description),
      hasDescription: description !== undefined,
    });
    this.#ringing = this.#host.clock.after(repeatRingingMs, () => this.ring(status, undefined));
  }

  answer(body: Body | undefined): void {
    if (this.#isAnswered) return;
    this.#waiting = { body };
    this.proceed();
  }

  /** Sends the answer that waits if nothing is in its way any more. */
  proceed(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#provisionals?.holdsFinal === true || this.#session.isBusy || !this.#finish()) return;
    const { exchange } = this.#session;
    // Agreed on already: the peer would take no notice of another (RFC 3261 §13.2.1). An offer that its PRACK did not answer comes again.
    const body = exchange.state === "agreed" ? undefined : waiting.body;
    if (body !== undefined && exchange.state !== "offering") exchange.step(exchange.state === "owing" ? "answer-sent" : "offer-sent");
    // An answer without a description, to an offer or instead of one, is its user's word that there is no session.
    const response = this.#response(200, [...this.#host.sessionHeaders, ...this.#owner.answering(waiting.body)], body);
    this.#transaction.respond(response);
    const { sentBytes: bytes = formatMessage(response), destination } = this.#transaction;
    const success = { sequence: sequenceOf(this.request), bytes, destination };
    this.#repeater = new SuccessRepeater(this.#host, success, () => {
      this.#repeater = undefined;
      this.#owner.ackMissing();
    });
  }

  /** `done` is called when the peer has it, or never will: until then it is repeated, by whoever has its transaction. */
  reject(status: number, headers: readonly HeaderPair[], done?: () => void): void {
    if (!this.#finish()) return;
    this.#refused = done;
    this.#transaction.respond(this.#response(status, headers, undefined));
  }

  /** True the first time the ACK of our 2xx comes. */
  acknowledged(ack: SipRequest): boolean {
    if (this.#repeater?.sequence !== sequenceOf(ack)) return false;
    this.stop();
    return true;
  }

  /** True once, when the 2xx waited for an ACK that brings nothing: the INVITE had the offer. */
  takeImplicitAck(): boolean {
    if (this.#repeater === undefined || this.#session.exchange.state === "offering") return false;
    this.stop();
    return true;
  }

  stop(): void {
    this.#ringing?.cancel();
    this.#provisionals?.finish();
    this.#repeater?.stop();
    this.#repeater = undefined;
  }

  #ringOnce(status: number, body: Body | undefined): void {
    // A peer that requires 100rel may not be told otherwise.
    if (this.#reliability === "unknown" && requires(this.request)) return;
    this.#transaction.respond(this.#response(status, [], body));
    this.#ringing = this.#host.clock.after(repeatRingingMs, () => this.ring(status, body));
  }

  #finish(): boolean {
    const isFirst = !this.#isAnswered;
    this.#isAnswered = true;
    this.#waiting = undefined;
    this.#ringing?.cancel();
    this.#provisionals?.finish();
    return isFirst;
  }

  #response(status: number, headers: readonly HeaderPair[], body: Body | undefined): SipResponse {
    const contact = status < 300 ? `<${this.#local.contact}>` : undefined;
    // UPDATE may come, and 100rel is known, before the 2xx says so (RFC 3311 §5.1).
    const session = status < 200 && headers.length > 0 ? this.#host.sessionHeaders : [];
    return responseTo(this.request, status, {
      toTag: this.#local.tag,
      contact,
      headers: [["Server", this.#host.product], ...headers, ...session],
      body,
    });
  }
}

function reliabilityOf(request: SipRequest, isRestored: boolean): "always" | "descriptions" | "never" | "unknown" {
  if (isRestored) return "unknown";
  if (requires(request)) return "always";
  return request.headers.lists("Supported", "100rel") ? "descriptions" : "never";
}

function requires(request: SipRequest): boolean {
  return request.headers.lists("Require", "100rel");
}
