/**
 * A key of the peer may come as an event (RFC 4733), as its tone in the sound, or as both: some gateways leave the tone, or its first 40 ms, in the sound beside
 * the events. The jitter buffer and the detector delay one against the other by up to 150 ms, either way. Each press is told once:
 *
 * | begins | while | is |
 *   event | a tone of its key began at most 200 ms ago, and has no event yet | the same press, told as the event
 *   tone  | an event of its key began at most 200 ms ago, and has no tone yet | the same press
 *   tone  | an event of its key is still going on                            | a piece of a tone that broke
 *   any   | else                                                             | another press
 *
 * Of several the oldest is taken: both ways keep the order of the presses, so two of one key in 80 ms are two. So a tone alone counts, but is told no sooner than
 * 200 ms after it began, when no event has come to it. What is pressed later waits for it.
 *
 * Events are sent many times, so they are taken to come: where all packets of one were lost and its tone was heard, the press counts, unless another of the
 * same key is within 350 ms of it. Where events lag behind tones by more than the pause between two presses of one key, the second is told late.
 */

export type MergedDigitListener = {
  /** A key went down. */
  began(): void;
  /** It came up; once for each press, in the order in which they began. */
  digit(digit: string, durationMs: number, by: "event" | "tone"): void;
};

/** The longest shift, and what the detector and the tick add. */
const windowMs = 200;

type Way = "event" | "tone";
type Press = {
  readonly digit: string;
  readonly beganMs: number;
  /** Of each way that it came by: going on, or how long it was. */
  event: "down" | number | undefined;
  tone: "down" | number | undefined;
  isTold: boolean;
};

/** Of one peer. All times are of one monotonic clock. */
export class DigitMerger {
  readonly #listener: MergedDigitListener;
  /** By begin: those that are not told yet, and those to which the other way may still come. */
  #presses: Press[] = [];

  constructor(listener: MergedDigitListener) {
    this.#listener = listener;
  }

  eventBegan(digit: string, nowMs: number): void {
    this.#began("event", digit, nowMs);
  }

  eventEnded(digit: string, durationMs: number, nowMs: number): void {
    this.#ended("event", digit, durationMs, nowMs);
  }

  toneBegan(digit: string, nowMs: number): void {
    this.#began("tone", digit, nowMs);
  }

  toneEnded(digit: string, durationMs: number, nowMs: number): void {
    this.#ended("tone", digit, durationMs, nowMs);
  }

  /** To be called often: tells tones that no event has come to. */
  expire(nowMs: number): void {
    if (this.#presses.length > 0) this.#tell(nowMs);
  }

  #began(way: Way, digit: string, nowMs: number): void {
    for (const press of this.#presses) {
      if (press.digit !== digit || press[way] !== undefined || nowMs - press.beganMs > windowMs) continue;
      press[way] = "down";
      return;
    }
    if (way === "tone" && this.#presses.some((press) => press.digit === digit && press.event === "down")) return;
    this.#presses.push({ digit, beganMs: nowMs, event: undefined, tone: undefined, isTold: false, [way]: "down" });
    this.#listener.began();
  }

  #ended(way: Way, digit: string, durationMs: number, nowMs: number): void {
    const press = this.#presses.find((known) => known.digit === digit && known[way] === "down");
    if (press === undefined) return;
    press[way] = durationMs;
    this.#tell(nowMs);
  }

  #tell(nowMs: number): void {
    for (const press of this.#presses) {
      if (press.isTold) continue;
      const by = press.event === undefined ? "tone" : "event";
      const durationMs = press[by];
      const isDue = by === "event" || nowMs - press.beganMs > windowMs;
      if (typeof durationMs !== "number" || !isDue) break;
      press.isTold = true;
      this.#listener.digit(press.digit, durationMs, by);
    }
    this.#presses = this.#presses.filter(({ isTold, tone, beganMs }) => !isTold || tone === "down" || nowMs - beganMs <= windowMs);
  }
}
