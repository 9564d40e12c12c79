/**
 * Hears digits in the sound itself, by the tests of ITU-T Q.24, in blocks of 10 ms. Two blocks are a hit when both have the tones of one key, and
 *   - there is little else in them: speech has its harmonics, the second one first,
 *   - neither tone is much louder than the other (twist),
 *   - the phase of both tones has gone on from one block to the other as it should. That measures a frequency to a few Hz, in filters of 100 Hz.
 *
 * | state | blocks → | to | done |
 *   up   | two hits of a key on end     | down | began          (always in 40 ms of tone, never in 20)
 *   down | a miss, up to 4 on end       | down |                (a drop-out of 20 ms)
 *   down | 5 misses on end              | up   | ended          (a gap of 40 ms)
 *   down | two hits of another on end   | down | ended, began
 */
import { blockMs, blockSamples, digitNames, filtersHz, keyOf } from "./dtmf-filters.ts";

export type ToneDigitListener = {
  /** A key went down, 30 to 40 ms ago. */
  began(digit: string): void;
  /** It came up, 50 to 60 ms ago. */
  ended(digit: string, durationMs: number): void;
};

/** Mean square of a block with the quietest digit: two tones of −28 dBm0. */
const leastPower = 890 * 890;
/** Part that both tones are of all there is. Noise 15 dB below leaves 0.97, an echo of a prompt 6 dB below this. */
const leastShare = 0.8;
/** By how much the column may be the louder tone, or the row: 4 and 8 dB, and 1.5 that a block gets wrong. */
const mostTwist = 10 ** 0.55;
const leastTwist = 10 ** -0.95;
const hitsToBegin = 2;
const missesToEnd = 5;

/** What the phase of each tone goes on by in a block. */
const advances = Float64Array.from(filtersHz, (frequencyHz) => (2 * Math.PI * frequencyHz * blockMs) / 1000);
/** How much more or less it may be: 1.5 % and 5 Hz. Q.24 wants 1.5 % heard and 3.5 % not. */
const mostDrifts = Float64Array.from(filtersHz, (frequencyHz) => (2 * Math.PI * (frequencyHz * 0.015 + 5) * blockMs) / 1000);

/** Of one speaker. A frame of speech costs 1.1 µs, of a digit 2.1, of silence 0.3. */
export class DtmfDetector {
  readonly #listener: ToneDigitListener;
  // Of the block before: its key, −1 for none, its mean square, and its tones.
  #key = -1;
  #power = 0;
  #tones = new Float64Array(4);
  /** Of the block in hand; changes places with `#tones`. */
  #newTones = new Float64Array(4);
  /** The key of the latest hits on end, and how many they are. */
  #hitKey = -1;
  #hits = 0;
  #misses = 0;
  /** The key that is down, −1 for none, and its blocks up to the last hit. */
  #downKey = -1;
  #downBlocks = 0;

  constructor(listener: ToneDigitListener) {
    this.#listener = listener;
  }

  /** 8 kHz, 10 ms or a multiple of them. */
  write(frame: Int16Array): void {
    for (let start = 0; start + blockSamples <= frame.length; start += blockSamples) this.#block(frame, start);
  }

  #block(frame: Int16Array, start: number): void {
    const power = powerOf(frame, start);
    const key = power < leastPower ? -1 : keyOf(frame, start, power, this.#newTones);
    if (key >= 0 && key === this.#key && this.#isHit(key, power)) this.#hit(key);
    else if (this.#downKey >= 0 || this.#hits > 0) this.#miss();
    this.#key = key;
    this.#power = power;
    const tones = this.#tones;
    this.#tones = this.#newTones;
    this.#newTones = tones;
  }

  #isHit(key: number, power: number): boolean {
    const rowPower = this.#tonePower(0, key >> 2);
    const columnPower = this.#tonePower(2, 4 + (key & 3));
    if (columnPower > mostTwist * rowPower || columnPower < leastTwist * rowPower) return false;
    return rowPower + columnPower > leastShare * (this.#power + power);
  }

  /** Sum of the mean squares of a tone in both blocks; 0 when its frequency is another one. `at` is where it is in `tones`. */
  #tonePower(at: number, filter: number): number {
    const real = this.#tones[at] ?? 0;
    const imaginary = this.#tones[at + 1] ?? 0;
    const newReal = this.#newTones[at] ?? 0;
    const newImaginary = this.#newTones[at + 1] ?? 0;
    const angle =
      Math.atan2(newImaginary * real - newReal * imaginary, newReal * real + newImaginary * imaginary) - (advances[filter] ?? 0);
    const drift = angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
    if (Math.abs(drift) > (mostDrifts[filter] ?? 0)) return 0;
    // A filter hears less of a tone beside its frequency, as sin(x) / x.
    const loss = Math.abs(drift) < 0.01 ? 1 : Math.sin(drift / 2) / (drift / 2);
    return (2 * (real * real + imaginary * imaginary + newReal * newReal + newImaginary * newImaginary)) / (loss * loss);
  }

  #hit(key: number): void {
    if (key === this.#downKey) {
      this.#downBlocks += this.#misses + 1;
      this.#misses = 0;
      this.#hits = 0;
      return;
    }
    this.#hits = key === this.#hitKey && this.#hits > 0 ? this.#hits + 1 : 1;
    this.#hitKey = key;
    if (this.#hits < hitsToBegin) {
      this.#missDown();
      return;
    }
    this.#end();
    this.#downKey = key;
    this.#downBlocks = hitsToBegin + 1;
    this.#hits = 0;
    this.#listener.began(digitNames[key] ?? "");
  }

  #miss(): void {
    this.#hits = 0;
    this.#missDown();
  }

  #missDown(): void {
    this.#misses += 1;
    if (this.#misses >= missesToEnd) this.#end();
  }

  #end(): void {
    this.#misses = 0;
    if (this.#downKey < 0) return;
    const digit = digitNames[this.#downKey] ?? "";
    this.#downKey = -1;
    this.#listener.ended(digit, this.#downBlocks * blockMs);
  }
}

/** Mean square of a block, which is all that silence costs. Two sums, as each addition waits for the one before. */
function powerOf(frame: Int16Array, start: number): number {
  let even = 0;
  let odd = 0;
  for (let at = start; at < start + blockSamples; at += 2) {
    const sample = frame[at] ?? 0;
    const next = frame[at + 1] ?? 0;
    even += sample * sample;
    odd += next * next;
  }
  return (even + odd) / blockSamples;
}
