import { expect, test } from "vitest";
import { Lane } from "./lane.ts";

function pass(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("so many run at once, the others in their turn, also after one that failed", async () => {
  const lane = new Lane(2);
  const begun: number[] = [];
  const ends: ((isWell: boolean) => void)[] = [];
  const job = (index: number) => () =>
    new Promise<number>((resolve, reject) => {
      begun.push(index);
      ends[index] = (isWell) => (isWell ? resolve(index) : reject(new Error(`${index}`)));
    });
  const jobs = [0, 1, 2, 3].map((index) => lane.run(job(index)));
  const settled = Promise.allSettled(jobs);
  expect(begun).toEqual([0, 1]);
  ends[1]?.(false);
  await pass();
  expect(begun).toEqual([0, 1, 2]);
  ends[0]?.(true);
  ends[2]?.(true);
  await pass();
  expect(begun).toEqual([0, 1, 2, 3]);
  ends[3]?.(true);
  expect((await settled).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  const last = lane.run(job(4));
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  ends[4]?.(true);
  expect(await last).toBe(4);
});
