import { polyphase } from "./polyphase.ts";

/** The samples of a whole sound at another rate, without delay. Both rates are whole Hz; for a live one, StreamResampler. */
export function resample(samples: Int16Array, fromHz: number, toHz: number): Int16Array {
  if (fromHz === toHz) return samples;
  const { up, down, half, taps } = polyphase(fromHz, toHz);
  const output = new Int16Array(Math.floor((samples.length * up) / down));
  for (let index = 0; index < output.length; index++) {
    const position = index * down;
    const start = (position % up) * 2 * half;
    const first = Math.floor(position / up) - half + 1;
    let sum = 0;
    for (let tap = 0; tap < 2 * half; tap++) sum += (taps[start + tap] ?? 0) * (samples[first + tap] ?? 0);
    output[index] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  }
  return output;
}
