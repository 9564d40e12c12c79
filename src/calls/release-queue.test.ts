import { beforeEach, expect, test } from "vitest";
import { silentLogger } from "../kernel/index.ts";
import type { Journal } from "./journal-port.ts";
import { ReleaseQueue } from "./release-queue.ts";

let durable = 0;
let flush: (position: number) => void = () => undefined;
let queue: ReleaseQueue;
let left: string[] = [];
const leave = (name: string) => () => void left.push(name);

beforeEach(() => {
  durable = 0;
  left = [];
  const journal: Partial<Journal> = {
    onDurable(handler) {
      flush = (position) => {
        durable = position;
        handler(position);
      };
    },
  };
  Object.defineProperty(journal, "durable", { get: () => durable });
  queue = new ReleaseQueue(journal as Journal, silentLogger);
});

test("outputs leave in order when their position is durable, and not before", () => {
  for (const position of [1, 2, 2, 3]) queue.after(position, leave(String(position)));
  flush(0);
  expect(left).toEqual([]);
  flush(2);
  expect(left).toEqual(["1", "2", "2"]);
  expect(queue.length).toBe(1);
  flush(3);
  expect(left).toEqual(["1", "2", "2", "3"]);
});

test("what is durable already leaves at once, but never before what was queued earlier", () => {
  flush(5);
  queue.after(4, leave("4"));
  expect(left).toEqual(["4"]);
  queue.after(6, leave("6"));
  queue.after(5, leave("5"));
  expect(left).toEqual(["4"]);
  flush(6);
  expect(left).toEqual(["4", "6", "5"]);
});

test("an output that queues another keeps the order", () => {
  queue.after(1, () => {
    left.push("first");
    queue.after(1, leave("third"));
  });
  queue.after(1, leave("second"));
  flush(1);
  expect(left).toEqual(["first", "second", "third"]);
});

test("an output that fails holds nobody back", () => {
  queue.after(1, () => {
    throw new Error("a bug");
  });
  queue.after(1, leave("next"));
  flush(1);
  expect(left).toEqual(["next"]);
});

test("thousands pass without being kept, while some still wait", () => {
  for (let position = 1; position <= 5000; position++) {
    queue.after(position, leave(String(position)));
    flush(position - 3);
  }
  expect(queue.length).toBe(3);
  flush(5000);
  expect(left).toEqual(Array.from({ length: 5000 }, (_, index) => String(index + 1)));
});
