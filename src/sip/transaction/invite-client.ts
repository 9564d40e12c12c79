/**
 * INVITE client transaction, RFC 3261 §17.1.1 with the Accepted state of RFC 6026 §7.2. Its table:
 *
 *   state       guarantees
 *   calling     nothing was heard; INVITE is repeated at T1, doubling (timer A), until timer B; silence is told once when asked for
 *   proceeding  a provisional answer was heard; nothing is repeated; without end, unless CANCEL was sent (timer B again, §9.1)
 *   completed   300-699 came and was acknowledged; every repeat gets the same ACK until timer D
 *   accepted    2xx came; every further 2xx is passed up until timer M, the user sends ACK
 *   terminated  the layer has forgotten it
 */
import { formatMessage } from "../message/format-message.ts";
import type { SipMessage, SipRequest, SipResponse } from "../message/message.ts";
import type { SipAddress } from "../transport/transport.ts";
import { nonSuccessAck } from "./matching.ts";
import { type Failure, type Input, type Table, TimerSet, type Transaction, type TransactionHost } from "./transaction.ts";
import type { Timers } from "./timers.ts";

export type InviteClientState = "calling" | "proceeding" | "completed" | "accepted" | "terminated";
export type InviteClientEvent =
  | "timerA"
  | "timerB"
  | "timerD"
  | "timerM"
  | "silence"
  | "provisional"
  | "success"
  | "failure"
  | "transportError";
type Action = "repeat" | "pass" | "acknowledge" | "lingerM" | "tellSilence" | "timeOut" | "failTransport" | "forget";

export const inviteClientTable: Table<InviteClientState, InviteClientEvent, Action> = {
  calling: {
    timerA: ["calling", "repeat"],
    timerB: ["terminated", "forget", "timeOut"],
    silence: ["calling", "tellSilence"],
    provisional: ["proceeding", "pass"],
    success: ["accepted", "lingerM", "pass"],
    failure: ["completed", "acknowledge", "pass"],
    transportError: ["terminated", "forget", "failTransport"],
  },
  proceeding: {
    timerB: ["terminated", "forget", "timeOut"],
    provisional: ["proceeding", "pass"],
    success: ["accepted", "lingerM", "pass"],
    failure: ["completed", "acknowledge", "pass"],
    transportError: ["terminated", "forget", "failTransport"],
  },
  // From here on a Lingering stands for the transaction; the layer reads these rows for it.
  completed: { failure: ["completed", "repeat"], timerD: ["terminated", "forget"] },
  accepted: { success: ["accepted", "pass"], timerM: ["terminated", "forget"] },
  terminated: {},
};

export type ClientEvents = {
  response(response: SipResponse, source: SipAddress): void;
  failed(failure: Failure): void;
  /** Nothing was heard for as long as was asked; the transaction goes on. */
  silent?(): void;
};

export class InviteClientTransaction implements Transaction {
  readonly key: string;
  readonly request: SipRequest;
  readonly destination: SipAddress;
  readonly #host: TransactionHost;
  readonly #events: ClientEvents;
  readonly #bytes: Uint8Array;
  readonly #values: Timers;
  readonly #timers: TimerSet<"timerA" | "timerB" | "silence">;
  #state: InviteClientState = "calling";
  #intervalMs: number;

  constructor(host: TransactionHost, key: string, request: SipRequest, destination: SipAddress, events: ClientEvents) {
    this.#host = host;
    this.key = key;
    this.request = request;
    this.destination = destination;
    this.#events = events;
    this.#bytes = formatMessage(request);
    this.#values = host.timersFor(destination);
    this.#intervalMs = this.#values.timerA ?? 0;
    this.#timers = new TimerSet(host.clock, (name) => this.#step(name));
  }

  get state(): InviteClientState {
    return this.#state;
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  /** With `silenceMs`, `silent` is told when nothing was heard for so long. */
  start(silenceMs?: number): void {
    this.#timers.start("timerB", this.#values.timerB);
    if (silenceMs !== undefined) this.#timers.start("silence", silenceMs);
    if (this.#values.timerA !== undefined) this.#timers.start("timerA", this.#intervalMs);
    this.#send(this.#bytes);
  }

  receive(message: SipMessage, source: SipAddress): void {
    if (message.kind !== "response") return;
    this.#step(message.status < 200 ? "provisional" : message.status < 300 ? "success" : "failure", { response: message, source });
  }

  /** Repeats nothing any more, and still takes what comes until timer B: its user has gone on to another address. */
  quieten(): void {
    this.#timers.cancel("timerA");
  }

  /** CANCEL went out: without a final answer it times out after 64*T1 (§9.1). */
  limit(): void {
    this.#timers.start("timerB", this.#values.timerB);
  }

  stop(): void {
    this.#timers.cancelAll();
    this.#state = "terminated";
  }

  #step(event: InviteClientEvent, input: Input = {}): void {
    const row = inviteClientTable[this.#state][event];
    if (row === undefined) return;
    const before = this.#state;
    const [next, ...actions] = row;
    this.#state = next;
    if (next !== before && next !== "calling") this.#timers.cancelAll();
    for (const action of actions) this.#perform(action, input);
  }

  #perform(action: Action, { response, source = this.destination, reason = "" }: Input): void {
    switch (action) {
      case "repeat":
        this.#intervalMs *= 2;
        this.#timers.start("timerA", this.#intervalMs);
        this.#send(this.#bytes);
        break;
      case "pass":
        if (response !== undefined) this.#events.response(response, source);
        break;
      case "acknowledge":
        if (response !== undefined) this.#acknowledge(response);
        break;
      case "lingerM":
        this.#host.linger(this.key, "accepted", this.#values.timerM);
        break;
      case "tellSilence":
        this.#events.silent?.();
        break;
      case "timeOut":
        this.#events.failed({ status: 408, cause: "timeout" });
        break;
      case "failTransport":
        this.#events.failed({ status: 503, cause: "transport", reason });
        break;
      case "forget":
        this.#host.forget(this.key);
        break;
    }
  }

  #acknowledge(response: SipResponse): void {
    const bytes = nonSuccessAck(this.request, response);
    this.#send(bytes);
    this.#host.linger(this.key, "completed", this.#values.timerD, { bytes, destination: this.destination });
  }

  #send(bytes: Uint8Array): void {
    this.#host.sendBytes(bytes, this.destination, (reason) => this.#step("transportError", { reason }));
  }
}
