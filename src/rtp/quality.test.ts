import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { listeningConditions, meanOpinionScore, rating } from "./quality.ts";

const concealed = { equipment: 0, robustness: 25.1 };
const silent = { equipment: 0, robustness: 4.3 };
const atBest = { lossFraction: 0, burstRatio: 1, oneWayDelayMs: 0 };

// G.107 annex B, figure B.2, and the often quoted best of G.711.
test.each([
  [93.2, 4.41],
  [90, 4.34],
  [80, 4.03],
  [70, 3.6],
  [60, 3.1],
  [50, 2.58],
  [100, 4.5],
  [110, 4.5],
  [0, 1],
  [3, 1],
])("R %f is MOS %f", (ratingR, score) => {
  expect(Math.abs(meanOpinionScore(ratingR) - score)).toBeLessThan(0.01);
});

describe("rating", () => {
  // By hand from the formulas; G.113 gives Ie 10 and Bpl 19 for G.729A and 0 and 25.1 for G.711 with concealment.
  test.each([
    ["G.711, nothing wrong", concealed, atBest, 93.2],
    ["150 ms", concealed, { ...atBest, oneWayDelayMs: 150 }, 89.6],
    ["400 ms", concealed, { ...atBest, oneWayDelayMs: 400 }, 59.1],
    ["1 % of loss", concealed, { ...atBest, lossFraction: 0.01 }, 89.56],
    ["5 % of loss", concealed, { ...atBest, lossFraction: 0.05 }, 77.42],
    ["5 % of loss, not concealed", silent, { ...atBest, lossFraction: 0.05 }, 42.13],
    ["5 % of loss in bursts", concealed, { ...atBest, lossFraction: 0.05, burstRatio: 2 }, 75.99],
    ["G.729A", { equipment: 10, robustness: 19 }, atBest, 83.2],
    ["G.729A, 2 % of loss", { equipment: 10, robustness: 19 }, { ...atBest, lossFraction: 0.02 }, 75.1],
    ["all lost for long", silent, { lossFraction: 1, burstRatio: 1, oneWayDelayMs: 1000 }, 0],
  ])("%s", (_name, codec, conditions, expected) => {
    expect(rating(codec, conditions)).toBeCloseTo(expected, 1);
  });

  test("more of anything bad is never better", () => {
    const conditions = fc.record({
      lossFraction: fc.double({ min: 0, max: 1, noNaN: true }),
      burstRatio: fc.double({ min: 1, max: 10, noNaN: true }),
      oneWayDelayMs: fc.double({ min: 0, max: 2000, noNaN: true }),
    });
    fc.assert(
      fc.property(conditions, conditions, (one, other) => {
        const worse = {
          lossFraction: Math.max(one.lossFraction, other.lossFraction),
          burstRatio: Math.max(one.burstRatio, other.burstRatio),
          oneWayDelayMs: Math.max(one.oneWayDelayMs, other.oneWayDelayMs),
        };
        expect(rating(concealed, worse)).toBeLessThanOrEqual(rating(concealed, one) + 1e-9);
        const score = meanOpinionScore(rating(concealed, one));
        expect(score).toBeGreaterThanOrEqual(1);
        expect(score).toBeLessThanOrEqual(4.41);
      }),
    );
  });
});

describe("conditions", () => {
  const figures = { packetsReceived: 950, packetsLost: 50, lossRuns: 50, packetsLate: 10, roundTripMs: 80, bufferDelayMs: 60 };

  test("loss of the network and lateness count alike; half of the round trip and the wait are the delay", () => {
    expect(listeningConditions(figures)).toEqual({ lossFraction: 0.06, burstRatio: 1, oneWayDelayMs: 100 });
  });

  test("runs are compared with those of chance", () => {
    expect(listeningConditions({ ...figures, lossRuns: 10 }).burstRatio).toBeCloseTo(4.75);
  });

  test("nothing received is no loss", () => {
    const nothing = { packetsReceived: 0, packetsLost: 0, lossRuns: 0, packetsLate: 0, roundTripMs: 0, bufferDelayMs: 0 };
    expect(listeningConditions(nothing)).toEqual(atBest);
  });
});
