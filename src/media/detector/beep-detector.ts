/**
 * Hears a steady tone, as answering machines give before they record. A sine of frequency w obeys x[n+1] + x[n−1] = 2·cos(w)·x[n]; the
 * factor that fits a frame best gives the frequency, and what is left over says how much else is in it. Voices leave much, two tones at
 * once (DTMF, ringing) too.
 */
import { frameMs, frameSamples, sampleRateHz } from "../codec/frame.ts";

const lowestHz = 400;
const highestHz = 2000;
const beepMs = 160;
/** Mean square of the quietest beep: about −36 dBFS. */
const leastPower = 500 * 500;
/** Part of the power that a pure tone leaves over after G.711. */
const mostLeftOver = 0.02;
const mostDriftHz = 25;

export class BeepDetector {
  #steadyMs = 0;
  #frequencyHz = 0;
  #isHeard = false;

  /** True from the moment a tone has lasted long enough. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  write(frame: Int16Array): void {
    const frequencyHz = toneOf(frame);
    if (frequencyHz === undefined) this.#steadyMs = 0;
    else {
      const isSame = Math.abs(frequencyHz - this.#frequencyHz) <= mostDriftHz;
      this.#steadyMs = isSame ? this.#steadyMs + frameMs : frameMs;
      this.#frequencyHz = frequencyHz;
    }
    this.#isHeard ||= this.#steadyMs >= beepMs;
  }
}

/** The frequency of the pure tone that a frame is; undefined when it is none. */
function toneOf(frame: Int16Array): number | undefined {
  let power = 0;
  let product = 0;
  let neighbours = 0;
  for (let index = 1; index < frameSamples - 1; index++) {
    const sample = frame[index] ?? 0;
    const around = (frame[index - 1] ?? 0) + (frame[index + 1] ?? 0);
    power += sample * sample;
    product += sample * around;
    neighbours += around * around;
  }
  if (power < leastPower * frameSamples) return undefined;
  const factor = product / power;
  const leftOver = (neighbours - factor * product) / power;
  if (Math.abs(factor) >= 2 || leftOver > mostLeftOver) return undefined;
  const frequencyHz = (Math.acos(factor / 2) * sampleRateHz) / (2 * Math.PI);
  return frequencyHz >= lowestHz && frequencyHz <= highestHz ? frequencyHz : undefined;
}
