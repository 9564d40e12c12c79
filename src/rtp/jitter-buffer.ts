import { byteAt } from "./packet.ts";

const ringSamples = 4096;
const frameSamples = 160;
/** 400 ms: what is further ahead is another stream; what would need more delay than this is not waited for. */
const maxDepthSamples = 3200;
const initialDelaySamples = 2 * frameSamples;
/** So many packets in a row must have been early by more than a frame too much before the delay shrinks: 4 s of speech. */
const packetsBeforeShrink = 200;
const rememberedNumbers = 64;

/**
 * Puts the packets of one G.711 stream (8 kHz, one byte a sample) back into their order and takes out their jitter. It is a ring of samples indexed by
 * timestamp, so any packet length and any order are one copy; what never came is silence. Reading takes 20 ms a time, at the reader's pace.
 * The delay begins at 40 ms, grows by a frame when a packet comes too late, and shrinks when all have been early for a while; both also absorb clock drift.
 */
export class JitterBuffer {
  readonly #ring = new Uint8Array(ringSamples);
  readonly #silence: number;
  /** Sequence number last seen at its place, −1 for none: a repeated packet is not a late one. */
  readonly #seen = new Int32Array(rememberedNumbers).fill(-1);
  /** Timestamp of the next sample to read; undefined before the first packet. */
  #next: number | undefined;
  /** Timestamp up to which the stream has been read. Ahead of #next while time is being repeated for a longer delay; what is before it is never played. */
  #readUntil = 0;
  /** The least time any recent packet had left before it was due, and over how many packets. */
  #leastAhead = maxDepthSamples;
  #watched = 0;
  #late = 0;

  /** `silence` is the codec's byte for it. */
  constructor(silence: number) {
    this.#silence = silence;
    this.#ring.fill(silence);
  }

  /** Packets that came after their time, or too often, and were dropped. */
  get dropped(): number {
    return this.#late;
  }

  put(sequenceNumber: number, timestamp: number, bytes: Uint8Array, start: number, end: number): void {
    const place = sequenceNumber % rememberedNumbers;
    if (this.#seen[place] === sequenceNumber) {
      this.#late += 1;
      return;
    }
    this.#seen[place] = sequenceNumber;
    if (this.#next === undefined) this.#restart(timestamp);
    let ahead = (timestamp - (this.#next ?? 0)) | 0;
    if (ahead > maxDepthSamples || ahead < -maxDepthSamples) {
      this.#restart(timestamp);
      ahead = initialDelaySamples;
    }
    if (ahead < 0) {
      this.#late += 1;
      this.#shift(-frameSamples);
      return;
    }
    if (((timestamp - this.#readUntil) | 0) < 0) {
      this.#late += 1;
      return;
    }
    this.#watch(ahead);
    const length = Math.min(end - start, ringSamples - maxDepthSamples);
    const from = timestamp % ringSamples;
    for (let index = 0; index < length; index++) this.#ring[(from + index) % ringSamples] = byteAt(bytes, start + index);
  }

  /** Moves the next 20 ms into `frame` (160 bytes). */
  read(frame: Uint8Array): void {
    if (this.#next === undefined) {
      frame.fill(this.#silence);
      return;
    }
    const from = this.#next % ringSamples;
    const first = Math.min(frameSamples, ringSamples - from);
    for (let index = 0; index < first; index++) frame[index] = byteAt(this.#ring, from + index);
    for (let index = first; index < frameSamples; index++) frame[index] = byteAt(this.#ring, index - first);
    this.#pass(frameSamples);
  }

  /** Forgets the stream: the peer began another one. */
  reset(): void {
    this.#ring.fill(this.#silence);
    this.#seen.fill(-1);
    this.#next = undefined;
  }

  #restart(timestamp: number): void {
    this.#ring.fill(this.#silence);
    this.#next = (timestamp - initialDelaySamples) >>> 0;
    this.#readUntil = this.#next;
    this.#leastAhead = maxDepthSamples;
    this.#watched = 0;
  }

  #watch(ahead: number): void {
    this.#leastAhead = Math.min(this.#leastAhead, ahead);
    this.#watched += 1;
    if (this.#watched < packetsBeforeShrink) return;
    if (this.#leastAhead >= 3 * frameSamples) this.#shift(frameSamples);
    this.#leastAhead = maxDepthSamples;
    this.#watched = 0;
  }

  /** Negative makes the delay longer by repeating time (silence), positive shorter by leaving a frame out. */
  #shift(samples: number): void {
    if (samples > 0) this.#pass(samples);
    else this.#next = ((this.#next ?? 0) + samples) >>> 0;
    this.#leastAhead = maxDepthSamples;
    this.#watched = 0;
  }

  #pass(samples: number): void {
    const from = (this.#next ?? 0) % ringSamples;
    for (let index = 0; index < samples; index++) this.#ring[(from + index) % ringSamples] = this.#silence;
    this.#next = ((this.#next ?? 0) + samples) >>> 0;
    if (((this.#next - this.#readUntil) | 0) > 0) this.#readUntil = this.#next;
  }
}
