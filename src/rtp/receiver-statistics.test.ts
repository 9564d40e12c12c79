import { expect, test } from "vitest";
import { ReceiverStatistics } from "./receiver-statistics.ts";
import { sequenceDistance } from "./sequence.ts";

function received(numbers: readonly number[]): ReceiverStatistics {
  const statistics = new ReceiverStatistics();
  for (const [index, number] of numbers.entries()) statistics.receive(number, index * 160, index * 160);
  return statistics;
}

test("loss is counted over the wrap of the sequence number", () => {
  const statistics = received([65_533, 65_534, 65_535, 1, 2]);
  expect(statistics.packetsReceived).toBe(5);
  expect(statistics.packetsLost).toBe(1);
  expect(statistics.report()).toMatchObject({ extendedHighest: 65_536 + 2, packetsLost: 1, fractionLost: Math.floor(256 / 6) });
});

test("the fraction is of the time since the last report", () => {
  const statistics = received([1, 2, 4]);
  statistics.report();
  statistics.receive(5, 0, 0);
  expect(statistics.report()).toMatchObject({ fractionLost: 0, packetsLost: 1 });
  for (const number of [6, 8, 9]) statistics.receive(number, 0, 0);
  expect(statistics.report()).toMatchObject({ fractionLost: 64, packetsLost: 2 });
});

test("runs of loss are counted, over a new source too", () => {
  const statistics = received([65_530, 65_531, 65_535, 0, 4, 6]);
  expect(statistics.lossRuns).toBe(3);
  statistics.restart();
  for (const number of [9, 20]) statistics.receive(number, 0, 0);
  expect(statistics.lossRuns).toBe(4);
});

test("disorder is no loss", () => {
  expect(received([10, 12, 11, 13]).packetsLost).toBe(0);
});

test("one packet far off is not believed, two in a row are a new begin", () => {
  const statistics = received([10, 11]);
  expect(statistics.receive(30_000, 0, 0)).toBe(false);
  expect(statistics.receive(12, 0, 0)).toBe(true);
  expect(statistics.receive(30_000, 0, 0)).toBe(false);
  expect(statistics.receive(30_001, 0, 0)).toBe(true);
  expect(statistics.report()).toMatchObject({ extendedHighest: 30_001 });
});

test("a new source goes on with the totals", () => {
  const statistics = received([1, 3]);
  statistics.restart();
  statistics.receive(500, 0, 0);
  expect(statistics.packetsReceived).toBe(3);
  expect(statistics.packetsLost).toBe(1);
});

test("jitter nears the mean deviation of the transit time", () => {
  const steady = new ReceiverStatistics();
  const uneven = new ReceiverStatistics();
  for (let index = 0; index < 500; index++) {
    steady.receive(index, index * 160, index * 160 + 7);
    uneven.receive(index, index * 160, index * 160 + (index % 2) * 80);
  }
  expect(steady.jitter).toBe(0);
  expect(uneven.jitter).toBeGreaterThan(75);
  expect(uneven.jitter).toBeLessThanOrEqual(80);
});

test.each([
  [1, 2, 1],
  [65_535, 0, 1],
  [0, 65_535, -1],
  [100, 60, -40],
])("from %i to %i are %i", (previous, next, distance) => {
  expect(sequenceDistance(previous, next)).toBe(distance);
});
