/** Sends requests inside a dialog: finds the next hop, answers a challenge once, tries the target when the peer's connection is gone. */
import type { HeaderPair } from "../message/header-list.ts";
import type { Body } from "../message/builder.ts";
import type { SipRequest, SipResponse } from "../message/message.ts";
import type { SipAddresses } from "../location/locator.ts";
import { requestInTurn } from "../transaction/in-turn.ts";
import { DialogSubscriptions } from "../subscription/dialog-subscriptions.ts";
import { tagOf } from "../message/name-addr.ts";
import { sequenceOf } from "../transaction/matching.ts";
import type { SipAddress } from "../transport/transport.ts";
import type { Dialog } from "./dialog.ts";
import type { AnswerParts, Authorize, InviteFailure } from "./invite-events.ts";
import { type InviteUnderWay, sendInvite } from "./invite-attempts.ts";
import { refreshHeaders } from "./session/session-interval.ts";
import { acknowledge, type UsageHost } from "./usage-host.ts";

/** Of a request: the final status, 408 when nobody answered, 503 when it could not be sent. */
export type RequestOutcome = { readonly status: number; readonly response?: SipResponse; readonly source?: SipAddress };

export type ReinviteOwner = {
  provisional(response: SipResponse): void;
  success(response: SipResponse, source: SipAddress): void;
  failed(failure: InviteFailure): void;
};

export class DialogRequests {
  readonly host: UsageHost;
  readonly dialog: Dialog;
  readonly #authorize: Authorize | undefined;
  /** Requests up to this one are of before this object: of a restored dialog, those of the former process. */
  readonly #formerCseq: number;
  #subscriptions: DialogSubscriptions | undefined;

  constructor(host: UsageHost, dialog: Dialog, authorize: Authorize | undefined) {
    this.host = host;
    this.dialog = dialog;
    this.#authorize = authorize;
    this.#formerCseq = dialog.values.localCseq;
  }

  /** What is subscribed to in this dialog, made when it is first asked for; it outlives the session (RFC 5057 §4.1). */
  get subscriptions(): DialogSubscriptions {
    this.#subscriptions ??= new DialogSubscriptions({
      clock: this.host.clock,
      contact: ["Contact", `<${this.dialog.values.localContact}>`],
      patienceMs: 64 * this.host.timers.t1Ms,
      send: (method, parts, done) => this.send(method, parts, done),
    });
    return this.#subscriptions;
  }

  /** Undefined while nobody has subscribed to anything: most dialogs end so. */
  get knownSubscriptions(): DialogSubscriptions | undefined {
    return this.#subscriptions;
  }

  /** A request of the peer for one of its or our subscriptions here; false when it is for none. */
  receive(request: SipRequest, respond: (status: number, parts?: AnswerParts) => void): boolean {
    return this.#subscriptions?.receive(request, respond) === true;
  }

  /** BYE ends the session, not what was subscribed to beside it (RFC 5057 §4.1). */
  isOfSubscription({ method }: SipRequest): boolean {
    return (method === "NOTIFY" || method === "SUBSCRIBE") && this.#subscriptions?.isEmpty === false;
  }

  /** A repeated 2xx to a re-INVITE of the process before a restart: that one had our offer, and the peer waits for its ACK (RFC 3261 §13.2.2.4). */
  acknowledgeFormer(response: SipResponse): void {
    const sequence = sequenceOf(response);
    const isOurs = this.dialog.values.remoteTag === tagOf(response.headers.get("To") ?? "");
    if (isOurs && sequence <= this.#formerCseq) acknowledge(this.host, this.dialog, sequence, undefined);
  }

  send(method: string, parts: AnswerParts, done: (outcome: RequestOutcome) => void, authorization?: HeaderPair): void {
    const headers = [...(parts.headers ?? [])];
    this.#build(method, headers, parts.body, authorization, (request, destinations) => {
      requestInTurn(this.host, request, destinations, {
        response: (response, source) => {
          if (response.status < 200) return;
          const answer = this.#answerTo(response, request, authorization);
          if (answer !== undefined) this.send(method, { headers, body: parts.body }, done, answer);
          else done({ status: response.status, response, source });
        },
        failed: ({ status, cause }) => {
          if (cause === "transport" && this.dialog.leavePeer()) this.send(method, { headers, body: parts.body }, done, authorization);
          else done({ status });
        },
      });
    });
  }

  invite(body: Body | undefined, owner: ReinviteOwner, started: (invite: InviteUnderWay) => void, authorization?: HeaderPair): void {
    const headers = [...this.host.sessionHeaders, ...refreshHeaders(this.dialog.values.timer)];
    this.#build("INVITE", headers, body, authorization, (request, destinations) => {
      started(
        sendInvite(
          this.host,
          request,
          { destinations },
          {
            provisional: (response) => owner.provisional(response),
            // The peer has accepted, by whichever way: it repeats the 2xx, and the repeat is acknowledged.
            surplus: () => undefined,
            success: (response, source) => owner.success(response, source),
            failed: (failure) => {
              const answer = failure.response && this.#answerTo(failure.response, request, authorization);
              if (answer !== undefined) this.invite(body, owner, started, answer);
              else if (failure.cause === "transport" && this.dialog.leavePeer()) this.invite(body, owner, started, authorization);
              else owner.failed(failure);
            },
          },
        ),
      );
    });
  }

  #build(
    method: string,
    headers: readonly HeaderPair[],
    body: Body | undefined,
    authorization: HeaderPair | undefined,
    go: (request: SipRequest, destinations: SipAddresses) => void,
  ): void {
    this.host.reach(this.dialog, (destinations) => {
      const all: HeaderPair[] = [["User-Agent", this.host.product], ...headers];
      if (authorization !== undefined) all.push(authorization);
      const [{ protocol }] = destinations;
      const sentBy = this.host.transport.sentBy(destinations[0]);
      go(this.dialog.request(method, { protocol, sentBy, headers: all, body }), destinations);
    });
  }

  /** A second challenge is final: the credentials are wrong. */
  #answerTo(response: SipResponse, request: SipRequest, authorization: HeaderPair | undefined): HeaderPair | undefined {
    if ((response.status !== 401 && response.status !== 407) || authorization !== undefined) return undefined;
    return this.#authorize?.(response, request);
  }
}
