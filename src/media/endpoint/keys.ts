import { type DigitFrame, TelephoneEventSender } from "../../rtp/index.ts";
import { keyPartials, ToneGenerator } from "../sound/tone-generator.ts";
import type { DigitsPlan, MediaEvent } from "../plan.ts";

/** The digits that an endpoint is to send, each order once, frame by frame. */
export class Keys {
  readonly #emit: (event: MediaEvent) => void;
  readonly #waiting: DigitsPlan[] = [];
  readonly #seen = new Set<string>();
  #tone: { readonly digit: string; readonly generator: ToneGenerator } | undefined;
  #current: { readonly digitsId: string; readonly sender: TelephoneEventSender } | undefined;

  constructor(emit: (event: MediaEvent) => void) {
    this.#emit = emit;
  }

  update(plans: readonly DigitsPlan[]): void {
    for (const digits of plans) {
      if (this.#seen.has(digits.digitsId)) continue;
      this.#seen.add(digits.digitsId);
      this.#waiting.push(digits);
    }
  }

  get arePressed(): boolean {
    return this.#current !== undefined || this.#waiting.length > 0;
  }

  /** The next frame, its event written into `payload`; undefined when all are sent, and the voice has the line. */
  next(payload: Uint8Array, clockRateHz: number): Exclude<DigitFrame, "done"> | undefined {
    for (;;) {
      if (this.#current === undefined) {
        const next = this.#waiting.shift();
        if (next === undefined) return undefined;
        this.#current = { digitsId: next.digitsId, sender: new TelephoneEventSender(next.digits, next.toneMs, next.gapMs, clockRateHz) };
      }
      const frame = this.#current.sender.next(payload);
      if (frame !== "done") return frame;
      this.#emit({ kind: "digits-sent", digitsId: this.#current.digitsId });
      this.#current = undefined;
    }
  }

  /** The frame of the last `next` as sound, for a peer without events. The pauses between digits are silence. */
  readTone(into: Int16Array, rateHz: number): void {
    const { toneDigit: digit, toneMs = 0 } = this.#current?.sender ?? {};
    if (digit === undefined) {
      this.#tone = undefined;
      into.fill(0);
      return;
    }
    if (this.#tone?.digit !== digit)
      this.#tone = { digit, generator: new ToneGenerator(keyPartials(digit), rateHz, (toneMs * rateHz) / 1000) };
    this.#tone.generator.read(into, 0, into.length);
  }
}
