/** The only source of time and timers. Everything else takes a `Clock`, so a test can run 32 s of timer B in a millisecond. */
export type Clock = {
  /** Epoch milliseconds. Never steps back: when the wall clock does, this one stands still until it has caught up. */
  now(): number;
  /** Monotonic milliseconds with a fraction; only differences mean something. */
  monotonicMs(): number;
  /** Runs `action` once after `delayMs` (at least 0). The owner of the returned timer cancels it; cancelling twice is harmless. */
  after(delayMs: number, action: () => void): Timer;
};

export type Timer = { cancel(): void };

/** setTimeout takes 32 bits: a longer delay fires at once. We wait in steps instead. */
const longestStepMs = 2 ** 31 - 1;

/** The real clock of this process. Its timers keep the process alive, so owners must cancel them. */
export function systemClock(): Clock {
  let latest = 0;
  return {
    now() {
      latest = Math.max(latest, Date.now());
      return latest;
    },
    monotonicMs: () => performance.now(),
    after(delayMs, action) {
      let remaining = Math.max(0, delayMs);
      let handle: NodeJS.Timeout;
      const step = () => {
        const wait = Math.min(remaining, longestStepMs);
        remaining -= wait;
        handle = setTimeout(remaining > 0 ? step : action, wait);
      };
      step();
      return { cancel: () => clearTimeout(handle) };
    },
  };
}

/** A promise that settles after `delayMs`. For code that has nothing to cancel. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}
