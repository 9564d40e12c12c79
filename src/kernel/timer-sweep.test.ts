import * as fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { sweepTimers } from "./timer-sweep.ts";

test("timers fire at most a slot late, never early, and one timer of the clock serves them all", () => {
  const clock = new VirtualClock();
  const swept = sweepTimers(clock, 10);
  const fired: string[] = [];
  const startMs = clock.now();
  for (const delayMs of [0, 1, 500, 505, 32_000]) swept.after(delayMs, () => fired.push(`${delayMs}@${clock.now() - startMs}`));
  expect(clock.armed).toBe(1);
  clock.advance(40_000);
  expect(fired).toEqual(["0@0", "1@10", "500@500", "505@510", "32000@32000"]);
  expect([swept.waiting, clock.armed]).toEqual([0, 0]);
});

test("a cancelled timer is gone at once, also from within its own slot, and its slot wakes nobody for ever", () => {
  const clock = new VirtualClock();
  const swept = sweepTimers(clock, 10);
  const fired: string[] = [];
  swept.after(20, () => {
    fired.push("first");
    second.cancel();
  });
  const second = swept.after(20, () => fired.push("second"));
  swept.after(30, () => fired.push("never")).cancel();
  clock.advance(25);
  expect(fired).toEqual(["first"]);
  expect([swept.waiting, clock.armed]).toEqual([0, 0]);
});

test("an action that throws stops no other", async () => {
  const clock = new VirtualClock();
  const swept = sweepTimers(clock, 10);
  const seen = Promise.withResolvers<unknown>();
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.once("uncaughtException", seen.resolve);
  let fired = 0;
  swept.after(10, () => {
    throw new Error("a bug");
  });
  swept.after(10, () => void fired++);
  clock.advance(10);
  expect(await seen.promise).toEqual(new Error("a bug"));
  for (const listener of listeners) process.on("uncaughtException", listener);
  expect(fired).toBe(1);
});

test("after close nothing fires", () => {
  const clock = new VirtualClock();
  const swept = sweepTimers(clock, 10);
  let fired = 0;
  swept.after(5, () => void fired++);
  swept.close();
  swept.after(5, () => void fired++).cancel();
  swept.after(5, () => void fired++);
  clock.advance(100);
  expect([fired, swept.waiting, clock.armed]).toEqual([0, 0, 0]);
});

test("property: the same timers fire as with timers of their own, in order of their slots", () => {
  const order = fc.record({ atMs: fc.nat(200), delayMs: fc.nat(300), cancelAfterMs: fc.option(fc.nat(400)) });
  fc.assert(
    fc.property(fc.array(order, { maxLength: 40 }), (orders) => {
      const clock = new VirtualClock();
      const swept = sweepTimers(clock, 10);
      const fired: number[] = [];
      const expected: number[] = [];
      orders.forEach(({ atMs, delayMs, cancelAfterMs }, index) => {
        const dueMs = Math.ceil((atMs + delayMs) / 10) * 10;
        if (cancelAfterMs === null || atMs + cancelAfterMs > dueMs) expected.push(index);
        clock.after(atMs, () => {
          const timer = swept.after(delayMs, () => {
            expect(clock.now() - 1_000_000).toBe(dueMs);
            fired.push(index);
          });
          // A cancel in the very moment may come before or after.
          if (cancelAfterMs !== null && atMs + cancelAfterMs !== dueMs) clock.after(cancelAfterMs, () => timer.cancel());
          else if (cancelAfterMs !== null) expected.push(index);
        });
      });
      clock.advance(1_000);
      expect(new Set(fired)).toEqual(new Set(expected));
      expect([fired.length, swept.waiting, clock.armed]).toEqual([new Set(expected).size, 0, 0]);
    }),
  );
});
