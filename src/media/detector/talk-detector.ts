/**
 * Tells when somebody speaks, by how much louder it is than the quietest of the latest seconds: noise that goes on is the quietest itself, and speech has gaps.
 *
 * | state | frames → | to | told |
 *   silent  | 50 ms of voice on end      | talking | true
 *   talking | 400 ms without             | silent  | false
 */

/** Quieter is never a voice: the mean square of −48 dBov. */
const leastPower = 32_768 ** 2 * 10 ** -4.8;
/** 9 dB over the noise is a voice. */
const overNoise = 8;
/** Noise is looked for in this window and the one before: after a rise, it takes both to be known. */
const windowMs = 1250;
const voiceMsToBegin = 50;
const silentMsToEnd = 400;
/** Of more, one in so many tells as much: 0.15 µs a frame at each rate. */
const samplesPerS = 8000;
const quietestDbov = -127;

/** Of one speaker. */
export class TalkDetector {
  readonly #sampleRateHz: number;
  readonly #stride: number;
  readonly #changed: (isTalking: boolean) => void;
  #isTalking = false;
  /** Mean square of the latest frame. */
  #power = 0;
  /** The least of two frames on end: one alone may be a lost packet. In this window, and in the one before. */
  #least = Number.POSITIVE_INFINITY;
  #earlierLeast = Number.POSITIVE_INFINITY;
  #windowMs = 0;
  #voiceMs = 0;
  #silentMs = 0;

  constructor(sampleRateHz: number, changed: (isTalking: boolean) => void) {
    this.#sampleRateHz = sampleRateHz;
    this.#stride = Math.max(1, Math.floor(sampleRateHz / samplesPerS));
    this.#changed = changed;
  }

  get isTalking(): boolean {
    return this.#isTalking;
  }

  /** Of the latest frame: −3 is the loudest sine, −127 silence (RFC 6464 §3). */
  get levelDbov(): number {
    return Math.max(quietestDbov, 10 * Math.log10(this.#power / 32_768 ** 2));
  }

  /** The next frame, 10 to 60 ms. */
  write(frame: Int16Array): void {
    const frameMs = (frame.length * 1000) / this.#sampleRateHz;
    const power = this.#powerOf(frame);
    this.#least = Math.min(this.#least, Math.max(power, this.#power));
    this.#power = power;
    this.#windowMs += frameMs;
    const noise = Math.min(this.#least, this.#earlierLeast);
    if (this.#windowMs >= windowMs) {
      this.#windowMs = 0;
      this.#earlierLeast = this.#least;
      this.#least = Number.POSITIVE_INFINITY;
    }
    if (power > leastPower && power > overNoise * noise) this.#voice(frameMs);
    else this.#silence(frameMs);
  }

  /** Nobody listens any more: who talked is told to have ended. */
  end(): void {
    if (this.#isTalking) this.#become(false);
  }

  #voice(frameMs: number): void {
    this.#voiceMs += frameMs;
    this.#silentMs = 0;
    if (!this.#isTalking && this.#voiceMs >= voiceMsToBegin) this.#become(true);
  }

  #silence(frameMs: number): void {
    this.#voiceMs = 0;
    this.#silentMs += frameMs;
    if (this.#isTalking && this.#silentMs >= silentMsToEnd) this.#become(false);
  }

  #become(isTalking: boolean): void {
    this.#isTalking = isTalking;
    this.#changed(isTalking);
  }

  #powerOf(frame: Int16Array): number {
    const stride = this.#stride;
    let sum = 0;
    for (let at = 0; at < frame.length; at += stride) {
      const sample = frame[at] ?? 0;
      sum += sample * sample;
    }
    return frame.length === 0 ? 0 : (sum * stride) / frame.length;
  }
}
