import type { RtpSockets } from "../../rtp/index.ts";

/**
 * The RTP packets of all endpoints of one slot, sent together once all are made: making and sending push each other out of the processor's caches, and
 * at 500 calls a packet that is sent as soon as it is made costs 8.7 µs instead of 7.2.
 */
export class Outbox {
  readonly #sockets: RtpSockets[] = [];
  readonly #packets: Uint8Array[] = [];

  /** `packet` stays as it is until `flush`. */
  put(sockets: RtpSockets, packet: Uint8Array): void {
    this.#sockets.push(sockets);
    this.#packets.push(packet);
  }

  flush(): void {
    for (let index = 0; index < this.#packets.length; index++) {
      const packet = this.#packets[index];
      if (packet !== undefined) this.#sockets[index]?.sendRtp(packet);
    }
    this.#sockets.length = 0;
    this.#packets.length = 0;
  }
}
