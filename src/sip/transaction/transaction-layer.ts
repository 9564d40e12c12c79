/**
 * The transaction layer, RFC 3261 §17: owns every transaction, finds the one a message belongs to (§17.1.3, §17.2.3: branch, sent-by
 * and method), absorbs repeats and answers CANCEL. What belongs to no transaction goes to its one user, the stack.
 * A branch without the magic cookie says little: then Call-ID, From tag and CSeq decide too, as in RFC 2543.
 */
import type { Clock } from "../../kernel/index.ts";
import type { SipMessage, SipRequest, SipResponse } from "../message/message.ts";
import type { Locator } from "../location/locator.ts";
import { replyAddress } from "../transport/address.ts";
import { isReliable, type SipAddress, type SipTransport } from "../transport/transport.ts";
import { type ClientEvents, InviteClientTransaction } from "./invite-client.ts";
import { InviteServerTransaction } from "./invite-server.ts";
import { LargeRequests, largestDatagramBytes } from "./large-requests.ts";
import { LingeringStore } from "./lingering-store.ts";
import { clientKey, serverKey } from "./matching.ts";
import { NonInviteClientTransaction } from "./non-invite-client.ts";
import { NonInviteServerTransaction } from "./non-invite-server.ts";
import { sendBack } from "./return-path.ts";
import { type TimerBase, type Timers, timersFor } from "./timers.ts";
import type { Lingering, Transaction, TransactionHost } from "./transaction.ts";

export type TransactionUser = {
  /** A new request, never ACK or CANCEL. Answer it without state, or open a transaction for it. */
  request(request: SipRequest, source: SipAddress): void;
  /** An ACK that belongs to a 2xx. */
  acknowledgement(ack: SipRequest, source: SipAddress): void;
  /** A further 2xx to an INVITE of ours: the same again, or of another fork. */
  success(response: SipResponse, source: SipAddress): void;
  /** A 2xx to INVITE that no transaction waits for: of a process before a restart, or of nobody. */
  straySuccess(response: SipResponse): void;
  /** Answers CANCEL with 200 or 481, without a transaction. */
  answerCancel(cancel: SipRequest, source: SipAddress, status: 200 | 481): void;
};

export type TransactionCounters = {
  live: number;
  lingering: number;
  /** Messages that were a repeat of something already handled. */
  repeats: number;
  /** Responses that no transaction waited for. */
  strayResponses: number;
};

/** A transaction of one request, for one destination. */
type Make<T> = (destination: SipAddress, events: ClientEvents) => T;

export class TransactionLayer {
  readonly #transport: SipTransport;
  readonly #user: TransactionUser;
  readonly #live = new Map<string, Transaction>();
  readonly #lingering: LingeringStore;
  readonly #large: LargeRequests;
  readonly #timers: { readonly reliable: Timers; readonly unreliable: Timers };
  readonly #host: TransactionHost;
  #repeats = 0;
  #strayResponses = 0;

  /** `locator` finds where a response goes whose connection is gone. */
  constructor(transport: SipTransport, clock: Clock, timers: TimerBase, user: TransactionUser, locator?: Pick<Locator, "locate">) {
    this.#transport = transport;
    this.#user = user;
    this.#lingering = new LingeringStore(clock);
    this.#large = new LargeRequests(transport, clock);
    this.#timers = { reliable: timersFor(timers, true), unreliable: timersFor(timers, false) };
    this.#host = {
      clock,
      timersFor: ({ protocol }) => (isReliable(protocol) ? this.#timers.reliable : this.#timers.unreliable),
      sendBytes: (bytes, destination, failed) => transport.sendBytes(bytes, destination, failed),
      sendAnswer: (response, bytes, destination, failed) => {
        if (!isReliable(destination.protocol)) transport.sendBytes(bytes, destination, failed);
        else sendBack(transport, locator, { response, bytes, destination }, failed);
      },
      linger: (key, state, forMs, repeat) => {
        this.#live.delete(key);
        if (forMs > 0) this.#lingering.add(key, state, forMs, repeat);
      },
      forget: (key) => void this.#live.delete(key),
    };
    transport.onMessage((message, source) => this.receive(message, source));
  }

  receive(message: SipMessage, source: SipAddress): void {
    if (message.kind === "response") return this.#receiveResponse(message, source);
    const key = serverKey(message, message.method === "ACK" || message.method === "CANCEL" ? "INVITE" : message.method);
    const live = this.#live.get(key);
    const lingering = live === undefined ? this.#lingering.get(key) : undefined;
    if (message.method === "CANCEL") {
      const known = live !== undefined || lingering !== undefined;
      this.#user.answerCancel(message, source, known ? 200 : 481);
      live?.receive(message, source);
    } else if (live !== undefined) {
      this.#repeats += message.method === "ACK" ? 0 : 1;
      live.receive(message, source);
    } else if (lingering !== undefined && !(message.method === "ACK" && lingering.state === "accepted")) {
      this.#repeats++;
      this.#repeat(lingering);
    } else if (message.method === "ACK") this.#user.acknowledgement(message, source);
    else this.#user.request(message, source);
  }

  /**
   * Sends INVITE in a transaction of its own. The top Via of `request` has the branch; the same branch after a restart is a repeat to the peer.
   * With `silenceMs`, `events.silent` is told when nothing was heard for so long.
   */
  invite(request: SipRequest, destination: SipAddress, events: ClientEvents, silenceMs?: number): InviteClientTransaction {
    const key = clientKey(request.headers);
    const transaction = new InviteClientTransaction(this.#host, key, request, destination, events);
    const byTcp = this.#byTcp(transaction, destination);
    if (byTcp === undefined) return this.#start(transaction, silenceMs);
    const make: Make<InviteClientTransaction> = (at, heard) => new InviteClientTransaction(this.#host, key, request, at, heard);
    return this.#startByTcp(request, byTcp, destination, events, make, silenceMs);
  }

  /** Sends any other request but ACK. */
  request(request: SipRequest, destination: SipAddress, events: ClientEvents, silenceMs?: number): NonInviteClientTransaction {
    const key = clientKey(request.headers);
    const way = request.method === "CANCEL" ? this.#wayOfInvite(request, destination) : destination;
    const transaction = new NonInviteClientTransaction(this.#host, key, request, way, events);
    const byTcp = this.#byTcp(transaction, way);
    if (byTcp === undefined) return this.#start(transaction, silenceMs);
    const make: Make<NonInviteClientTransaction> = (at, heard) => new NonInviteClientTransaction(this.#host, key, request, at, heard);
    return this.#startByTcp(request, byTcp, way, events, make, silenceMs);
  }

  /** Opens a transaction for an INVITE handed to `TransactionUser.request`, or stored before a restart. */
  openInvite(request: SipRequest, source: SipAddress): InviteServerTransaction {
    return this.#start(
      new InviteServerTransaction(this.#host, serverKey(request, "INVITE"), request, source, replyAddress(request, source)),
    );
  }

  open(request: SipRequest, source: SipAddress): NonInviteServerTransaction {
    const key = serverKey(request, request.method);
    return this.#start(new NonInviteServerTransaction(this.#host, key, request, source, replyAddress(request, source)));
  }

  /** Ends a client transaction without a word to its user. */
  abandon(transaction: Transaction): void {
    transaction.stop();
    // It may go on by another way meanwhile, under the same key.
    this.#live.get(transaction.key)?.stop();
    this.#live.delete(transaction.key);
  }

  counters(): TransactionCounters {
    return { live: this.#live.size, lingering: this.#lingering.size, repeats: this.#repeats, strayResponses: this.#strayResponses };
  }

  close(): void {
    for (const transaction of this.#live.values()) transaction.stop();
    this.#live.clear();
    this.#lingering.clear();
  }

  #start<T extends Transaction & { start(silenceMs?: number): void }>(transaction: T, silenceMs?: number): T {
    this.#live.get(transaction.key)?.stop();
    this.#live.set(transaction.key, transaction);
    transaction.start(silenceMs);
    return transaction;
  }

  /** The way of a request that is too large for a datagram; undefined for all others. */
  #byTcp({ sizeBytes }: { readonly sizeBytes: number }, destination: SipAddress): SipAddress | undefined {
    return sizeBytes > largestDatagramBytes ? this.#large.byTcp(destination) : undefined;
  }

  /** Sends by TCP what was meant for `destination`, and there after all when no connection comes about (§18.1.1). */
  #startByTcp<T extends InviteClientTransaction | NonInviteClientTransaction>(
    request: SipRequest,
    byTcp: SipAddress,
    destination: SipAddress,
    events: ClientEvents,
    make: Make<T>,
    silenceMs: number | undefined,
  ): T {
    let isReached = false;
    this.#large.address(request, byTcp);
    return this.#start(
      make(byTcp, {
        ...events,
        response(response, source) {
          isReached = true;
          events.response(response, source);
        },
        failed: (failure) => {
          if (isReached || failure.cause !== "transport") return events.failed(failure);
          this.#large.refused(destination);
          this.#large.address(request, destination);
          this.#start(make(destination, events), silenceMs);
        },
      }),
      silenceMs,
    );
  }

  /** CANCEL goes where its INVITE went (§9.1). */
  #wayOfInvite(cancel: SipRequest, destination: SipAddress): SipAddress {
    const invite = this.#live.get(clientKey(cancel.headers, "INVITE"));
    return invite instanceof InviteClientTransaction ? invite.destination : destination;
  }

  #receiveResponse(response: SipResponse, source: SipAddress): void {
    // §8.1.3.3: a second Via says that it was another's to pass on. We send no request for others.
    if (!response.headers.isSingle("Via")) return void this.#strayResponses++;
    const key = clientKey(response.headers);
    const live = this.#live.get(key);
    if (live !== undefined) return live.receive(response, source);
    const lingering = this.#lingering.get(key);
    if (lingering === undefined) {
      this.#strayResponses++;
      if (response.status >= 200 && response.status < 300 && response.headers.get("CSeq")?.endsWith("INVITE") === true)
        this.#user.straySuccess(response);
    } else if (lingering.state === "accepted") {
      if (response.status >= 200 && response.status < 300) this.#user.success(response, source);
    } else if (response.status >= 300) {
      this.#repeats++;
      this.#repeat(lingering);
    }
  }

  #repeat({ slab, start, end, destination }: Lingering): void {
    if (slab !== undefined && destination !== undefined) this.#transport.sendBytes(slab.subarray(start, end), destination);
  }
}
