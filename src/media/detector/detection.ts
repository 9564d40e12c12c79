import type { AnsweredBy, DetectPlan } from "../plan.ts";
import type { AnswerDetector } from "./answer-detector.ts";
import { GreetingDetector } from "./greeting-detector.ts";

/** The detection that the plan of an endpoint names: it runs once, and one that has ended is not begun again while it is planned. */
export class Detection {
  readonly #ended: (detectId: string, result: AnsweredBy) => void;
  #running: { readonly detectId: string; readonly detector: AnswerDetector } | undefined;
  #latest: string | undefined;

  constructor(ended: (detectId: string, result: AnsweredBy) => void) {
    this.#ended = ended;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  update(plan: DetectPlan | undefined): void {
    if (plan === undefined) this.#running = undefined;
    else if (plan.detectId !== this.#latest) {
      this.#latest = plan.detectId;
      this.#running = { detectId: plan.detectId, detector: new GreetingDetector(plan.cutOffMs) };
    }
  }

  write(frame: Int16Array): void {
    if (this.#running === undefined) return;
    const { detectId, detector } = this.#running;
    detector.write(frame);
    const result = detector.result();
    if (result === undefined) return;
    this.#running = undefined;
    this.#ended(detectId, result);
  }
}
