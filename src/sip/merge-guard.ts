/**
 * Finds merged requests (RFC 3261 §8.2.2.2): one INVITE that reached us by several ways has the same From tag, Call-ID and CSeq
 * and another branch. Remembers for one to two transaction lifetimes, in two generations and without a timer.
 */
import type { Clock } from "../kernel/index.ts";
import type { SipRequest } from "./message/message.ts";
import { tagOf } from "./message/name-addr.ts";

export class MergeGuard {
  readonly #clock: Clock;
  readonly #generationMs: number;
  #turnedAtMs: number;
  #current = new Set<string>();
  #previous = new Set<string>();

  constructor(clock: Clock, generationMs: number) {
    this.#clock = clock;
    this.#generationMs = generationMs;
    this.#turnedAtMs = clock.now();
  }

  isMerged(request: SipRequest): boolean {
    this.#turn();
    const key = keyOf(request);
    return this.#current.has(key) || this.#previous.has(key);
  }

  remember(request: SipRequest): void {
    this.#current.add(keyOf(request));
  }

  #turn(): void {
    const age = this.#clock.now() - this.#turnedAtMs;
    if (age < this.#generationMs) return;
    this.#previous = age < 2 * this.#generationMs ? this.#current : new Set();
    this.#current = new Set();
    this.#turnedAtMs = this.#clock.now();
  }
}

function keyOf({ headers }: SipRequest): string {
  return `${headers.get("Call-ID")} ${tagOf(headers.get("From") ?? "")} ${headers.get("CSeq")}`;
}
