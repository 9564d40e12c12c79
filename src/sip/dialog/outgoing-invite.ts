/** One INVITE or re-INVITE of ours until its final answer, with CANCEL (RFC 3261 §9.1, §13.2). What the answer means is its owner's. */
import { HeaderList, type HeaderPair } from "../message/header-list.ts";
import { emptyBody, requestOf } from "../message/builder.ts";
import type { SipRequest, SipResponse } from "../message/message.ts";
import { noParams } from "../message/params.ts";
import { formatVia } from "../message/via.ts";
import type { InviteClientTransaction } from "../transaction/invite-client.ts";
import type { Failure } from "../transaction/transaction.ts";
import type { SipAddress } from "../transport/transport.ts";
import { sequenceOf } from "../transaction/matching.ts";
import type { InviteFailure, InviteOptions } from "./invite-events.ts";
import { initialHeaders } from "./session/session-interval.ts";
import { endReasonOf, type UsageHost } from "./usage-host.ts";

export type OutgoingInviteOwner = {
  provisional(response: SipResponse, source: SipAddress): void;
  success(response: SipResponse, source: SipAddress): void;
  /** Everything else, once: 300-699, 408 after timer B, 503 when it could not be sent, 487 when a cancelled one stays silent. */
  failed(failure: InviteFailure): void;
  /** A 2xx of an address that was given up for another one. */
  surplus(response: SipResponse, source: SipAddress): void;
  /** Nothing was heard for as long as was asked. */
  silent?(): void;
  /** Another address is tried, and this is our Contact there. */
  moved?(contact: string): void;
};

export class OutgoingInvite {
  readonly request: SipRequest;
  readonly #host: UsageHost;
  readonly destination: SipAddress;
  readonly #owner: OutgoingInviteOwner;
  readonly #transaction: InviteClientTransaction;
  #phase: "silent" | "proceeding" | "final" = "silent";
  #cancel: "no" | "wanted" | "sent" = "no";
  #cancelHeaders: readonly HeaderPair[] = [];

  constructor(host: UsageHost, request: SipRequest, destination: SipAddress, owner: OutgoingInviteOwner, silenceMs?: number) {
    this.#host = host;
    this.request = request;
    this.destination = destination;
    this.#owner = owner;
    const events = {
      response: (response: SipResponse, source: SipAddress) => this.#receive(response, source),
      failed: (failure: Failure) => {
        if (!this.#end()) return;
        // Whatever CANCEL itself got: nobody waits longer for the INVITE's final answer than 64*T1 (§9.1).
        owner.failed(this.#cancel === "sent" ? { status: 487, cause: "timeout" } : failure);
      },
      silent: () => owner.silent?.(),
    };
    this.#transaction = host.layer.invite(request, destination, events, silenceMs);
  }

  get isCancelled(): boolean {
    return this.#cancel !== "no";
  }

  /** Waits for a provisional answer before it sends CANCEL; a 2xx may still win. */
  cancel(headers: readonly HeaderPair[]): void {
    if (this.#cancel !== "no" || this.#phase === "final") return;
    this.#cancel = "wanted";
    this.#cancelHeaders = headers;
    if (this.#phase === "proceeding") this.#sendCancel();
  }

  /** Another address is tried: it is not repeated any more, and cancelled should the peer wake up. */
  giveUp(): void {
    this.#transaction.quieten();
    this.cancel([]);
  }

  /** Its owner hears nothing more; the transaction goes on to acknowledge a refusal. */
  detach(): void {
    this.#end();
  }

  #receive(response: SipResponse, source: SipAddress): void {
    if (this.#phase === "final") return;
    if (response.status < 200) {
      this.#phase = "proceeding";
      if (this.#cancel === "wanted") this.#sendCancel();
      this.#owner.provisional(response, source);
      return;
    }
    this.#end();
    if (response.status < 300) this.#owner.success(response, source);
    else this.#owner.failed({ status: response.status, cause: "response", response, ...endReasonOf(response) });
  }

  #sendCancel(): void {
    this.#cancel = "sent";
    const invite = this.request.headers;
    const headers = new HeaderList([
      ["Via", invite.get("Via") ?? ""],
      ...invite.all("Route").map((route): HeaderPair => ["Route", route]),
      ["Max-Forwards", "70"],
      ["From", invite.get("From") ?? ""],
      ["To", invite.get("To") ?? ""],
      ["Call-ID", invite.get("Call-ID") ?? ""],
      ["CSeq", `${sequenceOf(this.request)} CANCEL`],
      ["User-Agent", this.#host.product],
      ...this.#cancelHeaders,
    ]);
    const cancel: SipRequest = { kind: "request", method: "CANCEL", uri: this.request.uri, headers, body: emptyBody };
    this.#host.layer.request(cancel, this.destination, { response: () => undefined, failed: () => undefined });
    this.#transaction.limit();
  }

  /** True the first time. */
  #end(): boolean {
    const isFirst = this.#phase !== "final";
    this.#phase = "final";
    return isFirst;
  }
}

/** The same options make the same bytes. */
export function inviteOf(host: UsageHost, options: InviteOptions): SipRequest {
  const [destination] = options.destinations;
  return requestOf({
    method: "INVITE",
    uri: options.requestUri,
    via: formatVia({
      protocol: destination.protocol.toUpperCase(),
      ...host.transport.sentBy(destination),
      branch: options.branch,
      rport: "asked",
      params: noParams,
    }),
    from: `${options.from};tag=${options.localTag}`,
    to: options.to,
    callId: options.callId,
    sequence: options.sequence,
    maxForwards: options.maxForwards,
    contact: `<${options.contact}>`,
    headers: [
      ...(options.routeSet ?? []).map((route): HeaderPair => ["Route", route]),
      ["User-Agent", host.product],
      ...host.sessionHeaders,
      ...initialHeaders(host.sessionTimer, options.minSessionS),
      ...(options.authorization === undefined ? [] : [options.authorization]),
      ...(options.headers ?? []),
    ],
    body: options.body,
  });
}
