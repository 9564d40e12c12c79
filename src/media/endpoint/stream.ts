import { rtpHeaderBytes, type RtpHeader, type RtpSockets, sequenceDistance, telephoneEventBytes, writeRtpHeader } from "../../rtp/index.ts";
import { frameMs } from "../codec/frame.ts";
import type { Outbox } from "./outbox.ts";

/** Less than half of what a listener takes for a gap (RFC 3550 §A.1). */
const offPacePackets = 1000;

/**
 * The RTP stream that we send: its numbers, its counts, and one packet kept and written anew each frame. Its time goes on by a frame of 20 ms with each
 * `sendVoice`, `sendEvent` and `pause`, whatever they send.
 */
export class RtpStream {
  ssrc: number;
  /** Where the payload that `sendVoice` sends is to be put. */
  payload: Uint8Array = new Uint8Array();
  /** Of the codec's RTP clock (RFC 3551 §4.1). */
  #clockRateHz = 8000;
  /** Of a frame, in units of the timestamp. */
  #frameUnits = 160;
  #framesPerPacket = 1;
  #voicePacket: Uint8Array = new Uint8Array();
  /** What of it is sent, kept: most payloads are as long as the one before. */
  #sentPart: Uint8Array = new Uint8Array();
  #eventPacket: Uint8Array | undefined;
  /** Told when a packet begins the stream, goes on after a pause, or has number 0 again: from there its position follows from the time. */
  readonly #onPosition: () => void;
  readonly #outbox: Outbox;
  #sequenceNumber: number;
  /** As a signed 32-bit number: the engine keeps those without a box. */
  #timestamp: number;
  #eventTimestamp = 0;
  /** Up to where another has spoken in this stream, when that was the last. */
  #relayedTo: number | undefined;
  #isPaused = true;
  #isSilent = true;
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
  }

  /** Payloads from now on are of a codec with this clock, `payloadBytes` long at most, and hold `ptimeMs`: so many numbers go by in a time. */
  shape(clockRateHz: number, ptimeMs: number, payloadBytes: number): void {
    this.#clockRateHz = clockRateHz;
    this.#frameUnits = (clockRateHz * frameMs) / 1000;
    this.#framesPerPacket = ptimeMs / frameMs;
    if (this.payload.length === payloadBytes) return;
    // From Node's pool: the packets of many streams lie side by side in one block. `payload` is no Buffer: its `fill` costs three times that of an array.
    const packet = Buffer.allocUnsafe(rtpHeaderBytes + payloadBytes);
    this.#voicePacket = packet;
    this.#sentPart = packet;
    this.payload = new Uint8Array(packet.buffer, packet.byteOffset + rtpHeaderBytes, payloadBytes);
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

  /** A frame of sound: the first `bytes` of `payload`. The marker is set after silence (RFC 3551 §4.1). */
  sendVoice(sockets: RtpSockets, payloadType: number, bytes: number): void {
    if (this.#sentPart.length !== rtpHeaderBytes + bytes) this.#sentPart = this.#voicePacket.subarray(0, rtpHeaderBytes + bytes);
    this.#send(sockets, this.#sentPart, this.#isSilent, payloadType, this.#timestamp);
    this.#timestamp = (this.#timestamp + this.#frameUnits) | 0;
  }

  /**
   * A packet of sound whose time is not that of a frame: it began `sinceMs` after our time, which is not moved. `packet` begins with room for the header, and
   * stays as it is until the slot's packets are sent.
   */
  sendPacket(sockets: RtpSockets, payloadType: number, packet: Uint8Array, sinceMs: number): void {
    this.#send(sockets, packet, this.#isSilent, payloadType, this.#timestamp + (sinceMs * this.#clockRateHz) / 1000);
  }

  /** A frame without a packet of its own: its sound goes out with others. */
  skip(): void {
    this.#timestamp = (this.#timestamp + this.#frameUnits) | 0;
  }

  /** A frame of a digit; its first packet has the marker, and all have the timestamp of the first (RFC 4733 §2.3). */
  sendEvent(sockets: RtpSockets, payloadType: number, isBegin: boolean): void {
    if (isBegin) this.#eventTimestamp = this.#timestamp;
    this.#send(sockets, this.#event, isBegin, payloadType, this.#eventTimestamp);
    this.#timestamp = (this.#timestamp + this.#frameUnits) | 0;
  }

  /** A frame in which nothing is sent: the timestamp goes on, the number does not. */
  pause(): void {
    this.#isPaused = true;
    this.rest();
  }

  /** A frame of silence that is not sent: as `pause`, and nobody need be told. */
  rest(): void {
    this.#isSilent = true;
    this.#timestamp = (this.#timestamp + this.#frameUnits) | 0;
  }

  /**
   * A packet that somebody else made, at once: `packet` begins with room for the header. Its timestamp is its own; ours goes on with the frames. The position is
   * told when a stream `isBegin`.
   */
  relay(sockets: RtpSockets, packet: Uint8Array, header: Omit<RtpHeader, "ssrc">, isBegin: boolean): void {
    writeRtpHeader(packet, { ...header, ssrc: this.ssrc });
    sockets.sendRtp(packet);
    this.#packets += 1;
    this.#octets += packet.length - rtpHeaderBytes;
    const ahead = sequenceDistance(this.#sequenceNumber, header.sequenceNumber);
    if (!isBegin && ahead < 0) return;
    this.#sequenceNumber = header.sequenceNumber;
    this.#keepTold(isBegin);
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
  }

  /** Sound of another began at `timestamp`; it may come faster than ours. */
  followRelayed(timestamp: number): void {
    const end = (timestamp + this.#frameUnits) | 0;
    if (this.#relayedTo === undefined || ((end - this.#relayedTo) | 0) > 0) this.#relayedTo = end;
  }

  /** To be called before we speak after another: our time goes on behind its, as what is older than what was heard is not heard any more. */
  takeOver(): void {
    if (this.#relayedTo === undefined) return;
    if (((this.#relayedTo - this.#timestamp) | 0) > 0) this.#timestamp = this.#relayedTo;
    this.#relayedTo = undefined;
  }

  get #event(): Uint8Array {
    this.#eventPacket ??= new Uint8Array(rtpHeaderBytes + telephoneEventBytes);
    return this.#eventPacket;
  }

  /** The position is told when a stream begins, at number 0, and when the numbers have left the pace that is taken for granted. */
  #keepTold(isBegin: boolean): void {
    if (!isBegin && this.#sequenceNumber !== 0) {
      const packetsSince = ((this.#timestamp - this.#toldTimestamp) >>> 0) / this.#frameUnits / this.#framesPerPacket;
      if (Math.abs(packetsSince - ((this.#sequenceNumber - this.#toldNumber) & 0xffff)) <= offPacePackets) return;
    }
    this.#toldNumber = this.#sequenceNumber;
    this.#toldTimestamp = this.#timestamp;
    this.#onPosition();
  }

  #send(sockets: RtpSockets, packet: Uint8Array, marker: boolean, payloadType: number, timestamp: number): void {
    writeRtpHeader(packet, { marker, payloadType, sequenceNumber: this.#sequenceNumber, timestamp, ssrc: this.ssrc });
    this.#outbox.put(sockets, packet);
    this.#keepTold(this.#isPaused);
    this.#isPaused = false;
    this.#isSilent = false;
    this.#packets += 1;
    this.#octets += packet.length - rtpHeaderBytes;
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
  }
}
