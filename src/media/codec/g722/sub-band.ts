import { type BandTables, powersOfTwo } from "./tables.ts";

const taps = 6;

/**
 * The ADPCM of one band (ITU-T G.722 §3 and §4): what comes next is predicted from what was, by two poles and six zeros that adapt, and
 * the difference is quantised in steps that adapt too. Encoder and decoder run the same predictor on the same code words.
 */
export class SubBand {
  readonly #tables: BandTables;
  /** The last six quantised differences, doubled, and the zeros they go through, in 1/32768; newest first. */
  readonly #differences = new Int32Array(taps);
  readonly #zeros = new Int32Array(taps);
  #firstPole = 0;
  #secondPole = 0;
  /** The last reconstructed value, doubled. */
  #reconstructed = 0;
  /** Signs of the last two differences with their zeros' part: −1 for negative, else 0. */
  #sign = 0;
  #signBefore = 0;
  #fromZeros = 0;
  #prediction = 0;
  #logScale = 0;
  #scale: number;

  constructor(tables: BandTables) {
    this.#tables = tables;
    this.#scale = scaleOf(0, tables.logExponent);
  }

  /** The code word for a value of 15 bits. */
  encode(value: number): number {
    const { codes } = this.#tables;
    const difference = clip(value - this.#prediction);
    const sign = difference >> 31;
    const magnitude = difference ^ sign;
    // How often the scale factor goes into it, rounded so that a decision is met as in the standard's comparison of whole numbers.
    const length = (((magnitude << 10) + 1023) / this.#scale) | 0;
    const half = codes.length >> 1;
    const rank = length < half ? length : half - 1;
    const code = codes[rank + (half & sign)] ?? 0;
    this.#adapt(code);
    return code;
  }

  /** The value of 15 bits that a code word stands for. */
  decode(code: number): number {
    const value = this.#prediction + ((this.#scale * (this.#tables.levels[code] ?? 0)) >> 10);
    this.#adapt(code);
    return value < -16_384 ? -16_384 : value > 16_383 ? 16_383 : value;
  }

  #adapt(code: number): void {
    const tables = this.#tables;
    const difference = (this.#scale * (tables.coarseLevels[code] ?? 0)) >> 10;
    const log = ((this.#logScale * 127) >> 7) + (tables.logSteps[code] ?? 0);
    this.#logScale = log < 0 ? 0 : log > tables.highestLog ? tables.highestLog : log;
    this.#scale = scaleOf(this.#logScale, tables.logExponent);
    this.#movePoles((this.#fromZeros + difference) >> 31);
    this.#fromZeros = this.#moveZeros(difference);
    const before = this.#reconstructed;
    const now = clip((this.#prediction + difference) * 2);
    this.#reconstructed = now;
    this.#prediction = clip(this.#fromZeros + ((this.#firstPole * now) >> 15) + ((this.#secondPole * before) >> 15));
  }

  #movePoles(sign: number): void {
    const first = this.#firstPole;
    const pull = first < -8191 ? -8191 : first > 8191 ? 8191 : first;
    // −1 while the sign stays, else 1.
    const turn = ~(sign ^ this.#sign) | 1;
    const turnBefore = ~(sign ^ this.#signBefore) | 1;
    const second = ((turn * pull) >> 5) - 128 * turnBefore + ((this.#secondPole * 127) >> 7);
    this.#secondPole = second < -12_288 ? -12_288 : second > 12_288 ? 12_288 : second;
    const limit = 15_360 - this.#secondPole;
    const moved = ((first * 255) >> 8) - 192 * turn;
    this.#firstPole = moved < -limit ? -limit : moved > limit ? limit : moved;
    this.#signBefore = this.#sign;
    this.#sign = sign;
  }

  /** The zeros' part of the next prediction. */
  #moveZeros(difference: number): number {
    const differences = this.#differences;
    const zeros = this.#zeros;
    const step = difference === 0 ? 0 : 128;
    let sum = 0;
    let next = difference * 2;
    for (let tap = 0; tap < taps; tap++) {
      const old = differences[tap] ?? 0;
      // A choice by the sign is guessed wrong half of the time: without one, 20 ms take 11 µs instead of 17.
      const zero = (((zeros[tap] ?? 0) * 255) >> 8) + (((old ^ difference) >> 31) | 1) * step;
      zeros[tap] = zero;
      differences[tap] = next;
      sum += Math.imul(next, zero) >> 15;
      next = old;
    }
    return sum;
  }
}

function scaleOf(log: number, exponent: number): number {
  const power = powersOfTwo[(log >> 6) & 31] ?? 0;
  const shift = exponent - (log >> 11);
  return shift < 0 ? power << -shift : power >> shift;
}

function clip(value: number): number {
  return value < -32_768 ? -32_768 : value > 32_767 ? 32_767 : value;
}
