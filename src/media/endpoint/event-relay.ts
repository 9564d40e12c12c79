import { type ReceivedRtpHeader, rtpHeaderBytes, type RtpSockets, telephoneEventBytes } from "../../rtp/index.ts";
import type { RtpStream } from "./stream.ts";

/** Header and payload of a packet that is sent before the next one is made. */
const scratch = new Uint8Array(rtpHeaderBytes + telephoneEventBytes);

/**
 * Digits of another endpoint's peer (RFC 4733), sent on beside sound that we make ourselves: in our numbers, each event at the time at which its first packet
 * came, its duration in our clock.
 */
export class EventRelay {
  readonly #stream: RtpStream;
  /** When the latest event began, in the time of its sender and in ours. */
  #theirs: number | undefined;
  #ours = 0;

  constructor(stream: RtpStream) {
    this.#stream = stream;
  }

  /** `clockRatio` is our clock rate over that of the packet. */
  forward(sockets: RtpSockets, header: ReceivedRtpHeader, bytes: Uint8Array, payloadType: number, clockRatio: number): void {
    const { payloadStart, payloadEnd, timestamp, marker } = header;
    if (payloadEnd - payloadStart < telephoneEventBytes) return;
    if (timestamp !== this.#theirs) {
      this.#theirs = timestamp;
      this.#ours = this.#stream.timestamp;
    }
    const duration = ((bytes[payloadStart + 2] ?? 0) << 8) | (bytes[payloadStart + 3] ?? 0);
    const ours = Math.min(0xffff, Math.round(duration * clockRatio));
    scratch[rtpHeaderBytes] = bytes[payloadStart] ?? 0;
    scratch[rtpHeaderBytes + 1] = bytes[payloadStart + 1] ?? 0;
    scratch[rtpHeaderBytes + 2] = ours >> 8;
    scratch[rtpHeaderBytes + 3] = ours & 0xff;
    const { sequenceNumber } = this.#stream;
    this.#stream.relay(sockets, scratch, { marker, payloadType, sequenceNumber, timestamp: this.#ours }, false);
  }
}
