/** Addresses that failed a moment ago. They are tried last until their time is over (RFC 3263 §4.3, RFC 3261 §21.5.4). */
import type { Clock } from "../../kernel/index.ts";
import type { SipAddress } from "../transport/transport.ts";

const usualMs = 30_000;
/** A Retry-After comes from outside and may be any number. */
const longestMs = 300_000;
const maxKept = 1_000;

export class Avoided {
  readonly #clock: Clock;
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(address: SipAddress, forMs = usualMs): void {
    const key = keyOf(address);
    this.#until.delete(key);
    const oldest = this.#until.size >= maxKept ? this.#until.keys().next().value : undefined;
    if (oldest !== undefined) this.#until.delete(oldest);
    this.#until.set(key, this.#clock.now() + Math.min(forMs, longestMs));
  }

  /** The same addresses in the same order, but those to be avoided at the end. */
  last(addresses: readonly SipAddress[]): readonly SipAddress[] {
    if (this.#until.size === 0 || addresses.length < 2) return addresses;
    const [good, bad]: [SipAddress[], SipAddress[]] = [[], []];
    for (const address of addresses) (this.#has(address) ? bad : good).push(address);
    return [...good, ...bad];
  }

  #has(address: SipAddress): boolean {
    const key = keyOf(address);
    const until = this.#until.get(key);
    if (until === undefined || until > this.#clock.now()) return until !== undefined;
    this.#until.delete(key);
    return false;
  }
}

/** Says which server an address is. */
export function keyOf({ protocol, address, port }: SipAddress): string {
  return `${protocol} ${address} ${port}`;
}
