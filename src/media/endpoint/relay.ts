import { type ReceivedRtpHeader, rtpHeaderBytes, type RtpSockets, sequenceDistance } from "../../rtp/index.ts";
import type { AudioCodec } from "../codec/audio-codec.ts";
import type { RtpStream } from "./stream.ts";

/** A jump as wide begins another stream (RFC 3550 §A.1, MAX_DROPOUT). */
const widestJump = 3000;
/** Header and payload of a packet whose bytes are changed on the way; sent before the next one comes. */
const scratch = new Uint8Array(2048);

/** How the payload of a packet becomes one that the listener takes: as it is, by a table of its bytes, or not at all. */
export type Passage = "as it is" | Uint8Array | undefined;

/**
 * Packets of another endpoint's peer, sent on in our own stream as they come. Marker and, where both have one codec, payload stay; payload type and SSRC are
 * ours; numbers and timestamps are moved by one amount each, so that gaps, order and pauses of the source are seen by who listens.
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

  /** `bytes` is the whole packet; what stands before its payload is overwritten. */
  forward(
    sockets: RtpSockets,
    header: ReceivedRtpHeader,
    bytes: Uint8Array,
    payloadType: number,
    passage: Exclude<Passage, undefined>,
  ): void {
    const stream = this.#stream;
    const distance = sequenceDistance(this.#highest, header.sequenceNumber);
    const isBegin = header.ssrc !== this.#ssrc || stream.sequenceNumber !== this.#nextNumber || Math.abs(distance) > widestJump;
    if (isBegin) {
      stream.takeOver();
      this.#ssrc = header.ssrc;
      this.#sequenceOffset = stream.sequenceNumber - header.sequenceNumber;
      this.#timestampOffset = stream.timestamp - header.timestamp;
      this.#sinceBegin = 0;
    } else if (this.#sinceBegin + distance < 0) return;
    const packet =
      passage === "as it is" ? bytes.subarray(header.payloadStart - rtpHeaderBytes, header.payloadEnd) : mapped(header, bytes, passage);
    const sequenceNumber = (header.sequenceNumber + this.#sequenceOffset) & 0xffff;
    const timestamp = (header.timestamp + this.#timestampOffset) >>> 0;
    stream.relay(sockets, packet, { marker: header.marker || isBegin, payloadType, sequenceNumber, timestamp }, isBegin);
    if (!isBegin && distance <= 0) return;
    stream.followRelayed(timestamp);
    this.#highest = header.sequenceNumber;
    if (!isBegin) this.#sinceBegin += distance;
    this.#nextNumber = stream.sequenceNumber;
  }
}

// What stands between header and payload is left out both ways: sources and extensions were not negotiated for the other side.
function mapped({ payloadStart, payloadEnd }: ReceivedRtpHeader, bytes: Uint8Array, table: Uint8Array): Uint8Array {
  const length = Math.min(payloadEnd - payloadStart, scratch.length - rtpHeaderBytes);
  for (let index = 0; index < length; index++) scratch[rtpHeaderBytes + index] = table[bytes[payloadStart + index] ?? 0] ?? 0;
  return scratch.subarray(0, rtpHeaderBytes + length);
}

const tables = new Map<AudioCodec, Map<AudioCodec, Uint8Array>>();

/** Both codecs without memory: then a byte of the one is a byte of the other, and nothing need wait for the tick. */
export function passageOf(from: AudioCodec | undefined, to: AudioCodec | undefined): Passage {
  if (from === to) return "as it is";
  if (from?.tables === undefined || to?.tables === undefined) return undefined;
  const known = tables.get(from)?.get(to);
  if (known !== undefined) return known;
  const { toLinear } = from.tables;
  const { fromLinear } = to.tables;
  const table = Uint8Array.from({ length: 256 }, (_, byte) => fromLinear[(toLinear[byte] ?? 0) & 0xffff] ?? 0);
  tables.set(from, (tables.get(from) ?? new Map<AudioCodec, Uint8Array>()).set(to, table));
  return table;
}
