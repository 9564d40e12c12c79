/** Samples at the slower rate that a tap reaches to either side. */
const reach = 12;
/** Of the Kaiser window: 60 dB off what is to be rejected, as nearly as so few taps can. */
const beta = 5.65;
/** Tables up to so many taps are kept (32 kB), as those for all usual rates are. Their sum is bounded: ratios this simple are few. */
const keptTaps = 4096;

/**
 * A low-pass filter at half of the slower of two rates, as the taps for each place between two samples where a sample of the other rate can
 * lie. In parts of the slower rate, it passes 0 to 0.42 within 0.02 dB, is 6 dB down at 0.5, and takes 58 dB off what is above 0.58.
 */
export type Polyphase = {
  /** The ratio of the rates in whole numbers: output to input is `up` to `down`. */
  readonly up: number;
  readonly down: number;
  /** Taps before a place and behind it; even. */
  readonly half: number;
  /**
   * Of phase p from p · 2 · half: what to multiply the samples around a place p/up behind a sample with, which itself is at half − 1. The
   * taps of a phase sum to 1. Phase 0 is that sample alone when the output is the faster one.
   */
  readonly taps: Float64Array;
};

const kept = new Map<string, Polyphase>();

/** Both rates are whole Hz. */
export function polyphase(fromHz: number, toHz: number): Polyphase {
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const up = toHz / divisor;
  const down = fromHz / divisor;
  const key = `${up}/${down}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const designed = design(up, down);
  if (designed.taps.length <= keptTaps) kept.set(key, designed);
  return designed;
}

function design(up: number, down: number): Polyphase {
  const slowness = Math.max(1, down / up);
  const half = 2 * Math.ceil((reach * slowness) / 2);
  const taps = new Float64Array(up * 2 * half);
  for (let phase = 0; phase < up; phase++) {
    const start = phase * 2 * half;
    let sum = 0;
    for (let tap = 0; tap < 2 * half; tap++) {
      const distance = tap - half + 1 - phase / up;
      const value = sinc(distance / slowness) * kaiser(distance / half);
      taps[start + tap] = value;
      sum += value;
    }
    for (let tap = start; tap < start + 2 * half; tap++) taps[tap] = (taps[tap] ?? 0) / sum;
  }
  return { up, down, half, taps };
}

/** Exactly 0 at whole numbers. */
function sinc(x: number): number {
  if (x === 0) return 1;
  return Number.isInteger(x) ? 0 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** 1 in the middle, near 0 at ±1, nothing beyond. */
function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : bessel(beta * Math.sqrt(1 - x * x)) / bessel(beta);
}

/** The modified Bessel function of the first kind and order 0. */
function bessel(x: number): number {
  let term = 1;
  let sum = 1;
  for (let order = 1; term > sum * 1e-12; order++) {
    term *= (x / (2 * order)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
