/**
 * Comfort noise (RFC 3389): what a peer sends instead of its background while nobody speaks.
 *
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |0|   level     |    k1         |    k2         |     ...
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

/** The level is −dBov: 0 is a square wave of full scale. */
const fullScale = 32_767;
const quietestDb = 127;
/** Coefficients beyond these are not used: they say ever less. */
const mostCoefficients = 12;
/** The byte that stands for a coefficient of 0, and its step. */
const middleByte = 127;
const coefficientStep = 258 / 32_768;
/** Variance of a number that is equally likely anywhere from −1 to 1. */
const uniformVariance = 1 / 3;

/** Makes noise as a payload describes it. */
export class ComfortNoise {
  /** Reflection coefficients, and the state of the lattice filter that they make. */
  readonly #coefficients = new Float64Array(mostCoefficients);
  readonly #lattice = new Float64Array(mostCoefficients + 1);
  #order = 0;
  #amplitude = 0;
  #random = 1;

  /** Takes the payload bytes[start, end). An empty one changes nothing; what is reserved is taken for the nearest value. */
  describe(bytes: Uint8Array, start: number, end: number): void {
    if (end <= start) return;
    const order = Math.min(mostCoefficients, end - start - 1);
    let variance = uniformVariance;
    for (let index = 0; index < order; index++) {
      // Noise that is stronger in the bass has a negative first one, as the encoders of FFmpeg and WebRTC have it.
      const coefficient = (Math.min(254, bytes[start + 1 + index] ?? middleByte) - middleByte) * coefficientStep;
      this.#coefficients[index] = coefficient;
      // What the filter adds to the level of what goes in.
      variance /= 1 - coefficient * coefficient;
    }
    if (order !== this.#order) this.#lattice.fill(0);
    this.#order = order;
    this.#amplitude = (fullScale * 10 ** (-((bytes[start] ?? quietestDb) & 0x7f) / 20)) / Math.sqrt(variance);
  }

  /** Writes the next `samples` samples of the noise that was described last; silence before the first. */
  generate(into: Int16Array, samples: number): void {
    const coefficients = this.#coefficients;
    const lattice = this.#lattice;
    let random = this.#random;
    for (let index = 0; index < samples; index++) {
      // Numbers that only have to sound like noise: a generator of one multiplication (Numerical Recipes), its upper bits as −1 to 1.
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) | 0;
      let value = (random / 2 ** 31) * this.#amplitude;
      for (let stage = this.#order - 1; stage >= 0; stage--) {
        const coefficient = coefficients[stage] ?? 0;
        const back = lattice[stage] ?? 0;
        value -= coefficient * back;
        lattice[stage + 1] = back + coefficient * value;
      }
      lattice[0] = value;
      into[index] = value > 32_767 ? 32_767 : value < -32_768 ? -32_768 : value;
    }
    this.#random = random;
  }
}

/** How fast the level is taken to rise while somebody may be speaking. */
const riseDbPerS = 3;
/** Part of the way down that one frame goes. */
const fall = 0.25;

/** Follows the level of what is behind a voice: it falls soon and rises slowly. */
export class BackgroundLevel {
  readonly #riseDbPerSample: number;
  #db = -1;

  constructor(sampleRateHz: number) {
    this.#riseDbPerSample = riseDbPerS / sampleRateHz;
  }

  /** As a payload counts it: 0 is full scale, 127 the least. 127 before anything was heard. */
  get levelDb(): number {
    return this.#db < 0 ? quietestDb : Math.round(this.#db);
  }

  hear(samples: Int16Array, count: number): void {
    if (count === 0) return;
    let energy = 0;
    for (let index = 0; index < count; index++) energy += (samples[index] ?? 0) ** 2;
    const db = Math.min(quietestDb, -10 * Math.log10(energy / count / fullScale ** 2));
    if (this.#db < 0) this.#db = db;
    else if (db > this.#db) this.#db += (db - this.#db) * fall;
    else this.#db = Math.max(db, this.#db - this.#riseDbPerSample * count);
  }
}

/** Writes a payload of a level alone and returns its length. */
export function writeComfortNoise(levelDb: number, into: Uint8Array, at: number): number {
  into[at] = Math.max(0, Math.min(quietestDb, Math.round(levelDb)));
  return 1;
}
