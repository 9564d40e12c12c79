/** A SUBSCRIBE of ours outside of dialogs, until its answer or the first NOTIFY makes the dialog it lives in (RFC 6665 §4.1.2, §4.4.1). */
import type { HeaderPair } from "../message/header-list.ts";
import { requestOf } from "../message/builder.ts";
import type { SipRequest, SipResponse } from "../message/message.ts";
import { noParams } from "../message/params.ts";
import { formatVia } from "../message/via.ts";
import type { SipAddress } from "../transport/transport.ts";
import { Dialog } from "../dialog/dialog.ts";
import { DialogRequests, type RequestOutcome } from "../dialog/dialog-requests.ts";
import type { AnswerParts, Authorize } from "../dialog/invite-events.ts";
import type { UsageHost } from "../dialog/usage-host.ts";
import { DialogSubscriptions } from "./dialog-subscriptions.ts";
import { Subscriber, type SubscriberEvents, type SubscriberOptions } from "./subscriber.ts";

export type SubscribeOptions = Omit<SubscriberOptions, "expiresS"> & {
  readonly expiresS: number;
  readonly requestUri: string;
  /** Without tags. */
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly localTag: string;
  /** With the magic cookie. */
  readonly branch: string;
  /** A URI. */
  readonly contact: string;
  readonly destination: SipAddress;
  readonly headers?: readonly HeaderPair[];
};

type Owner = {
  made(requests: DialogRequests, subscriptions: DialogSubscriptions): void;
  /** Nothing came of it. */
  gone(): void;
};

export class OutgoingSubscribe {
  readonly subscriber: Subscriber;
  readonly #host: UsageHost;
  readonly #options: SubscribeOptions;
  readonly #authorize: Authorize | undefined;
  readonly #owner: Owner;
  readonly #events: SubscriberEvents;
  readonly #subscriptions: DialogSubscriptions;
  #requests: DialogRequests | undefined;
  #sequence = 1;

  constructor(host: UsageHost, options: SubscribeOptions, events: SubscriberEvents, authorize: Authorize | undefined, owner: Owner) {
    this.#host = host;
    this.#options = options;
    this.#authorize = authorize;
    this.#owner = owner;
    this.#events = events;
    const { clock, timers } = host;
    const subscriptions = new DialogSubscriptions({
      clock,
      patienceMs: 64 * timers.t1Ms,
      contact: ["Contact", `<${options.contact}>`],
      send: (method, parts, done) => (this.#requests === undefined ? done({ status: 481 }) : this.#requests.send(method, parts, done)),
    });
    this.#subscriptions = subscriptions;
    subscriptions.onEmptied(() => owner.gone());
    this.subscriber = subscriptions.subscriber(options, this.#events);
    this.#send(this.subscriber.parts(options.expiresS), undefined);
  }

  /** A NOTIFY before the answer: of several user agents that a fork reached, the first to notify is the one we follow (§4.4.1). */
  notified(request: SipRequest, source: SipAddress): void {
    const { values } = Dialog.ofInvite(request, source, { tag: this.#options.localTag, contact: this.#options.contact });
    // What the request tells as it comes is as old as our SUBSCRIBE: its CSeq is taken when it is answered.
    this.#make(Dialog.restore({ ...values, role: "uac", state: "confirmed", localCseq: this.#sequence, remoteCseq: undefined }));
  }

  close(): void {
    this.#subscriptions.close();
  }

  #send(parts: AnswerParts, authorization: HeaderPair | undefined): void {
    const { requestUri, from, to, callId, localTag, branch, contact, destination, headers = [] } = this.#options;
    const { protocol } = destination;
    const all: HeaderPair[] = [["User-Agent", this.#host.product], ...headers, ...(parts.headers ?? [])];
    if (authorization !== undefined) all.push(authorization);
    const request = requestOf({
      method: "SUBSCRIBE",
      uri: requestUri,
      via: formatVia({
        protocol: protocol.toUpperCase(),
        ...this.#host.transport.sentBy(destination),
        branch: `${branch}-${this.#sequence}`,
        rport: "asked",
        params: noParams,
      }),
      from: `${from};tag=${localTag}`,
      to,
      callId,
      sequence: this.#sequence,
      contact: `<${contact}>`,
      headers: all,
    });
    this.#host.layer.request(request, destination, {
      response: (response, source) => this.#answered(request, response, source, authorization !== undefined),
      failed: ({ status }) => this.#settle({ status }),
    });
  }

  #answered(request: SipRequest, response: SipResponse, source: SipAddress, isSigned: boolean): void {
    const { status } = response;
    if (status < 200 || this.subscriber.state === "over") return;
    const answer = (status === 401 || status === 407) && !isSigned ? this.#authorize?.(response, request) : undefined;
    if (answer !== undefined) {
      this.#sequence++;
      return this.#send(this.subscriber.parts(this.#options.expiresS), answer);
    }
    if (status < 300) {
      const { contact, requestUri } = this.#options;
      this.#make(Dialog.ofResponse(response, source, { contact, requestUri, reachedAtPeer: false }));
    }
    this.#settle({ status, response });
  }

  #make(dialog: Dialog): void {
    if (this.#requests !== undefined) return;
    this.#requests = new DialogRequests(this.#host, dialog, this.#authorize);
    this.#owner.made(this.#requests, this.#subscriptions);
  }

  #settle(outcome: RequestOutcome): void {
    this.subscriber.answered(outcome);
  }
}
