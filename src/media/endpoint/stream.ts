import { rtpHeaderBytes, type RtpSockets, telephoneEventBytes, writeRtpHeader } from "../../rtp/index.ts";
import { frameSamples } from "../codec/codec.ts";
import type { Outbox } from "./outbox.ts";

/** The RTP stream that we send: one packet kept and written anew each frame, its numbers, and its counts. */
export class RtpStream {
  ssrc: number;
  /** Where the 160 bytes that `sendVoice` sends are. */
  readonly payload: Uint8Array;
  /** The 4 bytes that `sendEvent` sends. */
  readonly event: Uint8Array;
  // From Node's pool: the packets of many streams lie side by side in one block.
  readonly #voicePacket = Buffer.allocUnsafe(rtpHeaderBytes + frameSamples);
  readonly #eventPacket = Buffer.allocUnsafe(rtpHeaderBytes + telephoneEventBytes);
  /** Told when a packet begins the stream, goes on after a pause, or has number 0 again: from there its position follows from the time. */
  readonly #onPosition: () => void;
  readonly #outbox: Outbox;
  #sequenceNumber: number;
  /** As a signed 32-bit number: the engine keeps those without a box. */
  #timestamp: number;
  #eventTimestamp = 0;
  #isPaused = true;
  #packets = 0;
  #octets = 0;

  constructor(outbox: Outbox, ssrc: number, sequenceNumber: number, timestamp: number, onPosition: () => void) {
    this.#outbox = outbox;
    this.ssrc = ssrc;
    this.#sequenceNumber = sequenceNumber;
    this.#timestamp = timestamp | 0;
    this.#onPosition = onPosition;
    this.payload = this.#voicePacket.subarray(rtpHeaderBytes);
    this.event = this.#eventPacket.subarray(rtpHeaderBytes);
  }

  get packets(): number {
    return this.#packets;
  }

  get octets(): number {
    return this.#octets;
  }

  get sequenceNumber(): number {
    return this.#sequenceNumber;
  }

  get timestamp(): number {
    return this.#timestamp >>> 0;
  }

  /** A frame of sound. The marker is set after a pause (RFC 3551 §4.1). */
  sendVoice(sockets: RtpSockets, payloadType: number): void {
    this.#send(sockets, this.#voicePacket, this.#isPaused, payloadType, this.#timestamp);
  }

  /** A frame of a digit; its first packet has the marker, and all have the timestamp of the first (RFC 4733 §2.3). */
  sendEvent(sockets: RtpSockets, payloadType: number, isBegin: boolean): void {
    if (isBegin) this.#eventTimestamp = this.#timestamp;
    this.#send(sockets, this.#eventPacket, isBegin, payloadType, this.#eventTimestamp);
  }

  /** A frame in which nothing is sent: the timestamp goes on, the number does not. `silence` is what the peer heard. */
  pause(silence: number): void {
    this.#isPaused = true;
    this.payload.fill(silence);
    this.#timestamp = (this.#timestamp + frameSamples) | 0;
  }

  #send(sockets: RtpSockets, packet: Uint8Array, marker: boolean, payloadType: number, timestamp: number): void {
    writeRtpHeader(packet, { marker, payloadType, sequenceNumber: this.#sequenceNumber, timestamp, ssrc: this.ssrc });
    this.#outbox.put(sockets, packet);
    if (this.#isPaused || this.#sequenceNumber === 0) this.#onPosition();
    this.#isPaused = false;
    this.#packets += 1;
    this.#octets += packet.length - rtpHeaderBytes;
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
    this.#timestamp = (this.#timestamp + frameSamples) | 0;
  }
}
