/**
 * The SIP stack as the call layer and a second user agent see it: transactions, dialogs and the answers that need neither.
 * Whatever can be answered without memory is, so a flood of requests that match nothing costs none (RFC 3261 §8.2.7).
 */
import type { Clock, Ids, Logger } from "../kernel/index.ts";
import { derive, sweepTimers, type TimerSweep } from "../kernel/index.ts";
import { acceptHeaders } from "./body/session-body.ts";
import { type Body, requestOf, responseTo } from "./message/builder.ts";
import type { HeaderPair } from "./message/header-list.ts";
import type { SipRequest, SipResponse } from "./message/message.ts";
import { parseNameAddr, tagOf } from "./message/name-addr.ts";
import { noParams } from "./message/params.ts";
import { formatHostPort } from "./message/uri.ts";
import { formatVia } from "./message/via.ts";
import type { Dialog, DialogValues } from "./dialog/dialog.ts";
import type { RequestOutcome } from "./dialog/dialog-requests.ts";
import type { AcceptOptions, Authorize, InviteEvents, InviteOptions } from "./dialog/invite-events.ts";
import { InviteUsage } from "./dialog/invite-usage.ts";
import { type SessionSettings, tooSmall } from "./dialog/session/session-interval.ts";
import { refuseSuccess, type UsageHost } from "./dialog/usage-host.ts";
import { MergeGuard } from "./merge-guard.ts";
import { checkInitial, checkRequest, type BareAnswer } from "./request-checks.ts";
import type { InviteServerTransaction } from "./transaction/invite-server.ts";
import type { Located, Locator, SipAddresses } from "./location/locator.ts";
import { requestInTurn } from "./transaction/in-turn.ts";
import { Subscriptions } from "./subscription/subscriptions.ts";
import type { NonInviteServerTransaction } from "./transaction/non-invite-server.ts";
import { standardTimers, type TimerBase } from "./transaction/timers.ts";
import { type TransactionCounters, TransactionLayer, type TransactionUser } from "./transaction/transaction-layer.ts";
import { replyAddress, transportParam } from "./transport/address.ts";
import type { SipAddress, SipTransport } from "./transport/transport.ts";

export type SipStackOptions = {
  readonly transport: SipTransport;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  /** User-Agent and Server. */
  readonly product: string;
  readonly timers?: TimerBase;
  /** Option tags whose extensions the user of the stack implements, in lower case: what we claim in Supported and take in Require. */
  readonly extensions?: readonly string[];
  /** In-dialog methods that `InviteEvents.received` answers, beside INFO. */
  readonly methods?: readonly string[];
  /** Finds the addresses of a named next hop; without it, or when it finds none, the peer's last source is used. */
  readonly locator?: Pick<Locator, "locate" | "avoid">;
  /** What session timers are asked for and granted (RFC 4028); left out: none. */
  readonly sessionTimer?: SessionSettings | undefined;
  /** Asked for each initial INVITE and REGISTER before there is a transaction: overload, unknown sources, challenges. A refusal goes out without state. */
  readonly screen?: (request: SipRequest, source: SipAddress) => BareAnswer | undefined;
};

/** A request outside of dialogs. All of it comes from outside, as for `InviteOptions`. */
export type RequestOptions = {
  readonly method: string;
  readonly uri: string;
  /** With tag. */
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly branch: string;
  readonly sequence: number;
  /** Best first; each further one is tried when the one before failed (RFC 3263 §4.3). */
  readonly destinations: SipAddresses;
  /** Of the request that it passes on, less one; 70 when it is our own. */
  readonly maxForwards?: number;
  readonly headers?: readonly HeaderPair[];
  readonly body?: Body;
};

/** Who takes MESSAGE outside of dialogs (RFC 3428). */
export type MessageTaker = {
  /** Asked before anything is kept: challenges, refusals. */
  screen(request: SipRequest, source: SipAddress): BareAnswer | undefined;
  received(transaction: NonInviteServerTransaction): void;
};

export type SipCounters = TransactionCounters & {
  /** INVITE usages alive. */
  readonly usages: number;
  /** Requests outside of transactions, by method; unknown methods together. */
  readonly requests: Readonly<Record<string, number>>;
  /** Answers given without state, by status. */
  readonly stateless: Readonly<Record<number, number>>;
};

/** What the stack says of itself. */
type Capabilities = Pick<UsageHost, "allow" | "allowEvents" | "sessionHeaders">;

const basicMethods = ["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "UPDATE", "PRACK", "INFO"] as const;

const dialogOnly: ReadonlySet<string> = new Set(["BYE", "UPDATE", "PRACK", "NOTIFY"]);

const methodsCounted: ReadonlySet<string> = new Set([
  "INVITE",
  "BYE",
  "OPTIONS",
  "REGISTER",
  "UPDATE",
  "INFO",
  "REFER",
  "NOTIFY",
  "MESSAGE",
  "SUBSCRIBE",
  "PUBLISH",
  "PRACK",
]);

export class SipStack {
  readonly #options: SipStackOptions;
  /** All timers of transactions and dialogs. */
  readonly #clock: TimerSweep;
  readonly #layer: TransactionLayer;
  readonly #host: UsageHost;
  readonly #extensions: readonly string[];
  readonly #merges: MergeGuard;
  /** Those that have a dialog for themselves; event packages are served through it. */
  readonly subscriptions: Subscriptions;
  /** By Call-ID and local tag; which remote tags are its dialogs the usage knows. */
  readonly #usages = new Map<string, InviteUsage>();
  /** For the To tags of answers without state: the same request gets the same tag. */
  readonly #tagSecret: Uint8Array;
  readonly #requests: Record<string, number> = {};
  readonly #stateless: Record<number, number> = {};
  #takeInvite: ((transaction: InviteServerTransaction) => void) | undefined;
  #takeRegister: ((transaction: NonInviteServerTransaction) => void) | undefined;
  #takeMessage: MessageTaker | undefined;
  #capabilities: Capabilities;
  #isClosed = false;

  constructor(options: SipStackOptions) {
    this.#options = options;
    const { transport, ids, product } = options;
    const clock = sweepTimers(options.clock);
    this.#clock = clock;
    const timers = options.timers ?? standardTimers;
    this.#extensions = ["100rel", ...(options.sessionTimer === undefined ? [] : ["timer"]), ...(options.extensions ?? [])];
    this.#merges = new MergeGuard(clock, 64 * timers.t1Ms);
    this.#tagSecret = Buffer.from(ids.random(16), "hex");
    const user: TransactionUser = {
      request: (request, source) => this.#receive(request, source),
      acknowledgement: (ack) => this.#find(ack.headers.get("Call-ID"), ack.headers.get("To"))?.acknowledged(ack),
      success: (response, source) => this.#receiveSuccess(response, source),
      straySuccess: (response) =>
        this.#find(response.headers.get("Call-ID"), response.headers.get("From"))?.requests?.acknowledgeFormer(response),
      answerCancel: (cancel, source, status) => this.answerWithoutState(cancel, source, { status }),
    };
    this.#layer = new TransactionLayer(transport, clock, timers, user, options.locator);
    this.#capabilities = this.#describe([]);
    const capabilities = () => this.#capabilities;
    this.#host = {
      clock,
      ids,
      timers,
      layer: this.#layer,
      transport,
      product,
      get allow() {
        return capabilities().allow;
      },
      get allowEvents() {
        return capabilities().allowEvents;
      },
      get sessionHeaders() {
        return capabilities().sessionHeaders;
      },
      sessionTimer: options.sessionTimer,
      reach: (dialog, go) => this.#reach(dialog, go),
      avoid: (address, forMs) => options.locator?.avoid(address, forMs),
    };
    this.subscriptions = new Subscriptions(
      this.#host,
      (name, peer) => this.contactUri(name, peer),
      (packages) => (this.#capabilities = this.#describe(packages)),
    );
  }

  /** Sets who takes initial INVITEs: accept with `acceptInvite`, or answer the transaction itself. 100 goes out by itself when nothing is said. */
  onInvite(handler: (transaction: InviteServerTransaction) => void): void {
    this.#takeInvite = handler;
  }

  /** Sets who takes REGISTER; without one it is 405. */
  onRegister(handler: (transaction: NonInviteServerTransaction) => void): void {
    this.#takeRegister = handler;
  }

  /** Sets who takes MESSAGE outside of dialogs; without one it is 405. */
  onMessage(taker: MessageTaker): void {
    this.#takeMessage = taker;
    this.#capabilities = this.#describe(this.subscriptions.served);
  }

  /** Sends INVITE, once more byte for byte when the options are those of before a restart. */
  invite(options: InviteOptions, events: InviteEvents): InviteUsage {
    return this.#keep(InviteUsage.invite(this.#host, options, { events, released: this.#release }));
  }

  acceptInvite(transaction: InviteServerTransaction, options: AcceptOptions, events: InviteEvents): InviteUsage {
    return this.#keep(InviteUsage.accept(this.#host, transaction, options, { events, released: this.#release }));
  }

  /** A confirmed dialog of before a restart. Add 1,000 to `localCseq` when the process may have died. */
  restore(values: DialogValues, events: InviteEvents, authorize?: Authorize): InviteUsage {
    return this.#keep(InviteUsage.restore(this.#host, values, { events, released: this.#release }, authorize));
  }

  /** The transaction of an INVITE that rang before a restart, for `acceptInvite`: repeats of it, CANCEL and ACK match again. */
  restoreInvite(request: SipRequest, source: SipAddress): InviteServerTransaction {
    return this.#layer.openInvite(request, source);
  }

  /** Sends a request outside of dialogs (OPTIONS, REGISTER, …); `done` hears the final answer, 408 or 503. */
  request(options: RequestOptions, done: (outcome: RequestOutcome) => void): void {
    const [destination] = options.destinations;
    const sentBy = this.#options.transport.sentBy(destination);
    const request = requestOf({
      ...options,
      via: formatVia({ protocol: destination.protocol.toUpperCase(), ...sentBy, branch: options.branch, rport: "asked", params: noParams }),
      headers: [["User-Agent", this.#options.product], ...(options.headers ?? [])],
    });
    requestInTurn(this.#host, request, options.destinations, {
      response: (response) => {
        if (response.status >= 200) done({ status: response.status, response });
      },
      failed: ({ status }) => done({ status }),
    });
  }

  /** `sip:user@host:port`, as this peer reaches the stack by its protocol; `sips:` when the dialog must be secure all the way (dialog/sips.ts). */
  contactUri(user: string, peer: SipAddress, isSecure = false): string {
    const { protocol } = peer;
    const { host, port } = this.#options.transport.sentBy(peer);
    const isSaid = protocol === "udp" || (isSecure && protocol === "tls");
    return `${isSecure ? "sips" : "sip"}:${user}@${formatHostPort(host, port)}${isSaid ? "" : `;transport=${transportParam(protocol)}`}`;
  }

  /** Answers without a transaction: the same request, repeated, gets the same answer. Also for requests the transport found malformed. */
  answerWithoutState(request: SipRequest, source: SipAddress, { status, headers = [] }: BareAnswer): void {
    if (request.method === "ACK") return;
    this.#stateless[status] = (this.#stateless[status] ?? 0) + 1;
    const { headers: asked } = request;
    const toTag = derive(this.#tagSecret, 6, asked.get("Call-ID") ?? "", asked.get("From") ?? "", asked.get("Via") ?? "");
    const response = responseTo(request, status, { toTag, headers: [["Server", this.#options.product], ...headers] });
    this.#options.transport.send(response, replyAddress(request, source));
  }

  counters(): SipCounters {
    return { ...this.#layer.counters(), usages: this.#usages.size, requests: { ...this.#requests }, stateless: { ...this.#stateless } };
  }

  /** Stops every timer and forgets everything; says nothing to peers. The transport is closed by who opened it. */
  close(): void {
    this.#isClosed = true;
    // First, so that usages cannot answer anybody any more: after a restart their peers still wait.
    this.#layer.close();
    for (const usage of this.#usages.values()) {
      usage.requests?.knownSubscriptions?.close();
      usage.close();
    }
    this.#usages.clear();
    this.subscriptions.close();
    this.#clock.close();
  }

  /** The INVITE usage that has this dialog, early or confirmed, or had it and is still being ended. */
  usageOf(callId: string, localTag: string, remoteTag: string): InviteUsage | undefined {
    const usage = this.#usages.get(usageKey(callId, localTag));
    return usage?.has(remoteTag) === true ? usage : undefined;
  }

  #receive(request: SipRequest, source: SipAddress): void {
    if (this.#isClosed) return;
    const counted = methodsCounted.has(request.method) ? request.method : "other";
    this.#requests[counted] = (this.#requests[counted] ?? 0) + 1;
    const refusal = checkRequest(request, this.#extensions);
    if (refusal !== undefined) return this.answerWithoutState(request, source, refusal);
    const usage = this.#find(request.headers.get("Call-ID"), request.headers.get("To"));
    if (usage?.receive(request, source) === true || this.subscriptions.receive(request, source)) return;
    const initial = checkInitial(request) ?? this.#checkInvite(request, source);
    if (initial !== undefined) return this.answerWithoutState(request, source, initial);
    this.#receiveInitial(request, source);
  }

  #checkInvite(request: SipRequest, source: SipAddress): BareAnswer | undefined {
    if (request.method === "MESSAGE") return this.#takeMessage?.screen(request, source);
    if (request.method !== "INVITE" && request.method !== "REGISTER") return undefined;
    if (request.method === "INVITE" && this.#merges.isMerged(request)) return { status: 482 };
    const refusal = request.method === "INVITE" ? tooSmall(request, this.#options.sessionTimer) : undefined;
    if (refusal !== undefined) return refusal;
    return this.#options.screen?.(request, source);
  }

  #receiveInitial(request: SipRequest, source: SipAddress): void {
    if (request.method === "INVITE" && this.#takeInvite !== undefined) {
      this.#merges.remember(request);
      this.#hand(this.#layer.openInvite(request, source), this.#takeInvite);
    } else if (request.method === "REGISTER" && this.#takeRegister !== undefined) this.#takeRegister(this.#layer.open(request, source));
    else if (request.method === "MESSAGE" && this.#takeMessage !== undefined) this.#takeMessage.received(this.#layer.open(request, source));
    else if (request.method === "OPTIONS")
      this.answerWithoutState(request, source, { status: 200, headers: [...acceptHeaders, ...this.#host.sessionHeaders] });
    else if (request.method === "SUBSCRIBE") {
      const refusal = this.subscriptions.receiveInitial(request, source);
      if (refusal !== undefined) this.answerWithoutState(request, source, refusal);
    } else if (dialogOnly.has(request.method)) this.answerWithoutState(request, source, { status: 481 });
    // Nobody outside of a call is called for by REFER: it would let strangers dial (RFC 3515 §5.1).
    else if (request.method === "REFER") this.answerWithoutState(request, source, { status: 403 });
    else this.answerWithoutState(request, source, { status: refusalOf(request.method), headers: [["Allow", this.#host.allow]] });
  }

  /** Everything that is said in Allow, Supported and Allow-Events. */
  #describe(packages: readonly string[]): Capabilities {
    const { methods = [] } = this.#options;
    const subscribing = packages.length > 0 ? ["SUBSCRIBE", "NOTIFY"] : [];
    const messages = this.#takeMessage === undefined ? [] : ["MESSAGE"];
    const allow = [...new Set([...basicMethods, ...methods, ...subscribing, ...messages])].join(", ");
    const events = [...(methods.includes("REFER") ? ["refer"] : []), ...packages];
    const allowEvents: readonly HeaderPair[] = events.length > 0 ? [["Allow-Events", events.join(", ")]] : [];
    return { allow, allowEvents, sessionHeaders: [["Allow", allow], ["Supported", this.#extensions.join(", ")], ...allowEvents] };
  }

  /** Nobody would ever answer an INVITE whose taker failed: that bug ends this call with 500. */
  #hand(transaction: InviteServerTransaction, take: (transaction: InviteServerTransaction) => void): void {
    try {
      take(transaction);
    } catch (error) {
      this.#options.logger.error({ err: error, callId: transaction.request.headers.get("Call-ID") }, "taking an INVITE failed");
      transaction.respond(responseTo(transaction.request, 500, { toTag: this.#options.ids.random(6) }));
    }
  }

  #receiveSuccess(response: SipResponse, source: SipAddress): void {
    const { headers } = response;
    const to = parseNameAddr(headers.get("To") ?? "");
    const usage = this.#find(headers.get("Call-ID"), headers.get("From"));
    if (usage !== undefined) usage.success(response, source);
    else
      refuseSuccess(this.#host, response, source, {
        contact: this.contactUri("unknown", source),
        requestUri: to.ok ? to.value.uri : "",
        reachedAtPeer: false,
      });
  }

  #find(callId: string | undefined, localAddress: string | undefined): InviteUsage | undefined {
    const tag = tagOf(localAddress ?? "");
    return tag === undefined ? undefined : this.#usages.get(usageKey(callId ?? "", tag));
  }

  #keep(usage: InviteUsage): InviteUsage {
    if (usage.phase !== "ended") this.#usages.set(usageKey(usage.callId, usage.localTag), usage);
    return usage;
  }

  readonly #release = (usage: InviteUsage): void => {
    const key = usageKey(usage.callId, usage.localTag);
    if (this.#usages.get(key) === usage) this.#usages.delete(key);
    if (usage.requests !== undefined) this.subscriptions.adopt(usage.requests);
  };

  #reach(dialog: Dialog, go: (destinations: SipAddresses) => void): void {
    const hop = dialog.nextHop();
    const { peer, callId } = dialog.values;
    if (hop.kind === "address") return go([hop.address]);
    const { locator, logger } = this.#options;
    if (locator === undefined) return go([peer]);
    const found = (located: Located) => {
      if (this.#isClosed) return;
      if (!located.ok) logger.warn({ reason: located.reason }, "cannot find the next hop of a dialog, using the peer's last address");
      go(located.ok ? located.addresses : [peer]);
    };
    locator.locate(hop.target, found, callId);
  }
}

/** Known but not taken here is 405 (§8.2.1), unknown is 501 (§21.5.2). */
function refusalOf(method: string): 405 | 480 | 501 {
  return method === "INVITE" ? 480 : methodsCounted.has(method) ? 405 : 501;
}

function usageKey(callId: string, localTag: string): string {
  return `${callId}\0${localTag}`;
}
