import { expect, test } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { BatchPace } from "./batch-pace.ts";

function paced() {
  const clock = new VirtualClock();
  const sentAtMs: number[] = [];
  const pace = new BatchPace(clock, () => {
    sentAtMs.push(clock.monotonicMs());
    pace.begun();
  });
  return { clock, pace, sentAtMs };
}

test("after a quiet time a record goes within the turn, and all of that turn go together", async () => {
  const { clock, pace, sentAtMs } = paced();
  pace.want(true);
  pace.want(false);
  pace.want(true);
  await clock.advanceAsync(0);
  expect(sentAtMs).toEqual([0]);
  expect(clock.armed).toBe(0);
});

test("batches begin 4 ms apart", async () => {
  const { clock, pace, sentAtMs } = paced();
  for (let ms = 0; ms < 10; ms++) {
    pace.want(true);
    await clock.advanceAsync(1);
  }
  await clock.advanceAsync(10);
  expect(sentAtMs).toEqual([0, 4, 8, 12]);
});

test("a record that nobody waits for goes with the next one, or after 20 ms", async () => {
  const { clock, pace, sentAtMs } = paced();
  pace.want(false);
  await clock.advanceAsync(10);
  pace.want(true);
  await clock.advanceAsync(100);
  pace.want(false);
  await clock.advanceAsync(100);
  expect(sentAtMs).toEqual([10, 130]);
});

test("a batch that was begun for another reason takes along what waits", async () => {
  const { clock, pace, sentAtMs } = paced();
  pace.want(true);
  pace.begun();
  await clock.advanceAsync(100);
  expect(sentAtMs).toEqual([]);
});

test("what would be too late goes within the turn, however short ago the last batch was, and takes along what waits", async () => {
  const { clock, pace, sentAtMs } = paced();
  pace.want(true);
  await clock.advanceAsync(1);
  pace.want(true);
  pace.hurry();
  pace.hurry();
  await clock.advanceAsync(0);
  expect(sentAtMs).toEqual([0, 1]);
  await clock.advanceAsync(100);
  expect(sentAtMs).toEqual([0, 1]);
  expect(clock.armed).toBe(0);
});
