const binMs = 0.05;
/** Of half a second; what is longer counts as that, but for the greatest. */
const bins = 10_000;

/** How lengths of time are spread, in bins of 0.05 ms. */
export class Spread {
  readonly #bins = new Uint32Array(bins);
  #count = 0;
  #maxMs = 0;

  add(lengthMs: number): void {
    const bin = Math.min(bins - 1, Math.floor(lengthMs / binMs));
    this.#bins[bin] = (this.#bins[bin] ?? 0) + 1;
    this.#count += 1;
    if (lengthMs > this.#maxMs) this.#maxMs = lengthMs;
  }

  clear(): void {
    this.#bins.fill(0);
    this.#count = 0;
    this.#maxMs = 0;
  }

  /** So large a share of all is at most this long, to 0.05 ms; the greatest itself for 1. 0 when there is none. */
  atMostMs(share: number): number {
    if (share >= 1) return Number(this.#maxMs.toFixed(2));
    let seen = 0;
    for (let bin = 0; bin < bins; bin++) {
      seen += this.#bins[bin] ?? 0;
      if (seen > 0 && seen >= this.#count * share) return Number(((bin + 1) * binMs).toFixed(2));
    }
    return 0;
  }
}
