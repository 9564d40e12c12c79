/**
 * The proof that a sentence was heard: the energy of speech over time is its fingerprint, and it survives G.711, resampling, a shift and
 * some loss, while another sentence has another rhythm. Both sides are 8 kHz. Speech counts as heard from `heardFrom` on.
 */
export const heardFrom = 0.9;

const frameSamples = 160;
const stepSamples = 40;

/**
 * The best normalised correlation (Pearson, −1 to 1) of the 20 ms energy envelope of `expected` with that of any stretch of `heard` as long as it. The shift is
 * tried in steps of 5 ms; what lies before and after `heard` counts as silence, so half a sentence is not a whole one.
 */
export function envelopeCorrelation(heard: Int16Array, expected: Int16Array): number {
  const wanted = envelope(trimSilence(expected), frameSamples);
  const offered = envelope(heard, stepSamples);
  const stride = frameSamples / stepSamples;
  const span = wanted.length * stride;
  let best = -1;
  for (let shift = -span; shift < offered.length; shift++) {
    best = Math.max(
      best,
      pearson(wanted, (index) => offered[shift + index * stride] ?? 0),
    );
  }
  return best;
}

/** Root mean square of 20 ms windows, one every `hop` samples. */
function envelope(samples: Int16Array, hop: number): Float64Array {
  const frames = Math.max(0, Math.floor((samples.length - frameSamples) / hop) + 1);
  return Float64Array.from({ length: frames }, (_, frame) => {
    let sum = 0;
    for (let index = 0; index < frameSamples; index++) sum += (samples[frame * hop + index] ?? 0) ** 2;
    return Math.sqrt(sum / frameSamples);
  });
}

/** Silence at either end would correlate with any silence. */
function trimSilence(samples: Int16Array): Int16Array {
  const audible = 200;
  const first = samples.findIndex((sample) => Math.abs(sample) > audible);
  const last = samples.findLastIndex((sample) => Math.abs(sample) > audible);
  if (last - first < frameSamples * 10) throw new Error("under 200 ms of sound to compare with");
  return samples.subarray(first, last + 1);
}

function pearson(wanted: Float64Array, offered: (index: number) => number): number {
  let sumX = 0;
  let sumY = 0;
  let sumXX = 0;
  let sumYY = 0;
  let sumXY = 0;
  wanted.forEach((x, index) => {
    const y = offered(index);
    sumX += x;
    sumY += y;
    sumXX += x * x;
    sumYY += y * y;
    sumXY += x * y;
  });
  const n = wanted.length;
  const spread = Math.sqrt((n * sumXX - sumX ** 2) * (n * sumYY - sumY ** 2));
  return spread > 0 ? (n * sumXY - sumX * sumY) / spread : 0;
}
