import { rtpHeaderBytes, type RtpSockets } from "../../rtp/index.ts";
import { frameMs } from "../codec/frame.ts";
import type { RtpStream } from "./stream.ts";

/** The part of a packet's first byte that says how many frames follow: 0 for one, 3 for as many as the next byte says (RFC 6716 §3.1). */
const countBits = 0b11;
/** Of that next byte: the frames differ in length (§3.2.5). */
const differInLength = 0x80;
/** Lengths from here on take two bytes, the first of which has their last two bits (§3.2.1). */
const twoByteLength = 252;
/** Fits an Ethernet frame with all that is around it. */
const longestBytes = 1400;

/**
 * Opus of 20 ms a frame as packets of 40 or 60 ms. Frames lie in a packet as they came, so what was encoded once serves peers of any packet time. Frames of one
 * packet share what its first byte says; one that differs begins the next packet, and the one before is shorter.
 */
export class OpusPacketiser {
  readonly ptimeMs: number;
  readonly bytesPerMs = undefined;
  readonly isBetweenWanted = false;
  /** Two, as a packet stays as it is until the slot is sent, and one that has to go alone follows another in the same. */
  readonly #packets: readonly [Uint8Array, Uint8Array];
  #isSecond = false;
  /** What the packet will hold: frames without their first bytes, one behind the other. */
  readonly #frames: Uint8Array;
  readonly #lengths: number[] = [];
  #bytes = 0;
  /** Their first byte. */
  #kind = 0;

  /** `frameBytes` is the longest that a frame can be. */
  constructor(ptimeMs: number, frameBytes: number) {
    this.ptimeMs = ptimeMs;
    const frames = ptimeMs / frameMs;
    this.#frames = new Uint8Array(frames * frameBytes);
    // Two bytes for the count, and two for each length.
    const bytes = rtpHeaderBytes + 2 + frames * (2 + frameBytes);
    this.#packets = [new Uint8Array(bytes), new Uint8Array(bytes)];
  }

  /** Takes the frame that is the first `bytes` of `stream.payload`, and moves the stream on by it. */
  send(stream: RtpStream, sockets: RtpSockets, payloadType: number, bytes: number): void {
    const kind = stream.payload[0] ?? 0;
    if (kind !== this.#kind || this.#bytes + bytes > longestBytes) this.flush(stream, sockets, payloadType);
    this.#kind = kind;
    this.#frames.set(stream.payload.subarray(1, bytes), this.#bytes);
    this.#bytes += bytes - 1;
    this.#lengths.push(bytes - 1);
    stream.skip();
    // A packet of several frames already is not taken apart: it goes alone.
    if ((kind & countBits) !== 0 || this.#lengths.length * frameMs >= this.ptimeMs) this.flush(stream, sockets, payloadType);
  }

  /** Sends what waits for more: nothing follows for now. */
  flush(stream: RtpStream, sockets: RtpSockets, payloadType: number): void {
    const count = this.#lengths.length;
    if (count === 0) return;
    const packet = this.#packets[this.#isSecond ? 1 : 0];
    this.#isSecond = !this.#isSecond;
    let at = rtpHeaderBytes;
    if (count === 1) packet[at++] = this.#kind;
    else {
      packet[at++] = this.#kind | countBits;
      packet[at++] = differInLength | count;
      for (const length of this.#lengths.slice(0, -1)) at = writeLength(packet, at, length);
    }
    packet.set(this.#frames.subarray(0, this.#bytes), at);
    stream.sendPacket(sockets, payloadType, packet.subarray(0, at + this.#bytes), -count * frameMs);
    this.reset();
  }

  /** No packet is ever due between two frames. */
  sendHeld(): void {}

  /** Forgets what was not sent yet: something else than sound went out, or nothing. */
  reset(): void {
    this.#lengths.length = 0;
    this.#bytes = 0;
  }
}

/** RFC 6716 §3.2.1. Returns where the next byte goes. */
function writeLength(into: Uint8Array, at: number, length: number): number {
  if (length < twoByteLength) {
    into[at] = length;
    return at + 1;
  }
  const first = twoByteLength + (length & 0b11);
  into[at] = first;
  into[at + 1] = (length - first) >> 2;
  return at + 2;
}
