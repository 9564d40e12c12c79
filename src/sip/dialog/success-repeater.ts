/** Repeats our 2xx to an INVITE until ACK, at T1 doubling up to T2, for 64*T1, over any transport (RFC 3261 §13.3.1.4). */
import type { Timer } from "../../kernel/index.ts";
import type { SipAddress } from "../transport/transport.ts";
import type { UsageHost } from "./usage-host.ts";

export class SuccessRepeater {
  /** CSeq of the INVITE: its ACK has the same. */
  readonly sequence: number;
  readonly #host: UsageHost;
  readonly #bytes: Uint8Array;
  readonly #destination: SipAddress;
  readonly #deadline: Timer;
  #next: Timer;

  constructor(host: UsageHost, success: { sequence: number; bytes: Uint8Array; destination: SipAddress }, missing: () => void) {
    this.#host = host;
    this.sequence = success.sequence;
    this.#bytes = success.bytes;
    this.#destination = success.destination;
    this.#deadline = host.clock.after(64 * host.timers.t1Ms, () => {
      this.stop();
      missing();
    });
    this.#next = this.#after(host.timers.t1Ms);
  }

  stop(): void {
    this.#deadline.cancel();
    this.#next.cancel();
  }

  #after(delayMs: number): Timer {
    return this.#host.clock.after(delayMs, () => {
      this.#host.transport.sendBytes(this.#bytes, this.#destination);
      this.#next = this.#after(Math.min(delayMs * 2, this.#host.timers.t2Ms));
    });
  }
}
