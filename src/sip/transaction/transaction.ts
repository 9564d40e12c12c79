/**
 * What the four machines of RFC 3261 §17 share: the form of their tables, what they need from the layer, and the small record
 * that stands for a transaction which only waits for repeats.
 */
import type { Clock, Timer } from "../../kernel/index.ts";
import type { SipMessage, SipResponse } from "../message/message.ts";
import type { SipAddress } from "../transport/transport.ts";
import type { Timers } from "./timers.ts";

/** state → event → [next state, what is done, in order]. An event without a row is absorbed. */
export type Table<State extends string, Event extends string, Action extends string> = Readonly<
  Record<State, { readonly [E in Event]?: readonly [State, ...Action[]] }>
>;

/** Why no answer came, with the status the user of the transaction is to act on (RFC 3261 §8.1.3.1). */
export type Failure =
  | { readonly status: 408; readonly cause: "timeout" }
  | { readonly status: 503; readonly cause: "transport"; readonly reason: string };

/** What an event of a client machine brings with it. */
export type Input = { readonly response?: SipResponse; readonly source?: SipAddress; readonly reason?: string };

/** A live transaction as the layer sees it. */
export type Transaction = {
  readonly key: string;
  /** A message of the network that belongs here. */
  receive(message: SipMessage, source: SipAddress): void;
  /** Cancels every timer; nothing is sent or told after it. */
  stop(): void;
};

/**
 * A transaction whose user is done with it: at 2,500 calls a second 160,000 of these are alive, so it is a state and, where
 * something is to be repeated, its bytes in a slab of many. A message that arrives gets these bytes, is passed up, or is dropped.
 */
export type Lingering = {
  readonly state: "completed" | "confirmed" | "accepted";
  readonly slab: Uint8Array | undefined;
  readonly start: number;
  readonly end: number;
  readonly destination: SipAddress | undefined;
};

/** What the layer gives its machines. */
export type TransactionHost = {
  readonly clock: Clock;
  timersFor(destination: SipAddress): Timers;
  sendBytes(bytes: Uint8Array, destination: SipAddress, failed: (reason: string) => void): void;
  /** The first time an answer goes out. Over TCP the message itself is needed: its Via says where to connect when the connection is gone. */
  sendAnswer(response: SipResponse, bytes: Uint8Array, destination: SipAddress, failed: (reason: string) => void): void;
  /** Replaces the live transaction by a record for `forMs`; 0 forgets it at once. */
  linger(key: string, state: Lingering["state"], forMs: number, repeat?: { bytes: Uint8Array; destination: SipAddress }): void;
  forget(key: string): void;
};

/** The one or two timers of a live transaction; a new one under the same name replaces the old. Two lists rather than a Map: most transactions have one. */
export class TimerSet<Name extends string> {
  readonly #clock: Clock;
  readonly #fire: (name: Name) => void;
  readonly #names: Name[] = [];
  readonly #timers: Timer[] = [];

  constructor(clock: Clock, fire: (name: Name) => void) {
    this.#clock = clock;
    this.#fire = fire;
  }

  start(name: Name, afterMs: number): void {
    this.cancel(name);
    this.#names.push(name);
    this.#timers.push(
      this.#clock.after(afterMs, () => {
        this.cancel(name);
        this.#fire(name);
      }),
    );
  }

  cancel(name: Name): void {
    const index = this.#names.indexOf(name);
    if (index < 0) return;
    this.#timers[index]?.cancel();
    this.#names.splice(index, 1);
    this.#timers.splice(index, 1);
  }

  cancelAll(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#names.length = 0;
    this.#timers.length = 0;
  }
}
