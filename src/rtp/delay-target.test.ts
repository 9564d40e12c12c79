import { describe, expect, test } from "vitest";
import { DelayTarget } from "./delay-target.ts";
import { randomFrom } from "./fixture/random.case.ts";

/** Packets of 20 ms for so long, each by `lateMs` later than the fastest; transit times begin at `originMs`. */
function feed(target: DelayTarget, fromMs: number, untilMs: number, lateMs: (atMs: number) => number, originMs = 1000): void {
  for (let atMs = fromMs; atMs < untilMs; atMs += 20) target.receive(originMs + lateMs(atMs), atMs + lateMs(atMs));
}

const steady = () => 0;

test("without jitter nothing has to wait", () => {
  const target = new DelayTarget();
  feed(target, 0, 20_000, steady);
  expect(target.latenessMs).toBe(0);
  expect(target.fastestMs).toBe(1000);
});

describe("jitter", () => {
  test.each([10, 30, 80, 200])("of up to %i ms is the target soon, and no more than that", (jitterMs) => {
    const target = new DelayTarget();
    const random = randomFrom(3);
    feed(target, 0, 1000, () => random() * jitterMs);
    expect(target.latenessMs).toBeGreaterThan(jitterMs * 0.8);
    feed(target, 1000, 60_000, () => random() * jitterMs);
    expect(target.latenessMs).toBeGreaterThan(jitterMs * 0.9);
    expect(target.latenessMs).toBeLessThanOrEqual(jitterMs + 5);
  });

  test("that is over is forgotten within two minutes, not within ten seconds", () => {
    const target = new DelayTarget();
    feed(target, 0, 30_000, (atMs) => (atMs % 100 === 0 ? 100 : 0));
    feed(target, 30_000, 40_000, steady);
    expect(target.latenessMs).toBeGreaterThanOrEqual(100);
    feed(target, 40_000, 150_000, steady);
    expect(target.latenessMs).toBe(0);
  });
});

describe("one late packet", () => {
  test("counts at once, and for a second; among many that are not late no longer", () => {
    const target = new DelayTarget();
    feed(target, 0, 60_000, (atMs) => (atMs === 50_000 ? 150 : 0));
    expect(target.latenessMs).toBe(0);
    feed(target, 60_000, 60_020, () => 150);
    expect(target.latenessMs).toBe(150);
    feed(target, 60_020, 61_600, steady);
    expect(target.latenessMs).toBe(0);
  });

  test("of more than 400 ms is not waited for", () => {
    const target = new DelayTarget();
    feed(target, 0, 1000, steady);
    feed(target, 1000, 1020, () => 450);
    expect(target.latenessMs).toBe(0);
  });
});

test("a way that has become longer or shorter is the measure after some seconds", () => {
  const target = new DelayTarget();
  feed(target, 0, 10_000, steady);
  feed(target, 10_000, 15_000, () => 60);
  expect(target.fastestMs).toBe(1060);
  feed(target, 15_000, 15_040, () => 20);
  expect(target.fastestMs).toBe(1020);
});

test("after a pause the fastest is one of those that come now", () => {
  const target = new DelayTarget();
  feed(target, 0, 1000, steady);
  feed(target, 100_000, 100_020, () => 30);
  expect(target.fastestMs).toBe(1030);
});
