import { type RtpHeader, rtpHeaderBytes, type RtpSockets, telephoneEventBytes, writeRtpHeader } from "../../rtp/index.ts";
import { frameSamples } from "../codec/codec.ts";

/** Where the next packet goes. */
export type Target = { readonly address: string; readonly port: number };

/** The RTP stream that we send: one packet kept and written anew each frame, its numbers, and its counts. */
export class RtpStream {
  /** The 160 bytes that `sendVoice` sends. */
  readonly payload: Uint8Array;
  /** The 4 bytes that `sendEvent` sends. */
  readonly event: Uint8Array;
  readonly #voicePacket = Buffer.alloc(rtpHeaderBytes + frameSamples);
  readonly #eventPacket = Buffer.alloc(rtpHeaderBytes + telephoneEventBytes);
  readonly #header: RtpHeader;
  /** Told when a packet begins the stream, goes on after a pause, or has number 0 again: from there its position follows from the time. */
  readonly #onPosition: () => void;
  #eventTimestamp = 0;
  #isPaused = true;
  #packets = 0;
  #octets = 0;

  constructor(ssrc: number, sequenceNumber: number, timestamp: number, onPosition: () => void) {
    this.#header = { marker: false, payloadType: 0, sequenceNumber, timestamp, ssrc };
    this.#onPosition = onPosition;
    this.payload = this.#voicePacket.subarray(rtpHeaderBytes);
    this.event = this.#eventPacket.subarray(rtpHeaderBytes);
  }

  get ssrc(): number {
    return this.#header.ssrc;
  }

  set ssrc(ssrc: number) {
    this.#header.ssrc = ssrc;
  }

  get packets(): number {
    return this.#packets;
  }

  get octets(): number {
    return this.#octets;
  }

  get sequenceNumber(): number {
    return this.#header.sequenceNumber;
  }

  get timestamp(): number {
    return this.#header.timestamp;
  }

  /** A frame of sound. The marker is set after a pause (RFC 3551 §4.1). */
  sendVoice(sockets: RtpSockets, target: Target, payloadType: number): void {
    this.#header.marker = this.#isPaused;
    this.#header.payloadType = payloadType;
    writeRtpHeader(this.#voicePacket, this.#header);
    this.#send(sockets, target, this.#voicePacket);
  }

  /** A frame of a digit; its first packet has the marker, and all have the timestamp of the first (RFC 4733 §2.3). */
  sendEvent(sockets: RtpSockets, target: Target, payloadType: number, isBegin: boolean): void {
    const now = this.#header.timestamp;
    if (isBegin) this.#eventTimestamp = now;
    this.#header.marker = isBegin;
    this.#header.payloadType = payloadType;
    this.#header.timestamp = this.#eventTimestamp;
    writeRtpHeader(this.#eventPacket, this.#header);
    this.#header.timestamp = now;
    this.#send(sockets, target, this.#eventPacket);
  }

  /** A frame in which nothing is sent: the timestamp goes on, the number does not. `silence` is what the peer heard. */
  pause(silence: number): void {
    this.#isPaused = true;
    this.payload.fill(silence);
    this.#header.timestamp = (this.#header.timestamp + frameSamples) >>> 0;
  }

  #send(sockets: RtpSockets, target: Target, packet: Buffer): void {
    sockets.sendRtp(packet, target.address, target.port);
    if (this.#isPaused || this.#header.sequenceNumber === 0) this.#onPosition();
    this.#isPaused = false;
    this.#packets += 1;
    this.#octets += packet.length - rtpHeaderBytes;
    this.#header.sequenceNumber = (this.#header.sequenceNumber + 1) & 0xffff;
    this.#header.timestamp = (this.#header.timestamp + frameSamples) >>> 0;
  }
}
