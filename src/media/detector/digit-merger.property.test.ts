import * as fc from "fast-check";
import { expect, test } from "vitest";
import { DigitMerger } from "./digit-merger.ts";

type Press = {
  readonly digit: string;
  readonly downMs: number;
  readonly gapMs: number;
  readonly jitterMs: number;
  readonly isLost: boolean;
};
type Way = "event" | "tone";
type Step = { readonly atMs: number; readonly run: (merger: DigitMerger) => void };

/** The shortest pause that a detector of tones hears (ITU-T Q.24). */
const leastGapMs = 40;
const mostJitterMs = 20;
const press = (leastMs: number) =>
  fc.record({
    digit: fc.constantFrom("1", "2"),
    downMs: fc.integer({ min: 40, max: 300 }),
    gapMs: fc.integer({ min: leastMs, max: leastMs + 300 }),
    jitterMs: fc.integer({ min: 0, max: mostJitterMs }),
    isLost: fc.boolean(),
  });
const pressesOf = (leastMs: number) => fc.array(press(leastMs), { maxLength: 12 });
/** With the jitter, 150. */
const delay = fc.integer({ min: 0, max: 130 });
/** What a detector takes to be sure that a tone has ended; the next one ends it at once. */
const toneEndMs = 50;

/** What one way makes of the presses that `has` it. */
function stepsOf(way: Way, presses: readonly Press[], delayMs: number, has: (index: number) => boolean): Step[] {
  const steps: Step[] = [];
  let pressedAt = 1000;
  let lastMs = 0;
  for (const [index, { digit, downMs, gapMs, jitterMs }] of presses.entries()) {
    const beganMs = Math.max(lastMs, pressedAt + delayMs + jitterMs);
    const endedMs = beganMs + downMs;
    pressedAt += downMs + gapMs;
    if (!has(index)) continue;
    lastMs = endedMs;
    const toldMs = way === "event" ? endedMs : Math.min(endedMs + toneEndMs, pressedAt + delayMs);
    steps.push({
      atMs: beganMs,
      run: (merger) => (way === "event" ? merger.eventBegan(digit, beganMs) : merger.toneBegan(digit, beganMs)),
    });
    steps.push({
      atMs: toldMs,
      run: (merger) => (way === "event" ? merger.eventEnded(digit, downMs, toldMs) : merger.toneEnded(digit, downMs, toldMs)),
    });
  }
  return steps;
}

function heard(...ways: readonly Step[][]): string {
  let digits = "";
  let began = 0;
  const merger = new DigitMerger({ began: () => (began += 1), digit: (digit) => (digits += digit) });
  const steps = ways.flat().toSorted((one, other) => one.atMs - other.atMs);
  let nowMs = 0;
  for (const { atMs, run } of steps) {
    for (; nowMs < atMs; nowMs += 20) merger.expire(nowMs);
    run(merger);
  }
  for (const endMs = nowMs + 1000; nowMs < endMs; nowMs += 20) merger.expire(nowMs);
  expect(began).toBe(digits.length);
  return digits;
}

const pressed = (presses: readonly Press[]) => presses.map(({ digit }) => digit).join("");
const sorted = (digits: string) => Array.from(digits).toSorted().join("");
const all = () => true;

test("by one way or by both, each press is told once and in order", () => {
  fc.assert(
    fc.property(pressesOf(leastGapMs), delay, delay, fc.constantFrom("event", "tone", "both"), (presses, eventMs, toneMs, by) => {
      const events = stepsOf("event", presses, eventMs, () => by !== "tone");
      const tones = stepsOf("tone", presses, toneMs, () => by !== "event");
      // Where an event lags behind its tone by more than a pause, the next tone of its key is taken for the same, and its event comes late.
      const isOrdered = by !== "both" || eventMs - toneMs < leastGapMs - mostJitterMs;
      const order = isOrdered ? (digits: string) => digits : sorted;
      expect(order(heard(events, tones))).toBe(order(pressed(presses)));
    }),
    { numRuns: 2000 },
  );
});

test("tones that were lost take nothing away, also of quick presses", () => {
  fc.assert(
    fc.property(pressesOf(40), delay, delay, (presses, eventMs, toneMs) => {
      const tones = stepsOf("tone", presses, toneMs, (index) => presses[index]?.isLost === false);
      const digits = heard(stepsOf("event", presses, eventMs, all), tones);
      expect(sorted(digits)).toBe(sorted(pressed(presses)));
    }),
    { numRuns: 2000 },
  );
});

test("each press by any way: exact, when they are as far apart as people press", () => {
  fc.assert(
    fc.property(
      pressesOf(320),
      delay,
      delay,
      fc.infiniteStream(fc.constantFrom("event", "tone", "both")),
      (presses, eventMs, toneMs, mixture) => {
        const ways = presses.map(() => mixture.next().value);
        const events = stepsOf("event", presses, eventMs, (index) => ways[index] !== "tone");
        const tones = stepsOf("tone", presses, toneMs, (index) => ways[index] !== "event");
        expect(heard(events, tones)).toBe(pressed(presses));
      },
    ),
    { numRuns: 2000 },
  );
});

test("anything at all: nothing is told that did not begin, and nothing stays", () => {
  const step = fc.record({ what: fc.integer({ min: 0, max: 3 }), digit: fc.constantFrom("1", "2"), ms: fc.integer({ min: 0, max: 300 }) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const told = { began: 0, digits: 0 };
      const merger = new DigitMerger({ began: () => (told.began += 1), digit: () => (told.digits += 1) });
      let nowMs = 0;
      for (const { what, digit, ms } of steps) {
        nowMs += ms;
        if (what === 0) merger.eventBegan(digit, nowMs);
        else if (what === 1) merger.toneBegan(digit, nowMs);
        else if (what === 2) merger.eventEnded(digit, 50, nowMs);
        else merger.toneEnded(digit, 50, nowMs);
        expect(told.digits).toBeLessThanOrEqual(told.began);
      }
      for (const digit of ["1", "2", "1", "2", "1", "2"].flatMap((one) => steps.map(() => one))) {
        merger.eventEnded(digit, 50, nowMs);
        merger.toneEnded(digit, 50, nowMs);
      }
      merger.expire(nowMs + 1000);
      expect(told.digits).toBe(told.began);
    }),
  );
});
