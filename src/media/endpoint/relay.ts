import { type ReceivedRtpHeader, rtpHeaderBytes, type RtpSockets, sequenceDistance } from "../../rtp/index.ts";
import type { RtpStream } from "./stream.ts";

/** A jump as wide begins another stream (RFC 3550 §A.1, MAX_DROPOUT). */
const widestJump = 3000;

/**
 * Packets of another endpoint's peer, sent on in our own stream as they come. Payload and marker stay; payload type and SSRC are ours; numbers and timestamps
 * are moved by one amount each, so that gaps, order and pauses of the source are seen by who listens.
 *
 *   new source, jump, or something of ours sent in between → the next number, our clock, marker set
 *   later number of the same source                        → moved alike
 *   earlier number, sent after the last beginning          → moved alike (it was overtaken)
 *   earlier than that                                      → dropped: its number is taken
 */
export class Relay {
  readonly #stream: RtpStream;
  #ssrc: number | undefined;
  /** Ours less theirs. */
  #sequenceOffset = 0;
  #timestampOffset = 0;
  /** The highest number of theirs, and how far it is from where the relaying began. */
  #highest = 0;
  #sinceBegin = 0;
  /** What our stream goes on with if nobody else sends in it. */
  #nextNumber = -1;

  constructor(stream: RtpStream) {
    this.#stream = stream;
  }

  /** `bytes` is the whole packet, and is overwritten. */
  forward(sockets: RtpSockets, header: ReceivedRtpHeader, bytes: Uint8Array, payloadType: number): void {
    const stream = this.#stream;
    const distance = sequenceDistance(this.#highest, header.sequenceNumber);
    const isBegin = header.ssrc !== this.#ssrc || stream.sequenceNumber !== this.#nextNumber || Math.abs(distance) > widestJump;
    if (isBegin) {
      this.#ssrc = header.ssrc;
      this.#sequenceOffset = stream.sequenceNumber - header.sequenceNumber;
      this.#timestampOffset = stream.timestamp - header.timestamp;
      this.#sinceBegin = 0;
    } else if (this.#sinceBegin + distance < 0) return;
    // What stands between header and payload is left out: sources and extensions were not negotiated for the other side.
    const packet = bytes.subarray(header.payloadStart - rtpHeaderBytes, header.payloadEnd);
    const sequenceNumber = (header.sequenceNumber + this.#sequenceOffset) & 0xffff;
    const timestamp = (header.timestamp + this.#timestampOffset) >>> 0;
    stream.relay(sockets, packet, { marker: header.marker || isBegin, payloadType, sequenceNumber, timestamp }, isBegin);
    if (!isBegin && distance <= 0) return;
    this.#highest = header.sequenceNumber;
    if (!isBegin) this.#sinceBegin += distance;
    this.#nextNumber = stream.sequenceNumber;
  }
}
