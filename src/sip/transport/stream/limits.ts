/** What connections may take: counts over all listeners together, and times for each. */

export type StreamLimits = {
  /** Incoming and outgoing together, those in their handshake too. */
  readonly maxConnections: number;
  /** The same for one remote address: many phones may be behind one. */
  readonly maxPerAddress: number;
  /** For an outgoing connection to be ready for messages, handshake included. */
  readonly connectTimeoutMs: number;
  /** For an incoming one: TLS, and the upgrade to WebSocket. */
  readonly handshakeMs: number;
  /** Without a byte either way. Phones keep theirs alive (RFC 5626: every 2 minutes or less). */
  readonly idleMs: number;
  /** For an incoming connection to bring its first message, and for any message from its first byte to its last. */
  readonly firstMessageMs: number;
  /** Bytes that wait for a peer that does not read. */
  readonly maxQueuedBytes: number;
  /** Silence after which we ask whether the peer is there (RFC 5626 §4.4.1: 95 to 120 s). */
  readonly pingEveryMs: number;
  /** How long the answer to that may take. */
  readonly pongMs: number;
};

export const streamLimits: StreamLimits = {
  maxConnections: 10_000,
  maxPerAddress: 1_000,
  connectTimeoutMs: 4_000,
  handshakeMs: 10_000,
  idleMs: 600_000,
  firstMessageMs: 30_000,
  maxQueuedBytes: 1024 * 1024,
  pingEveryMs: 95_000,
  pongMs: 10_000,
};

/** Who may have one more connection. */
export class Admission {
  readonly #limits: Pick<StreamLimits, "maxConnections" | "maxPerAddress">;
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  constructor(limits: Pick<StreamLimits, "maxConnections" | "maxPerAddress">) {
    this.#limits = limits;
  }

  /** False when there is no room. Whoever entered leaves once. */
  enter(address: string): boolean {
    const ofAddress = this.#byAddress.get(address) ?? 0;
    if (this.#total >= this.#limits.maxConnections || ofAddress >= this.#limits.maxPerAddress) return false;
    this.#total += 1;
    this.#byAddress.set(address, ofAddress + 1);
    return true;
  }

  leave(address: string): void {
    const left = (this.#byAddress.get(address) ?? 0) - 1;
    this.#total -= 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
  }
}
