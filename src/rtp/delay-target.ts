import { WindowedMinimum } from "./windowed-minimum.ts";

/** No jitter is waited for longer than this. */
export const longestDelayMs = 400;
const binMs = 5;
const bins = longestDelayMs / binMs;
/** The worst packet of each such time is one sample. Single packets as samples would accept 5 % of them late, which costs G.711 some 15 points of R
 * (quality.ts); 30 ms more of delay cost it less than one. */
const sampleMs = 500;
const quantile = 0.95;
/** Of a new sample, once there are enough: half is forgotten in 11 s, and one bad sample among good ones (3 %) does not move the quantile. */
const weight = 1 / 32;
/** How far back the fastest packet is looked for; at 200 ppm, clocks drift apart by less than 1 ms in twice this. */
const fastestWindowMs = 2000;

/**
 * How long packets must wait for nearly all others to come in time. A packet's lateness is how much longer it took than the fastest of the last seconds; the
 * target is the 95 % quantile of the worst lateness of each half second, from an exponentially forgotten histogram, and at least the worst of the last half
 * second, so that it grows at once and falls slowly.
 */
export class DelayTarget {
  readonly #fastest = new WindowedMinimum(fastestWindowMs);
  /** Shares of samples by lateness; they add up to 1 after the first. */
  readonly #shares = new Float32Array(bins);
  #samples = 0;
  #sampleEndsMs = Number.NEGATIVE_INFINITY;
  #worst = 0;
  #worstBefore = 0;
  #quantileMs = 0;

  /** Transit time (arrival less timestamp, so of any origin) of the fastest packet of the last seconds; infinite before the first. */
  get fastestMs(): number {
    return this.#fastest.value;
  }

  /** Lateness that should not be too late, 0 to 400. */
  get latenessMs(): number {
    return Math.max(this.#quantileMs, this.#worst, this.#worstBefore);
  }

  /** Takes a packet in. What is later than the longest delay is beyond all waiting and left out. */
  receive(transitMs: number, arrivalMs: number): void {
    this.#fastest.add(transitMs, arrivalMs);
    if (arrivalMs >= this.#sampleEndsMs) this.#endSample(arrivalMs);
    const latenessMs = transitMs - this.#fastest.value;
    if (latenessMs > this.#worst && latenessMs <= longestDelayMs) this.#worst = latenessMs;
  }

  /** Transit times have a new origin; what the network was like stays. */
  restart(): void {
    this.#fastest.reset();
  }

  reset(): void {
    this.#fastest.reset();
    this.#shares.fill(0);
    this.#samples = 0;
    this.#sampleEndsMs = Number.NEGATIVE_INFINITY;
    this.#worst = 0;
    this.#worstBefore = 0;
    this.#quantileMs = 0;
  }

  #endSample(arrivalMs: number): void {
    const isFirst = this.#sampleEndsMs === Number.NEGATIVE_INFINITY;
    this.#sampleEndsMs = arrivalMs + sampleMs;
    if (isFirst) return;
    const shares = this.#shares;
    this.#samples += 1;
    // The first ones are weighed alike.
    const share = Math.max(weight, 1 / this.#samples);
    for (let bin = 0; bin < bins; bin++) shares[bin] = (shares[bin] ?? 0) * (1 - share);
    const worstBin = Math.min(bins - 1, Math.floor(this.#worst / binMs));
    shares[worstBin] = (shares[worstBin] ?? 0) + share;
    this.#worstBefore = this.#worst;
    this.#worst = 0;
    let above = 0;
    let bin = bins - 1;
    for (; bin >= 0; bin--) {
      above += shares[bin] ?? 0;
      if (above > 1 - quantile) break;
    }
    // The lowest bin is no lateness to speak of.
    this.#quantileMs = bin <= 0 ? 0 : (bin + 1) * binMs;
  }
}
