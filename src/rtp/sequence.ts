/** Sequence numbers of one source: order, cycles and validity after RFC 3550 §A.1. The two packets of its probation are the lock's business. */

/** A jump ahead of this many is a new stream, not loss (RFC 3550 §A.1). */
const maxDropout = 3000;
/** This far behind is a new stream, not disorder. */
const maxMisorder = 100;
const modulus = 2 ** 16;

/** How far `next` is ahead of `previous`, −32768 to 32767, over the 16-bit wrap. */
export function sequenceDistance(previous: number, next: number): number {
  return ((next - previous) << 16) >> 16;
}

export class SequenceTracker {
  #base = 0;
  #highest = 0;
  #cycles = 0;
  #received = 0;
  #gaps = 0;
  /** The number that would confirm a restarted source: one more than the last jump went to. */
  #afterJump = -1;

  /** Takes a packet in. False when it is out of every range: its content should not be used. */
  accept(sequenceNumber: number): boolean {
    if (this.#received === 0) {
      this.#begin(sequenceNumber);
      return true;
    }
    const ahead = (sequenceNumber - this.#highest + modulus) % modulus;
    if (ahead < maxDropout) {
      if (sequenceNumber < this.#highest) this.#cycles += 1;
      if (ahead > 1) this.#gaps += 1;
      this.#highest = sequenceNumber;
    } else if (ahead <= modulus - maxMisorder) {
      if (sequenceNumber !== this.#afterJump) {
        this.#afterJump = (sequenceNumber + 1) % modulus;
        return false;
      }
      this.#begin(sequenceNumber);
      return true;
    }
    this.#received += 1;
    return true;
  }

  get received(): number {
    return this.#received;
  }

  /** Runs of numbers that were passed over, also of those that came later. */
  get gaps(): number {
    return this.#gaps;
  }

  /** §6.4.1: the cycles in the high 16 bits, the highest number in the low. */
  get extendedHighest(): number {
    return this.#cycles * modulus + this.#highest;
  }

  get expected(): number {
    return this.#received === 0 ? 0 : this.extendedHighest - this.#base + 1;
  }

  #begin(sequenceNumber: number): void {
    this.#base = sequenceNumber;
    this.#highest = sequenceNumber;
    this.#cycles = 0;
    this.#received = 1;
    this.#gaps = 0;
    this.#afterJump = -1;
  }
}

/** So many numbers back a packet is known again; 1.3 s at 10 ms. */
const remembered = 128;

/** Which of the last packets were there: what comes twice, and what is missing in between. */
export class SeenNumbers {
  /** At `number % remembered` that number; at the begin one that belongs elsewhere. */
  readonly #numbers = new Uint16Array(remembered);
  /** A sender that begins anew may count from the same number: with another timestamp it is another packet. */
  readonly #timestamps = new Uint32Array(remembered);

  constructor() {
    this.reset();
  }

  /** False when it was there before. */
  add(sequenceNumber: number, timestamp: number): boolean {
    const place = sequenceNumber % remembered;
    if (this.#numbers[place] === sequenceNumber && this.#timestamps[place] === timestamp) return false;
    this.#numbers[place] = sequenceNumber;
    this.#timestamps[place] = timestamp;
    return true;
  }

  /** How many were not there between these two; 0 when they are not in order or too far apart to know. */
  missing(previous: number, next: number): number {
    const distance = sequenceDistance(previous, next);
    let missing = 0;
    if (distance > remembered) return 0;
    for (let ahead = 1; ahead < distance; ahead++) {
      const number = (previous + ahead + modulus) % modulus;
      if (this.#numbers[number % remembered] !== number) missing += 1;
    }
    return missing;
  }

  reset(): void {
    for (let place = 0; place < remembered; place++) this.#numbers[place] = place + 1;
  }
}
