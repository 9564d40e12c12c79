/**
 * Non-INVITE client transaction, RFC 3261 §17.1.2 with RFC 4320 (408 is never sent, only told to the user). Its table:
 *
 *   state       guarantees
 *   trying      nothing was heard; the request is repeated at T1, doubling up to T2 (timer E), until timer F; silence is told once when asked for
 *   proceeding  a provisional answer was heard; repeated each T2 until timer F
 *   completed   the final answer was passed up; repeats of it are dropped until timer K
 *   terminated  the layer has forgotten it
 */
import { formatMessage } from "../message/format-message.ts";
import type { SipMessage, SipRequest } from "../message/message.ts";
import type { SipAddress } from "../transport/transport.ts";
import type { ClientEvents } from "./invite-client.ts";
import type { Timers } from "./timers.ts";
import { type Input, type Table, TimerSet, type Transaction, type TransactionHost } from "./transaction.ts";

export type NonInviteClientState = "trying" | "proceeding" | "completed" | "terminated";
export type NonInviteClientEvent = "timerE" | "timerF" | "timerK" | "silence" | "provisional" | "final" | "transportError";
type Action = "repeat" | "slow" | "pass" | "lingerK" | "tellSilence" | "timeOut" | "failTransport" | "forget";

export const nonInviteClientTable: Table<NonInviteClientState, NonInviteClientEvent, Action> = {
  trying: {
    timerE: ["trying", "repeat"],
    timerF: ["terminated", "forget", "timeOut"],
    silence: ["trying", "tellSilence"],
    provisional: ["proceeding", "slow", "pass"],
    final: ["completed", "lingerK", "pass"],
    transportError: ["terminated", "forget", "failTransport"],
  },
  proceeding: {
    timerE: ["proceeding", "repeat"],
    timerF: ["terminated", "forget", "timeOut"],
    provisional: ["proceeding", "pass"],
    final: ["completed", "lingerK", "pass"],
    transportError: ["terminated", "forget", "failTransport"],
  },
  // A Lingering stands for the transaction; the layer reads this row for it.
  completed: { timerK: ["terminated", "forget"] },
  terminated: {},
};

export class NonInviteClientTransaction implements Transaction {
  readonly key: string;
  readonly #host: TransactionHost;
  readonly destination: SipAddress;
  readonly #events: ClientEvents;
  readonly #bytes: Uint8Array;
  readonly #values: Timers;
  readonly #timers: TimerSet<"timerE" | "timerF" | "silence">;
  #state: NonInviteClientState = "trying";
  #intervalMs: number;

  constructor(host: TransactionHost, key: string, request: SipRequest, destination: SipAddress, events: ClientEvents) {
    this.#host = host;
    this.key = key;
    this.destination = destination;
    this.#events = events;
    this.#bytes = formatMessage(request);
    this.#values = host.timersFor(destination);
    this.#intervalMs = this.#values.timerE ?? 0;
    this.#timers = new TimerSet(host.clock, (name) => this.#step(name));
  }

  get state(): NonInviteClientState {
    return this.#state;
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  /** With `silenceMs`, `silent` is told when nothing was heard for so long. */
  start(silenceMs?: number): void {
    this.#timers.start("timerF", this.#values.timerF);
    if (silenceMs !== undefined) this.#timers.start("silence", silenceMs);
    if (this.#values.timerE !== undefined) this.#timers.start("timerE", this.#intervalMs);
    this.#send();
  }

  receive(message: SipMessage, source: SipAddress): void {
    if (message.kind === "response") this.#step(message.status < 200 ? "provisional" : "final", { response: message, source });
  }

  stop(): void {
    this.#timers.cancelAll();
    this.#state = "terminated";
  }

  #step(event: NonInviteClientEvent, input: Input = {}): void {
    const row = nonInviteClientTable[this.#state][event];
    if (row === undefined) return;
    const [next, ...actions] = row;
    this.#state = next;
    if (next === "completed" || next === "terminated") this.#timers.cancelAll();
    for (const action of actions) this.#perform(action, input);
  }

  #perform(action: Action, { response, source = this.destination, reason = "" }: Input): void {
    switch (action) {
      case "repeat":
        this.#intervalMs = Math.min(this.#intervalMs * 2, this.#values.t2Ms);
        this.#timers.start("timerE", this.#intervalMs);
        this.#send();
        break;
      case "slow":
        this.#intervalMs = this.#values.t2Ms;
        break;
      case "pass":
        if (response !== undefined) this.#events.response(response, source);
        break;
      case "lingerK":
        this.#host.linger(this.key, "completed", this.#values.timerK);
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

  #send(): void {
    this.#host.sendBytes(this.#bytes, this.destination, (reason) => this.#step("transportError", { reason }));
  }
}
