import type { RtpNetwork, RtpSockets } from "../../rtp/index.ts";

/**
 * The RTP packets of all endpoints of one slot, sent together once all are made: making and sending push each other out of the processor's caches, and
 * at 500 calls a packet that is sent as soon as it is made costs 8.7 µs instead of 7.2.
 */
export class Outbox {
  readonly #network: RtpNetwork;
  readonly #sockets: RtpSockets[] = [];
  readonly #packets: Uint8Array[] = [];
  /** So many of both are waiting; what is after them was sent, and its place is used again. */
  #count = 0;

  constructor(network: RtpNetwork) {
    this.#network = network;
  }

  /** `packet` stays as it is until `flush`. */
  put(sockets: RtpSockets, packet: Uint8Array): void {
    this.#sockets[this.#count] = sockets;
    this.#packets[this.#count] = packet;
    this.#count += 1;
  }

  flush(): void {
    const count = this.#count;
    this.#count = 0;
    if (count > 0) this.#network.sendBatch(this.#sockets, this.#packets, count);
  }
}
