import type { AnsweredBy } from "../plan.ts";

/** Tells from the peer's first sound after the answer who answered. A better one takes the place of `GreetingDetector` by being this. */
export type AnswerDetector = {
  /** The next 20 ms: 160 samples at 8 kHz, silence where nothing came. Its time begins with the first. */
  write(frame: Int16Array): void;
  /** undefined until it is decided; then it stays. */
  result(): AnsweredBy | undefined;
};
