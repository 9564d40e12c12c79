import { mirrorTaps } from "./tables.ts";

/** Pairs that are filtered at once: 10 ms. */
export const blockPairs = 80;

const phaseTaps = mirrorTaps.length;
const heldPairs = phaseTaps - 1;
const mirrorTapsFromEnd = mirrorTaps.toReversed();

/**
 * The quadrature mirror filters of ITU-T G.722 (§3.1 and §4.4): 16 kHz become two bands at 8 kHz, and these 16 kHz again, 22 samples
 * later for both ways together.
 */
export class MirrorFilter {
  /** What both phases go through, each with the pairs in front that the block before leaves to this one. */
  readonly #first = new Int32Array(heldPairs + blockPairs);
  readonly #second = new Int32Array(heldPairs + blockPairs);

  /** Splits `pairs` pairs of samples from `from`, a block at most, into values of 15 bits of the lower and the higher band. */
  split(samples: Int16Array, from: number, pairs: number, low: Int32Array, high: Int32Array): void {
    const first = this.#first;
    const second = this.#second;
    for (let pair = 0; pair < pairs; pair++) {
      first[heldPairs + pair] = samples[from + 2 * pair] ?? 0;
      second[heldPairs + pair] = samples[from + 2 * pair + 1] ?? 0;
    }
    for (let pair = 0; pair < pairs; pair++) {
      const odd = filtered(first, pair, mirrorTaps);
      const even = filtered(second, pair, mirrorTapsFromEnd);
      low[pair] = (even + odd) >> 14;
      high[pair] = (even - odd) >> 14;
    }
    this.#hold(pairs);
  }

  /** The samples of `pairs` values of each band, a block at most; what lies beyond the end of `into` is dropped. */
  join(low: Int32Array, high: Int32Array, pairs: number, into: Int16Array, at: number): void {
    const sums = this.#first;
    const differences = this.#second;
    for (let pair = 0; pair < pairs; pair++) {
      sums[heldPairs + pair] = (low[pair] ?? 0) + (high[pair] ?? 0);
      differences[heldPairs + pair] = (low[pair] ?? 0) - (high[pair] ?? 0);
    }
    for (let pair = 0; pair < pairs; pair++) {
      into[at + 2 * pair] = clip(filtered(differences, pair, mirrorTapsFromEnd) >> 11);
      into[at + 2 * pair + 1] = clip(filtered(sums, pair, mirrorTaps) >> 11);
    }
    this.#hold(pairs);
  }

  #hold(pairs: number): void {
    this.#first.copyWithin(0, pairs, pairs + heldPairs);
    this.#second.copyWithin(0, pairs, pairs + heldPairs);
  }
}

function filtered(row: Int32Array, at: number, taps: Int32Array): number {
  let sum = 0;
  for (let tap = 0; tap < phaseTaps; tap++) sum += Math.imul(row[at + tap] ?? 0, taps[tap] ?? 0);
  return sum;
}

function clip(value: number): number {
  return value < -32_768 ? -32_768 : value > 32_767 ? 32_767 : value;
}
