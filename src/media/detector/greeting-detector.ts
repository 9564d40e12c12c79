/**
 * Tells people from machines by how they greet: a person says a word or two and waits, a machine goes on talking, or beeps.
 *
 *     state      event                                             then
 *     silence    longer than `longestSilenceMs`                    unknown: whoever it is says nothing
 *     silence    voice for `shortestWordMs`                        greeting, its first word
 *     greeting   voice after a gap of `shortestGapMs`              greeting, one word more
 *     greeting   longer than `longestGreetingMs`, or too many words  machine
 *     greeting   silence of `answerPauseMs` after it               human: the turn is ours
 *     any        a steady tone of `beepMs`                         machine
 *     any        `cutOffMs` have passed                            unknown
 */
import { frameMs, frameSamples } from "../codec/frame.ts";
import type { AnsweredBy } from "../plan.ts";
import type { AnswerDetector } from "./answer-detector.ts";
import { BeepDetector } from "./beep-detector.ts";

/** Mean magnitude of a frame from which on somebody speaks: about −42 dBFS, above the noise of a quiet line. */
const voiceLevel = 256;
const longestSilenceMs = 4000;
const shortestWordMs = 80;
const shortestGapMs = 60;
const longestGreetingMs = 1800;
const mostWords = 5;
const answerPauseMs = 700;

export class GreetingDetector implements AnswerDetector {
  readonly #cutOffMs: number;
  readonly #beep = new BeepDetector();
  #result: AnsweredBy | undefined;
  #elapsedMs = 0;
  /** When the greeting began; undefined while only silence and clicks were heard. */
  #begunAtMs: number | undefined;
  /** Of the stretch that is going on. */
  #voiceMs = 0;
  #gapMs = 0;
  #words = 0;

  constructor(cutOffMs: number) {
    this.#cutOffMs = cutOffMs;
  }

  result(): AnsweredBy | undefined {
    return this.#result;
  }

  write(frame: Int16Array): void {
    if (this.#result !== undefined) return;
    this.#elapsedMs += frameMs;
    this.#beep.write(frame);
    if (magnitudeOf(frame) >= voiceLevel) this.#voice();
    else this.#silence();
    this.#result = this.#decision();
  }

  #voice(): void {
    this.#voiceMs += frameMs;
    if (this.#voiceMs < shortestWordMs) return;
    if (this.#voiceMs === shortestWordMs && (this.#words === 0 || this.#gapMs >= shortestGapMs)) this.#words += 1;
    this.#begunAtMs ??= this.#elapsedMs - this.#voiceMs;
    this.#gapMs = 0;
  }

  #silence(): void {
    this.#gapMs += frameMs;
    // A gap shorter than this is inside a word.
    if (this.#gapMs >= shortestGapMs) this.#voiceMs = 0;
  }

  #decision(): AnsweredBy | undefined {
    if (this.#beep.isHeard) return "machine";
    if (this.#begunAtMs !== undefined) {
      const greetingMs = this.#elapsedMs - this.#begunAtMs - this.#gapMs;
      if (greetingMs > longestGreetingMs || this.#words > mostWords) return "machine";
      if (this.#gapMs >= answerPauseMs) return "human";
    } else if (this.#elapsedMs >= longestSilenceMs) return "unknown";
    return this.#elapsedMs >= this.#cutOffMs ? "unknown" : undefined;
  }
}

function magnitudeOf(frame: Int16Array): number {
  let sum = 0;
  for (let index = 0; index < frameSamples; index++) sum += Math.abs(frame[index] ?? 0);
  return sum / frameSamples;
}
