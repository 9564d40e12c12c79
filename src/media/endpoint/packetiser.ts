import { rtpHeaderBytes, type RtpSockets } from "../../rtp/index.ts";
import { frameMs } from "../codec/frame.ts";
import type { RtpStream } from "./stream.ts";

/**
 * Frames of 20 ms as packets of another length: 10 to 60 ms, for codecs of so many bytes a millisecond. A packet that is full with the end of a frame goes
 * with it; where some are full in its middle, those go with it and the others 10 ms later, so that all are equally far apart.
 */
export class Packetiser {
  readonly ptimeMs: number;
  readonly bytesPerMs: number;
  /** Two, as a packet stays as it is until the slot is sent, and another may be begun by then. */
  readonly #packets: readonly [Uint8Array, Uint8Array];
  #isSecond = false;
  /** Milliseconds of sound in the packet that is being filled. */
  #filledMs = 0;
  #held: Uint8Array | undefined;

  constructor(ptimeMs: number, bytesPerMs: number) {
    this.ptimeMs = ptimeMs;
    this.bytesPerMs = bytesPerMs;
    const bytes = rtpHeaderBytes + ptimeMs * bytesPerMs;
    this.#packets = [new Uint8Array(bytes), new Uint8Array(bytes)];
  }

  /** Some packets wait for the middle of the next frame. */
  get isBetweenWanted(): boolean {
    return this.ptimeMs % frameMs !== 0;
  }

  /** Takes the frame that is `stream.payload`, and moves the stream on by it. */
  send(stream: RtpStream, sockets: RtpSockets, payloadType: number): void {
    this.sendHeld(stream, sockets, payloadType);
    for (let atMs = 0; atMs < frameMs; ) {
      const packet = this.#packets[this.#isSecond ? 1 : 0];
      const lengthMs = Math.min(this.ptimeMs - this.#filledMs, frameMs - atMs);
      const part = stream.payload.subarray(atMs * this.bytesPerMs, (atMs + lengthMs) * this.bytesPerMs);
      packet.set(part, rtpHeaderBytes + this.#filledMs * this.bytesPerMs);
      atMs += lengthMs;
      this.#filledMs += lengthMs;
      if (this.#filledMs < this.ptimeMs) break;
      if (this.isBetweenWanted && atMs === frameMs) this.#held = packet;
      else stream.sendPacket(sockets, payloadType, packet, atMs - this.ptimeMs);
      this.#isSecond = !this.#isSecond;
      this.#filledMs = 0;
    }
    stream.skip();
  }

  /** In the middle of a frame: sends what was full at the end of the one before. */
  sendHeld(stream: RtpStream, sockets: RtpSockets, payloadType: number): void {
    if (this.#held === undefined) return;
    stream.sendPacket(sockets, payloadType, this.#held, -this.ptimeMs);
    this.#held = undefined;
  }

  /** What waits is a part of a frame, and is sent with what follows. */
  flush(): void {}

  /** Forgets what was not sent yet: something else than sound went out, or nothing. */
  reset(): void {
    this.#filledMs = 0;
    this.#held = undefined;
  }
}
