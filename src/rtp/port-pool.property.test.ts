import * as fc from "fast-check";
import { expect, test } from "vitest";
import { PortPool } from "./port-pool.ts";

test("hands out even ports whose RTCP port is in the range too", () => {
  const pool = new PortPool(1001, 1006);
  expect([pool.acquire(), pool.acquire(), pool.acquire()]).toEqual([1002, 1004, undefined]);
});

test("the port that has rested longest comes first", () => {
  const pool = new PortPool(1000, 1005);
  pool.acquire();
  pool.acquire();
  pool.release(1002);
  pool.release(1000);
  expect([pool.acquire(), pool.acquire(), pool.acquire()]).toEqual([1004, 1002, 1000]);
});

test("a call of before a restart takes its own port back, once", () => {
  const pool = new PortPool(1000, 1005);
  expect(pool.acquireExact(1002)).toBe(true);
  expect(pool.acquireExact(1002)).toBe(false);
  expect(pool.acquireExact(1003)).toBe(false);
  expect(pool.acquireExact(2000)).toBe(false);
  expect([pool.acquire(), pool.acquire(), pool.acquire()]).toEqual([1000, 1004, undefined]);
});

test("against a list: whatever is done, no port is out twice, and the oldest free one comes", () => {
  const step = fc.record({ kind: fc.constantFrom("acquire", "exact", "release"), port: fc.integer({ min: 998, max: 1012 }) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const pool = new PortPool(1000, 1009);
      let free = [1000, 1002, 1004, 1006, 1008];
      for (const { kind, port } of steps) {
        if (kind === "acquire") expect(pool.acquire()).toBe(free.shift());
        else if (kind === "exact") {
          expect(pool.acquireExact(port)).toBe(free.includes(port));
          free = free.filter((other) => other !== port);
        } else {
          pool.release(port);
          if (port % 2 === 0 && port >= 1000 && port <= 1008 && !free.includes(port)) free.push(port);
        }
        expect(pool.free).toBe(free.length);
      }
    }),
  );
});
