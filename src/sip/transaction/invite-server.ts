/**
 * INVITE server transaction, RFC 3261 §17.2.1 with the Accepted state of RFC 6026 §7.1. Its table:
 *
 *   state       guarantees
 *   proceeding  the user has not answered finally; a repeated INVITE gets the last provisional answer, 100 goes out by itself
 *               when nothing was said for `tryingMs`
 *   completed   300-699 was sent and is repeated at T1, doubling up to T2 (timer G), until ACK or timer H
 *   confirmed   ACK came; further ACKs are dropped until timer I
 *   accepted    2xx was sent; repeated INVITEs are dropped until timer L, every ACK is passed up. The user repeats the 2xx
 *               itself, past this transaction
 *   terminated  the layer has forgotten it
 */
import { responseTo } from "../message/builder.ts";
import { formatMessage } from "../message/format-message.ts";
import type { SipMessage, SipRequest, SipResponse } from "../message/message.ts";
import type { SipAddress } from "../transport/transport.ts";
import type { Timers } from "./timers.ts";
import { type Failure, type Table, TimerSet, type Transaction, type TransactionHost } from "./transaction.ts";

export type InviteServerState = "proceeding" | "completed" | "confirmed" | "accepted" | "terminated";
export type InviteServerEvent =
  | "invite"
  | "ack"
  | "cancel"
  | "timerTrying"
  | "timerG"
  | "timerH"
  | "timerI"
  | "timerL"
  | "provisional"
  | "success"
  | "failure"
  | "transportError";
type Action =
  | "repeat"
  | "trying"
  | "send"
  | "repeatSlower"
  | "startGH"
  | "lingerI"
  | "lingerL"
  | "tellCancelled"
  | "timeOut"
  | "failTransport"
  | "forget"
  | "pass";

export const inviteServerTable: Table<InviteServerState, InviteServerEvent, Action> = {
  proceeding: {
    invite: ["proceeding", "repeat"],
    cancel: ["proceeding", "tellCancelled"],
    timerTrying: ["proceeding", "trying"],
    provisional: ["proceeding", "send"],
    success: ["accepted", "send", "lingerL"],
    failure: ["completed", "send", "startGH"],
  },
  completed: {
    invite: ["completed", "repeat"],
    ack: ["confirmed", "lingerI"],
    timerG: ["completed", "repeat", "repeatSlower"],
    timerH: ["terminated", "forget", "timeOut"],
    transportError: ["terminated", "forget", "failTransport"],
  },
  // From here on a Lingering stands for the transaction; the layer reads these rows for it.
  confirmed: { timerI: ["terminated", "forget"] },
  accepted: { ack: ["accepted", "pass"], timerL: ["terminated", "forget"] },
  terminated: {},
};

export type InviteServerEvents = {
  /** The peer has our refusal: its ACK came. */
  confirmed?(): void;
  /** CANCEL came and has its 200; the user is to answer 487 (RFC 3261 §9.2). */
  cancelled(cancel: SipRequest): void;
  /** The final answer did not go out, or was never acknowledged. */
  failed(failure: Failure): void;
};

export class InviteServerTransaction implements Transaction {
  readonly key: string;
  readonly request: SipRequest;
  /** Where the request came from; outlives NAT bindings only as long as the peer keeps them open. */
  readonly source: SipAddress;
  /** Where answers go: RFC 3261 §18.2.2, RFC 3581 §4. */
  readonly destination: SipAddress;
  readonly #host: TransactionHost;
  readonly #values: Timers;
  readonly #timers: TimerSet<"timerTrying" | "timerG" | "timerH">;
  #state: InviteServerState = "proceeding";
  #events: InviteServerEvents | undefined;
  #last: Uint8Array | undefined;
  #intervalMs: number;

  constructor(host: TransactionHost, key: string, request: SipRequest, source: SipAddress, destination: SipAddress) {
    this.#host = host;
    this.key = key;
    this.request = request;
    this.source = source;
    this.destination = destination;
    this.#values = host.timersFor(destination);
    this.#intervalMs = this.#values.timerG ?? 0;
    this.#timers = new TimerSet(host.clock, (name) => this.#step(name));
  }

  get state(): InviteServerState {
    return this.#state;
  }

  start(): void {
    this.#timers.start("timerTrying", this.#values.tryingMs);
  }

  /** Sets the one who is told; a transaction has one user at a time. */
  attach(events: InviteServerEvents): void {
    this.#events = events;
  }

  /** The last answer as it went out. */
  get sentBytes(): Uint8Array | undefined {
    return this.#last;
  }

  /** Sends an answer made with `responseTo(transaction.request, …)`. After a final one further answers are dropped; repeats of a 2xx go past the transaction. */
  respond(response: SipResponse): void {
    this.#step(response.status < 200 ? "provisional" : response.status < 300 ? "success" : "failure", response);
  }

  receive(message: SipMessage): void {
    if (message.kind !== "request") return;
    if (message.method === "ACK") this.#step("ack");
    else if (message.method === "CANCEL") this.#step("cancel", message);
    else this.#step("invite");
  }

  stop(): void {
    this.#timers.cancelAll();
    this.#state = "terminated";
  }

  #step(event: InviteServerEvent, message?: SipMessage, reason = ""): void {
    const row = inviteServerTable[this.#state][event];
    if (row === undefined) return;
    const [next, ...actions] = row;
    if (next !== this.#state) this.#timers.cancelAll();
    this.#state = next;
    for (const action of actions) this.#perform(action, message, reason);
  }

  #perform(action: Action, message: SipMessage | undefined, reason: string): void {
    switch (action) {
      case "repeat":
        if (this.#last !== undefined) this.#send(this.#last);
        break;
      case "trying":
        this.respond(responseTo(this.request, 100));
        break;
      case "send":
        if (message?.kind !== "response") break;
        this.#timers.cancel("timerTrying");
        this.#last = formatMessage(message);
        this.#host.sendAnswer(message, this.#last, this.destination, (failure) => this.#step("transportError", undefined, failure));
        break;
      case "startGH":
        this.#timers.start("timerH", this.#values.timerH);
        if (this.#values.timerG !== undefined) this.#timers.start("timerG", this.#intervalMs);
        break;
      case "repeatSlower":
        this.#intervalMs = Math.min(this.#intervalMs * 2, this.#values.t2Ms);
        this.#timers.start("timerG", this.#intervalMs);
        break;
      case "lingerI":
        this.#host.linger(this.key, "confirmed", this.#values.timerI);
        this.#events?.confirmed?.();
        break;
      case "lingerL":
        this.#host.linger(this.key, "accepted", this.#values.timerL);
        break;
      case "tellCancelled":
        if (message?.kind === "request") this.#events?.cancelled(message);
        break;
      case "timeOut":
        this.#events?.failed({ status: 408, cause: "timeout" });
        break;
      case "failTransport":
        this.#events?.failed({ status: 503, cause: "transport", reason });
        break;
      case "forget":
        this.#host.forget(this.key);
        break;
      case "pass":
        break;
    }
  }

  #send(bytes: Uint8Array): void {
    this.#host.sendBytes(bytes, this.destination, (reason) => this.#step("transportError", undefined, reason));
  }
}
