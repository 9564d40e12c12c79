import { type ReceivedRtpHeader, TelephoneEventReceiver } from "../../rtp/index.ts";
import { DigitMerger } from "../detector/digit-merger.ts";
import { DtmfDetector } from "../detector/dtmf-detector.ts";
import type { EndpointPlan } from "../plan.ts";

export type DigitsListener = {
  /** A key went down. */
  began(): void;
  /** It came up; once for each key, however it came. */
  digit(digit: string, durationMs: number, by?: "event" | "tone"): void;
};

/** The keys that the peer of an endpoint presses: told by events (RFC 4733), or where the plan says so found in the sound too. */
export class DigitsHeard {
  readonly #listener: DigitsListener;
  readonly #events: TelephoneEventReceiver;
  /** Present while tones are listened for. */
  #tones: { readonly detector: DtmfDetector; readonly merger: DigitMerger } | undefined;
  /** The event that began last did so before tones were listened for. */
  #isAlone = false;
  /** Monotonic time of what is being told. */
  #nowMs = 0;

  constructor(listener: DigitsListener) {
    this.#listener = listener;
    this.#events = new TelephoneEventReceiver({
      began: (digit) => {
        this.#isAlone = this.#tones === undefined;
        if (this.#tones === undefined) listener.began();
        else this.#tones.merger.eventBegan(digit, this.#nowMs);
      },
      digit: (digit, durationMs) => {
        if (this.#tones === undefined || this.#isAlone) listener.digit(digit, durationMs);
        else this.#tones.merger.eventEnded(digit, durationMs, this.#nowMs);
      },
    });
  }

  get hearsTones(): boolean {
    return this.#tones !== undefined;
  }

  update({ hearsTones }: EndpointPlan, clockRateHz: number): void {
    this.#events.clockRateHz = clockRateHz;
    if (hearsTones !== true) {
      this.#tones?.merger.expire(Number.POSITIVE_INFINITY);
      this.#tones = undefined;
    } else this.#tones ??= this.#listen();
  }

  receive({ timestamp, payloadStart, payloadEnd }: ReceivedRtpHeader, bytes: Uint8Array, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#events.receive(timestamp, bytes, payloadStart, payloadEnd, nowMs);
  }

  /** 20 ms of the peer at 8 kHz, while `hearsTones`. */
  write(frame: Int16Array, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#tones?.detector.write(frame);
  }

  /** To be called often: ends what will not end by itself. */
  expire(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#events.expire(nowMs);
    this.#tones?.merger.expire(nowMs);
  }

  /** The peer began another stream, or is gone. */
  reset(): void {
    this.#events.reset();
  }

  #listen(): { readonly detector: DtmfDetector; readonly merger: DigitMerger } {
    const merger = new DigitMerger(this.#listener);
    const detector = new DtmfDetector({
      began: (digit) => merger.toneBegan(digit, this.#nowMs),
      ended: (digit, durationMs) => merger.toneEnded(digit, durationMs, this.#nowMs),
    });
    return { detector, merger };
  }
}
