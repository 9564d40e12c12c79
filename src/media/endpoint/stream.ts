import { rtpHeaderBytes, type RtpHeader, type RtpSockets, sequenceDistance, telephoneEventBytes, writeRtpHeader } from "../../rtp/index.ts";
import { frameSamples } from "../codec/codec.ts";
import type { Outbox } from "./outbox.ts";

/** Less than half of what a listener takes for a gap (RFC 3550 §A.1). */
const offPacePackets = 1000;

/** The RTP stream that we send: one packet kept and written anew each frame, its numbers, and its counts. */
export class RtpStream {
  ssrc: number;
  /** Of a frame, in units of the timestamp. */
  frameUnits = frameSamples;
  /** Where the 160 bytes that `sendVoice` sends are. */
  readonly payload: Uint8Array;
  // From Node's pool: the packets of many streams lie side by side in one block.
  readonly #voicePacket = Buffer.allocUnsafe(rtpHeaderBytes + frameSamples);
  #eventPacket: Uint8Array | undefined;
  /** Told when a packet begins the stream, goes on after a pause, or has number 0 again: from there its position follows from the time. */
  readonly #onPosition: () => void;
  readonly #outbox: Outbox;
  #sequenceNumber: number;
  /** As a signed 32-bit number: the engine keeps those without a box. */
  #timestamp: number;
  #eventTimestamp = 0;
  #isPaused = true;
  /** Where the stream stood when its position was told last. */
  #toldNumber = 0;
  #toldTimestamp = 0;
  #packets = 0;
  #octets = 0;

  constructor(outbox: Outbox, ssrc: number, sequenceNumber: number, timestamp: number, onPosition: () => void) {
    this.#outbox = outbox;
    this.ssrc = ssrc;
    this.#sequenceNumber = sequenceNumber;
    this.#timestamp = timestamp | 0;
    this.#onPosition = onPosition;
    // No Buffer: its `fill` costs three times that of an array.
    this.payload = new Uint8Array(this.#voicePacket.buffer, this.#voicePacket.byteOffset + rtpHeaderBytes, frameSamples);
  }

  /** The 4 bytes that `sendEvent` sends. */
  get event(): Uint8Array {
    return this.#event.subarray(rtpHeaderBytes);
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
    this.#send(sockets, this.#event, isBegin, payloadType, this.#eventTimestamp);
  }

  /** A frame in which nothing is sent: the timestamp goes on, the number does not. `silence` is what the peer heard. */
  pause(silence: number): void {
    this.#isPaused = true;
    this.payload.fill(silence);
    this.#timestamp = (this.#timestamp + this.frameUnits) | 0;
  }

  /**
   * A packet that somebody else made, at once: `packet` begins with room for the header. Its timestamp is its own; ours goes on with the frames. The position is
   * told when a stream `isBegin` and at number 0, as ever, and when the numbers have left the pace of 50 a second that is taken for granted.
   */
  relay(sockets: RtpSockets, packet: Uint8Array, header: Omit<RtpHeader, "ssrc">, isBegin: boolean): void {
    writeRtpHeader(packet, { ...header, ssrc: this.ssrc });
    sockets.sendRtp(packet);
    this.#packets += 1;
    this.#octets += packet.length - rtpHeaderBytes;
    const ahead = sequenceDistance(this.#sequenceNumber, header.sequenceNumber);
    if (!isBegin && ahead < 0) return;
    this.#sequenceNumber = header.sequenceNumber;
    const framesSince = ((this.#timestamp - this.#toldTimestamp) >>> 0) / this.frameUnits;
    const isOffPace = Math.abs(framesSince - ((this.#sequenceNumber - this.#toldNumber) & 0xffff)) > offPacePackets;
    if (isBegin || isOffPace || this.#sequenceNumber === 0) this.#tellPosition();
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
  }

  get #event(): Uint8Array {
    this.#eventPacket ??= new Uint8Array(rtpHeaderBytes + telephoneEventBytes);
    return this.#eventPacket;
  }

  #tellPosition(): void {
    this.#toldNumber = this.#sequenceNumber;
    this.#toldTimestamp = this.#timestamp;
    this.#onPosition();
  }

  #send(sockets: RtpSockets, packet: Uint8Array, marker: boolean, payloadType: number, timestamp: number): void {
    writeRtpHeader(packet, { marker, payloadType, sequenceNumber: this.#sequenceNumber, timestamp, ssrc: this.ssrc });
    this.#outbox.put(sockets, packet);
    if (this.#isPaused || this.#sequenceNumber === 0) this.#tellPosition();
    this.#isPaused = false;
    this.#packets += 1;
    this.#octets += packet.length - rtpHeaderBytes;
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
    this.#timestamp = (this.#timestamp + this.frameUnits) | 0;
  }
}
