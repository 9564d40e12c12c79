import { expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { AttemptLimit } from "./attempt-limit.ts";

test("counts by key within a window", () => {
  const clock = new VirtualClock();
  const limit = new AttemptLimit(clock, 2, 1_000);
  limit.fail("a");
  clock.advance(400);
  limit.fail("a");
  expect([limit.waitMs("a"), limit.waitMs("b")]).toEqual([600, 0]);
  clock.advance(600);
  expect(limit.waitMs("a")).toBe(0);
});

test("holds a bounded number of keys; the oldest goes", () => {
  const limit = new AttemptLimit(new VirtualClock(), 1, 1_000, 2);
  for (const key of ["a", "b", "c"]) limit.fail(key);
  expect(["a", "b", "c"].map((key) => limit.waitMs(key))).toEqual([0, 1_000, 1_000]);
});
