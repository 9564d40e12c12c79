import type { ReceivedRtpHeader, RtpSockets } from "../../rtp/index.ts";
import { EventRelay } from "./event-relay.ts";
import { type Passage, Relay } from "./relay.ts";
import type { RtpStream } from "./stream.ts";

/** A relayed stream that stands still for longer than this has ended for now; what its sender's silence is like, it may have said (RFC 3389). */
const pauseFrames = 50;

/** Packets of another endpoint's peer on their way to ours. */
export class Forwarding {
  readonly #stream: RtpStream;
  // Most calls need one of them at most.
  #relay: Relay | undefined;
  #eventRelay: EventRelay | undefined;
  /** For so many frames nothing came. */
  #frames = pauseFrames;

  constructor(stream: RtpStream) {
    this.#stream = stream;
  }

  /** Nothing came yet of whoever is forwarded now, or nothing for a second. */
  get isPaused(): boolean {
    return this.#frames >= pauseFrames;
  }

  /** A frame has gone by. */
  wait(): void {
    this.#frames += 1;
  }

  /** Somebody else is forwarded from now on. */
  restart(): void {
    this.#frames = pauseFrames;
  }

  /** As it comes, in our stream. `isNoise`: what the sender says of its silence, so that none of ours is needed. */
  sound(
    sockets: RtpSockets,
    header: ReceivedRtpHeader,
    bytes: Uint8Array,
    payloadType: number,
    passage: Exclude<Passage, undefined>,
    isNoise: boolean,
  ): void {
    this.#relay ??= new Relay(this.#stream);
    this.#relay.forward(sockets, header, bytes, payloadType, passage);
    this.#frames = isNoise ? Number.NEGATIVE_INFINITY : 0;
  }

  /** A digit beside sound of our own. `clockRatio`: our clock for durations over its. */
  event(sockets: RtpSockets, header: ReceivedRtpHeader, bytes: Uint8Array, payloadType: number, clockRatio: number): void {
    this.#eventRelay ??= new EventRelay(this.#stream);
    this.#eventRelay.forward(sockets, header, bytes, payloadType, clockRatio);
  }
}
