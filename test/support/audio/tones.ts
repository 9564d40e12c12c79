import type { Wav } from "./wav.ts";

/** Peak of the tones of a test, −12 dBFS. */
export const toneAmplitude = 8_192;
/** Frequencies that are multiples of 25 Hz fit into it in whole turns, so the filter below sees nothing of its neighbours. */
const frameMs = 40;
/** What a codec, a resampler and a packet mended here and there leave of a pure tone. */
const purity = 0.9;

/** A sine of this frequency. */
export function tone(frequencyHz: number, seconds: number, sampleRateHz = 8_000): Int16Array {
  return sines([frequencyHz], seconds, sampleRateHz);
}

const rowsHz = [697, 770, 852, 941];
const columnsHz = [1_209, 1_336, 1_477, 1_633];
const keys = ["123A", "456B", "789C", "*0#D"];

/** Keys as sound (ITU-T Q.23), each 100 ms long and 100 ms apart, after `leadMs` of silence. */
export function keyTones(digits: string, leadMs: number, sampleRateHz = 8_000): Int16Array {
  const gap = new Int16Array(sampleRateHz / 10);
  const parts: Int16Array[] = [new Int16Array((sampleRateHz * leadMs) / 1_000)];
  for (const digit of digits) {
    const row = keys.findIndex((line) => line.includes(digit));
    const frequencies = [rowsHz[row] ?? 0, columnsHz[keys[row]?.indexOf(digit) ?? -1] ?? 0];
    if (frequencies.includes(0)) throw new Error(`no such key: ${digit}`);
    parts.push(sines(frequencies, 0.1, sampleRateHz), gap);
  }
  return Int16Array.from(parts.flatMap((part) => [...part]));
}

function sines(frequenciesHz: readonly number[], seconds: number, sampleRateHz: number): Int16Array {
  const amplitude = toneAmplitude / frequenciesHz.length;
  const at = (index: number) => (frequencyHz: number) => amplitude * Math.sin((2 * Math.PI * frequencyHz * index) / sampleRateHz);
  return Int16Array.from({ length: Math.round(seconds * sampleRateHz) }, (_, index) =>
    Math.round(frequenciesHz.map(at(index)).reduce((sum, value) => sum + value, 0)),
  );
}

export type HeardTones = {
  /** How long these tones were heard together, and nothing else beside them. */
  readonly seconds: number;
  /** Of the weakest, against `toneAmplitude`, the median of that time; minus infinity when they were not heard at all. */
  readonly levelDb: number;
};

/** How much of a tone, or of several at once, is in what was heard. Frequencies are multiples of 25 Hz. */
export function heardTones({ samples, sampleRateHz }: Wav, ...frequenciesHz: readonly number[]): HeardTones {
  const frameSamples = (sampleRateHz * frameMs) / 1_000;
  const weakest: number[] = [];
  for (let start = 0; start + frameSamples <= samples.length; start += frameSamples) {
    const frame = samples.subarray(start, start + frameSamples);
    const amplitudes = frequenciesHz.map((frequencyHz) => amplitudeIn(frame, frequencyHz / sampleRateHz));
    const least = Math.min(...amplitudes);
    const power = frame.reduce((sum, sample) => sum + sample ** 2, 0) / frameSamples;
    const explained = amplitudes.reduce((sum, amplitude) => sum + amplitude ** 2 / 2, 0);
    if (least > toneAmplitude / 100 && explained >= purity * power) weakest.push(least);
  }
  const median = weakest.toSorted((a, b) => a - b)[weakest.length >> 1] ?? 0;
  return { seconds: (weakest.length * frameMs) / 1_000, levelDb: 20 * Math.log10(median / toneAmplitude) };
}

/** Of the sine of so many turns a sample: one line of a discrete Fourier transform. */
function amplitudeIn(frame: Int16Array, turns: number): number {
  let [real, imaginary] = [0, 0];
  frame.forEach((sample, index) => {
    real += sample * Math.cos(2 * Math.PI * turns * index);
    imaginary += sample * Math.sin(2 * Math.PI * turns * index);
  });
  return (2 * Math.hypot(real, imaginary)) / frame.length;
}
