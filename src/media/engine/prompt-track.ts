import type { PromptPlan } from "../plan.ts";

/** How far a prompt was heard, as the main thread can know it: by the time since its sound was there, without pauses. */
export class PromptTrack {
  readonly promptId: string;
  readonly start: number;
  /** Of the whole prompt, at `#since`; for as long as that is undefined it stands still. */
  #positionMs: number;
  /** Epoch milliseconds. */
  #since: number | undefined;
  #hasSound = false;
  #isPaused: boolean;

  constructor({ promptId, start, offsetMs, isPaused }: PromptPlan) {
    this.promptId = promptId;
    this.start = start;
    this.#positionMs = offsetMs;
    this.#isPaused = isPaused === true;
  }

  /** Its sound is there. Sound in another format later is no new beginning. */
  begin(now: number): void {
    if (this.#hasSound) return;
    this.#hasSound = true;
    if (!this.#isPaused) this.#since = now;
  }

  /** The same prompt, paused or going on. */
  update(prompt: PromptPlan, now: number): void {
    const isPaused = prompt.isPaused === true;
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    this.#positionMs = this.positionMs(now);
    this.#since = isPaused || !this.#hasSound ? undefined : now;
  }

  /** The worker told exactly where it paused. */
  stoodStillAt(playedMs: number): void {
    if (this.#isPaused) this.#positionMs = playedMs;
  }

  positionMs(now: number): number {
    return this.#positionMs + (this.#since === undefined ? 0 : now - this.#since);
  }
}
