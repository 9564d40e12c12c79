/** The INVITE of a peer until its ACK (RFC 3261 §13.3). What follows is its owner's. */
import type { Timer } from "../../kernel/index.ts";
import { type Body, responseTo } from "../message/builder.ts";
import { formatMessage } from "../message/format-message.ts";
import type { HeaderPair } from "../message/header-list.ts";
import type { SipRequest, SipResponse } from "../message/message.ts";
import type { InviteServerTransaction } from "../transaction/invite-server.ts";
import { sequenceOf } from "../transaction/matching.ts";
import type { EndReason } from "./invite-events.ts";
import { SuccessRepeater } from "./success-repeater.ts";
import { endReasonOf, type UsageHost } from "./usage-host.ts";

/** §13.3.1.1: a proxy gives up after three minutes without a word. */
const repeatRingingMs = 60_000;

export type IncomingInviteOwner = {
  /** CANCEL came before a final answer, and perhaps again: 487 is owed. */
  cancelled(reason: EndReason): void;
  ackMissing(): void;
};

export class IncomingInvite {
  readonly #host: UsageHost;
  readonly #transaction: InviteServerTransaction;
  readonly #local: { readonly tag: string; readonly contact: string };
  readonly #owner: IncomingInviteOwner;
  #isAnswered = false;
  #ringing: Timer | undefined;
  #repeater: SuccessRepeater | undefined;

  constructor(host: UsageHost, transaction: InviteServerTransaction, local: { tag: string; contact: string }, owner: IncomingInviteOwner) {
    this.#host = host;
    this.#transaction = transaction;
    this.#local = local;
    this.#owner = owner;
    transaction.attach({
      cancelled: (cancel) => {
        if (!this.#isAnswered) owner.cancelled(endReasonOf(cancel));
      },
      // A refusal that was never acknowledged: there is no call to end.
      failed: () => undefined,
    });
  }

  get request(): SipRequest {
    return this.#transaction.request;
  }

  /** 101-199; repeated each minute until the final answer. */
  ring(status: number, body: Body | undefined): void {
    if (this.#isAnswered) return;
    this.#ringing?.cancel();
    this.#transaction.respond(this.#response(status, [], body));
    this.#ringing = this.#host.clock.after(repeatRingingMs, () => this.ring(status, body));
  }

  answer(body: Body | undefined): void {
    if (!this.#finish()) return;
    const response = this.#response(200, this.#host.sessionHeaders, body);
    this.#transaction.respond(response);
    const success = { sequence: sequenceOf(this.request), bytes: formatMessage(response), destination: this.#transaction.destination };
    this.#repeater = new SuccessRepeater(this.#host, success, () => {
      this.#repeater = undefined;
      this.#owner.ackMissing();
    });
  }

  reject(status: number, headers: readonly HeaderPair[]): void {
    if (this.#finish()) this.#transaction.respond(this.#response(status, headers, undefined));
  }

  /** True the first time the ACK of our 2xx comes. */
  acknowledged(ack: SipRequest): boolean {
    if (this.#repeater?.sequence !== sequenceOf(ack)) return false;
    this.stop();
    return true;
  }

  /** True once, when the 2xx waited for an ACK that brings nothing: the INVITE had the offer. */
  takeImplicitAck(): boolean {
    if (this.#repeater === undefined || this.request.body.length === 0) return false;
    this.stop();
    return true;
  }

  stop(): void {
    this.#ringing?.cancel();
    this.#repeater?.stop();
    this.#repeater = undefined;
  }

  #finish(): boolean {
    const isFirst = !this.#isAnswered;
    this.#isAnswered = true;
    this.#ringing?.cancel();
    return isFirst;
  }

  #response(status: number, headers: readonly HeaderPair[], body: Body | undefined): SipResponse {
    const contact = status < 300 ? `<${this.#local.contact}>` : undefined;
    return responseTo(this.request, status, {
      toTag: this.#local.tag,
      contact,
      headers: [["Server", this.#host.product], ...headers],
      body,
    });
  }
}
