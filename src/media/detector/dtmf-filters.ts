/**
 * What is in 10 ms of sound at the eight frequencies of digits (ITU-T Q.23), by Goertzel's filters.
 *
 * A filter so short is 100 Hz wide, and the nearest tone of the other group, 268 Hz away, still sounds in it 18 dB below. So the two strongest filters
 * are taken for the two tones of a key, and what each hears of the other's tone is taken out.
 */
import { sampleRateHz } from "../codec/frame.ts";

export const blockSamples = 80;
export const blockMs = 10;
/** Rows, then columns. */
export const filtersHz: readonly number[] = [697, 770, 852, 941, 1209, 1336, 1477, 1633];
export const digitNames = "123A456B789C*0#D";

/** A row by itself, of a digit that is just allowed; and both tones, the frequencies just allowed. Most speech has less, and costs no more. */
const leastRowShare = 0.15;
const leastShare = 0.6;

const radians = (frequencyHz: number) => (2 * Math.PI * frequencyHz) / sampleRateHz;
const cosines = Float64Array.from(filtersHz, (frequencyHz) => Math.cos(radians(frequencyHz)));
const sines = Float64Array.from(filtersHz, (frequencyHz) => Math.sin(radians(frequencyHz)));
/** What the filter of a row hears of a tone of 1 in a column: real and imaginary part for each digit. */
const leaks = Float64Array.from({ length: 2 * digitNames.length }, (_, index) => {
  const digit = index >> 1;
  const step = radians((filtersHz[digit >> 2] ?? 0) - (filtersHz[4 + (digit & 3)] ?? 0));
  let sum = 0;
  for (let age = 0; age < blockSamples; age++) sum += (index & 1) === 0 ? Math.cos(step * age) : Math.sin(step * age);
  return sum / blockSamples;
});

// Of the block in hand: each filter's last value and the one before.
const last = new Float64Array(filtersHz.length);
const before = new Float64Array(filtersHz.length);

/**
 * Index in `digitNames` of the key whose tones are in the block that begins at `start`, −1 for none. `power` is the block's mean square. Writes the tones into
 * `tones` as complex amplitudes at the end of the block: row real, row imaginary, column real, column imaginary.
 */
export function keyOf(frame: Int16Array, start: number, power: number, tones: Float64Array): number {
  filterFour(frame, start, 0);
  const row = strongestOf(0);
  const rowPower = powerOf(row);
  if (rowPower < leastRowShare * power) return -1;
  filterFour(frame, start, 4);
  const column = strongestOf(4);
  if (rowPower + powerOf(column) < leastShare * power) return -1;
  const digit = row * 4 + column - 4;
  separate(row, column, digit, tones);
  return digit;
}

/** Four at a time: their eight values and four factors are as much as the processor's registers hold. */
function filterFour(frame: Int16Array, start: number, first: number): void {
  const factorA = 2 * (cosines[first] ?? 0);
  const factorB = 2 * (cosines[first + 1] ?? 0);
  const factorC = 2 * (cosines[first + 2] ?? 0);
  const factorD = 2 * (cosines[first + 3] ?? 0);
  let [a, b, c, d] = [0, 0, 0, 0];
  let [olderA, olderB, olderC, olderD] = [0, 0, 0, 0];
  for (let at = start; at < start + blockSamples; at++) {
    const sample = frame[at] ?? 0;
    const newA = sample - olderA + factorA * a;
    const newB = sample - olderB + factorB * b;
    const newC = sample - olderC + factorC * c;
    const newD = sample - olderD + factorD * d;
    olderA = a;
    olderB = b;
    olderC = c;
    olderD = d;
    a = newA;
    b = newB;
    c = newC;
    d = newD;
  }
  last[first] = a;
  last[first + 1] = b;
  last[first + 2] = c;
  last[first + 3] = d;
  before[first] = olderA;
  before[first + 1] = olderB;
  before[first + 2] = olderC;
  before[first + 3] = olderD;
}

function strongestOf(first: number): number {
  let strongest = first;
  for (let filter = first + 1; filter < first + 4; filter++) if (powerOf(filter) > powerOf(strongest)) strongest = filter;
  return strongest;
}

/** Mean square of the tone that a filter hears. */
function powerOf(filter: number): number {
  const newest = last[filter] ?? 0;
  const older = before[filter] ?? 0;
  return (newest * newest + older * older - 2 * (cosines[filter] ?? 0) * newest * older) * (2 / (blockSamples * blockSamples));
}

/** With r and c what the filters heard, and l the leak: row = (r − l·c) / (1 − |l|²), column = (c − l*·r) / (1 − |l|²). */
function separate(row: number, column: number, digit: number, tones: Float64Array): void {
  const scale = 1 / blockSamples;
  const rowReal = ((last[row] ?? 0) - (cosines[row] ?? 0) * (before[row] ?? 0)) * scale;
  const rowImaginary = (sines[row] ?? 0) * (before[row] ?? 0) * scale;
  const columnReal = ((last[column] ?? 0) - (cosines[column] ?? 0) * (before[column] ?? 0)) * scale;
  const columnImaginary = (sines[column] ?? 0) * (before[column] ?? 0) * scale;
  const real = leaks[2 * digit] ?? 0;
  const imaginary = leaks[2 * digit + 1] ?? 0;
  const rest = 1 - real * real - imaginary * imaginary;
  tones[0] = (rowReal - real * columnReal + imaginary * columnImaginary) / rest;
  tones[1] = (rowImaginary - real * columnImaginary - imaginary * columnReal) / rest;
  tones[2] = (columnReal - real * rowReal - imaginary * rowImaginary) / rest;
  tones[3] = (columnImaginary - real * rowImaginary + imaginary * rowReal) / rest;
}
