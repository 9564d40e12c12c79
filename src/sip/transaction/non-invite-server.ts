/**
 * Non-INVITE server transaction, RFC 3261 §17.2.2. It sends no 100 by itself and never 408 (RFC 4320 §4). Its table:
 *
 *   state       guarantees
 *   trying      the user has not answered; repeats are dropped. After 64*T1 the peer has given up and so do we (RFC 4320 §4.2)
 *   completed   the final answer was sent; every repeat of the request gets it again until timer J
 *   terminated  the layer has forgotten it
 *
 * Proceeding is left out: we answer finally or not at all.
 */
import { formatMessage } from "../message/format-message.ts";
import type { SipRequest, SipResponse } from "../message/message.ts";
import type { SipAddress } from "../transport/transport.ts";
import type { Timers } from "./timers.ts";
import { type Table, TimerSet, type Transaction, type TransactionHost } from "./transaction.ts";

export type NonInviteServerState = "trying" | "completed" | "terminated";
export type NonInviteServerEvent = "request" | "final" | "timerJ" | "abandoned";
type Action = "send" | "repeat" | "forget";

export const nonInviteServerTable: Table<NonInviteServerState, NonInviteServerEvent, Action> = {
  trying: { final: ["completed", "send"], abandoned: ["terminated", "forget"] },
  // A Lingering stands for the transaction; the layer reads these rows for it.
  completed: { request: ["completed", "repeat"], timerJ: ["terminated", "forget"] },
  terminated: {},
};

export class NonInviteServerTransaction implements Transaction {
  readonly key: string;
  readonly request: SipRequest;
  readonly source: SipAddress;
  /** Where answers go: RFC 3261 §18.2.2, RFC 3581 §4. */
  readonly destination: SipAddress;
  readonly #host: TransactionHost;
  readonly #values: Timers;
  readonly #timers: TimerSet<"abandoned">;
  #state: NonInviteServerState = "trying";

  constructor(host: TransactionHost, key: string, request: SipRequest, source: SipAddress, destination: SipAddress) {
    this.#host = host;
    this.key = key;
    this.request = request;
    this.source = source;
    this.destination = destination;
    this.#values = host.timersFor(destination);
    this.#timers = new TimerSet(host.clock, (name) => this.#step(name));
  }

  get state(): NonInviteServerState {
    return this.#state;
  }

  start(): void {
    this.#timers.start("abandoned", this.#values.timerF);
  }

  /** Sends the final answer, made with `responseTo(transaction.request, …)`; later ones are dropped. */
  respond(response: SipResponse): void {
    if (response.status >= 200) this.#step("final", response);
  }

  receive(): void {
    this.#step("request");
  }

  stop(): void {
    this.#timers.cancelAll();
    this.#state = "terminated";
  }

  #step(event: NonInviteServerEvent, response?: SipResponse): void {
    const row = nonInviteServerTable[this.#state][event];
    if (row === undefined) return;
    const [next, ...actions] = row;
    this.#state = next;
    this.#timers.cancelAll();
    for (const action of actions) this.#perform(action, response);
  }

  #perform(action: Action, response: SipResponse | undefined): void {
    switch (action) {
      case "send": {
        if (response === undefined) break;
        const bytes = formatMessage(response);
        // A lost answer is the peer's to ask for again.
        this.#host.sendAnswer(response, bytes, this.destination, () => undefined);
        this.#host.linger(this.key, "completed", this.#values.timerJ, { bytes, destination: this.destination });
        break;
      }
      case "repeat":
        break;
      case "forget":
        this.#host.forget(this.key);
        break;
    }
  }
}
