/** Taps on the slower side for each phase: about 60 dB of rejection. */
const tapsPerPhase = 24;
/** Part of the lower Nyquist frequency that passes. */
const passband = 0.92;

/** The samples at another rate, by a polyphase windowed-sinc filter. Both rates are whole Hz. */
export function resample(samples: Int16Array, fromHz: number, toHz: number): Int16Array {
  if (fromHz === toHz) return samples;
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const up = toHz / divisor;
  const down = fromHz / divisor;
  const cutoff = Math.min(1, toHz / fromHz) * passband;
  const half = Math.ceil(tapsPerPhase / 2 / cutoff);
  const phases = Array.from({ length: up }, (_, phase) => phaseOf(phase / up, half, cutoff));
  const output = new Int16Array(Math.floor((samples.length * up) / down));
  for (let index = 0; index < output.length; index++) {
    const position = index * down;
    const taps = phases[position % up] ?? new Float32Array();
    const first = Math.floor(position / up) - half + 1;
    let sum = 0;
    for (let tap = 0; tap < taps.length; tap++) sum += (taps[tap] ?? 0) * (samples[first + tap] ?? 0);
    output[index] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  }
  return output;
}

/** The taps that give the value `offset` (0 to 1) after the sample in the middle, for a sum of exactly 1. */
function phaseOf(offset: number, half: number, cutoff: number): Float32Array {
  const taps = Float32Array.from({ length: half * 2 }, (_, tap) => {
    const distance = tap - half + 1 - offset;
    const blackman = 0.42 + 0.5 * Math.cos((Math.PI * distance) / half) + 0.08 * Math.cos((2 * Math.PI * distance) / half);
    return Math.abs(distance) >= half ? 0 : sinc(distance * cutoff) * blackman;
  });
  const total = taps.reduce((sum, tap) => sum + tap, 0);
  return taps.map((tap) => tap / total);
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
