import { type Codec, sampleRateHz } from "../codec/codec.ts";

/** −12 dBFS for all frequencies together. */
const amplitude = 8192;

/** ITU-T Q.23: the two frequencies of each key. */
const keypadRowsHz = [697, 770, 852, 941];
const keypadColumnsHz = [1209, 1336, 1477, 1633];
const keypad = "123A456B789C*0#D";

export function keyFrequenciesHz(digit: string): readonly number[] {
  const index = keypad.indexOf(digit);
  return index < 0 ? [] : [keypadRowsHz[index >> 2] ?? 0, keypadColumnsHz[index & 3] ?? 0];
}

/** Writes a tone into [start, end) of `into`; `sample` is how many samples of it went before. */
export function writeTone(
  codec: Codec,
  frequenciesHz: readonly number[],
  sample: number,
  into: Uint8Array,
  start: number,
  end: number,
): void {
  for (let index = start; index < end; index++) {
    const turns = (sample + index - start) / sampleRateHz;
    let sum = 0;
    for (const frequencyHz of frequenciesHz) sum += Math.sin(2 * Math.PI * frequencyHz * turns);
    into[index] = codec.fromLinear[Math.round((sum * amplitude) / frequenciesHz.length) & 0xffff] ?? codec.silence;
  }
}
