import { describe, expect, test } from "vitest";
import { DigitMerger } from "./digit-merger.ts";

/** [when, what, digit, how long] */
type Step = readonly [atMs: number, what: "eventBegan" | "toneBegan" | "eventEnded" | "toneEnded", digit: string, durationMs?: number];

/** [when, digit, how long, by what] of each press; `expire` comes every 20 ms. */
function told(...steps: readonly Step[]) {
  const digits: unknown[] = [];
  let began = 0;
  let nowMs = 0;
  const merger = new DigitMerger({ began: () => (began += 1), digit: (...of) => digits.push([nowMs, ...of]) });
  const waiting = [...steps];
  for (; nowMs <= 3000; nowMs += 10) {
    while ((waiting[0]?.[0] ?? Number.POSITIVE_INFINITY) <= nowMs) {
      const [, what, digit, durationMs = 0] = waiting.shift() ?? [0, "eventBegan", ""];
      if (what === "eventBegan" || what === "toneBegan") merger[what](digit, nowMs);
      else merger[what](digit, durationMs, nowMs);
    }
    if (nowMs % 20 === 0) merger.expire(nowMs);
  }
  expect(began).toBe(digits.length);
  return digits;
}

test("events alone are told at their end", () => {
  expect(told([0, "eventBegan", "1"], [100, "eventEnded", "1", 100], [140, "eventBegan", "1"], [240, "eventEnded", "1", 80])).toEqual([
    [100, "1", 100, "event"],
    [240, "1", 80, "event"],
  ]);
});

describe("tones alone", () => {
  test("are told at their end, 200 ms after their begin at the soonest", () => {
    expect(told([0, "toneBegan", "1"], [100, "toneEnded", "1", 60], [1000, "toneBegan", "1"], [1500, "toneEnded", "1", 460])).toEqual([
      [220, "1", 60, "tone"],
      [1500, "1", 460, "tone"],
    ]);
  });

  test("quick ones are each told, in order", () => {
    const steps = ["1", "1", "2", "1"].flatMap((digit, index): Step[] => [
      [index * 80, "toneBegan", digit],
      [index * 80 + 70, "toneEnded", digit, 40],
    ]);
    expect(told(...steps)).toEqual([
      [220, "1", 40, "tone"],
      [300, "1", 40, "tone"],
      [380, "2", 40, "tone"],
      [460, "1", 40, "tone"],
    ]);
  });
});

describe("both are told once, as the event", () => {
  test.each<[string, readonly Step[]]>([
    [
      "the event first",
      [
        [0, "eventBegan", "5"],
        [120, "toneBegan", "5"],
        [200, "eventEnded", "5", 100],
        [240, "toneEnded", "5", 90],
      ],
    ],
    [
      "the tone comes when the event has been told",
      [
        [100, "eventBegan", "5"],
        [200, "eventEnded", "5", 100],
        [250, "toneBegan", "5"],
        [400, "toneEnded", "5", 100],
      ],
    ],
    [
      "the tone first",
      [
        [0, "toneBegan", "5"],
        [150, "eventBegan", "5"],
        [160, "toneEnded", "5", 90],
        [200, "eventEnded", "5", 100],
      ],
    ],
    [
      "40 ms of tone before the events",
      [
        [40, "toneBegan", "5"],
        [60, "eventBegan", "5"],
        [90, "toneEnded", "5", 40],
        [200, "eventEnded", "5", 100],
      ],
    ],
    [
      "a tone that ended before the event came",
      [
        [0, "toneBegan", "5"],
        [90, "toneEnded", "5", 40],
        [140, "eventBegan", "5"],
        [200, "eventEnded", "5", 100],
      ],
    ],
    [
      "a tone in pieces",
      [
        [0, "eventBegan", "5"],
        [40, "toneBegan", "5"],
        [90, "toneEnded", "5", 40],
        [120, "toneBegan", "5"],
        [200, "eventEnded", "5", 100],
        [210, "toneEnded", "5", 40],
      ],
    ],
    [
      "a tone that outlasts it",
      [
        [0, "eventBegan", "5"],
        [40, "toneBegan", "5"],
        [200, "eventEnded", "5", 100],
        [900, "toneEnded", "5", 800],
      ],
    ],
  ])("%s", (_name, steps) => {
    expect(told(...steps)).toEqual([[200, "5", 100, "event"]]);
  });
});

test("a tone whose events were lost is told, and what comes after it waits", () => {
  expect(
    told(
      [0, "toneBegan", "1"],
      [80, "eventBegan", "2"],
      [100, "toneEnded", "1", 40],
      [120, "eventEnded", "2", 40],
      [160, "toneBegan", "2"],
      [230, "toneEnded", "2", 40],
    ),
  ).toEqual([
    [220, "1", 40, "tone"],
    [220, "2", 40, "event"],
  ]);
});

test("a key held down for long is one", () => {
  expect(told([0, "eventBegan", "0"], [150, "toneBegan", "0"], [2000, "eventEnded", "0", 2000], [2150, "toneEnded", "0", 2000])).toEqual([
    [2000, "0", 2000, "event"],
  ]);
});
