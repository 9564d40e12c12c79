import { polyphase } from "./polyphase.ts";
import { StreamResampler } from "./stream-resampler.ts";

const none = new Int16Array();

/** The samples of a whole sound at another rate, a stretch at a time and without the delay that a live one has. */
export class SoundResampler {
  readonly #resampler: StreamResampler | undefined;
  readonly #up: number;
  readonly #down: number;
  readonly #half: number;
  /** Output that is still to be left out: it lies before the begin. */
  #delay: number;
  #taken = 0;
  #given = 0;
  #output = none;

  /** Both rates are whole Hz. */
  constructor(fromHz: number, toHz: number) {
    const { up, down, half } = polyphase(fromHz, toHz);
    this.#up = up;
    this.#down = down;
    this.#half = half;
    this.#delay = Math.floor((half * up) / down);
    this.#resampler = fromHz === toHz ? undefined : new StreamResampler(fromHz, toHz);
  }

  /** What it gave before is overwritten. */
  process(samples: Int16Array): Int16Array {
    this.#taken += samples.length;
    if (this.#resampler === undefined) return samples;
    const most = Math.ceil((samples.length * this.#up) / this.#down) + 1;
    if (this.#output.length < most) this.#output = new Int16Array(most);
    const count = this.#resampler.process(samples, this.#output);
    const left = Math.min(this.#delay, count);
    this.#delay -= left;
    this.#given += count - left;
    return this.#output.subarray(left, count);
  }

  /** The rest, so that the whole is as long as it was. */
  end(): Int16Array {
    if (this.#resampler === undefined) return none;
    const missing = Math.floor((this.#taken * this.#up) / this.#down) - this.#given;
    return this.process(new Int16Array(this.#half + this.#down)).subarray(0, missing);
  }
}
