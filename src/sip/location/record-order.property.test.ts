import * as fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { systemIds } from "../../kernel/index.ts";
import type { SrvRecord } from "./name-server.ts";
import { drawsOf, inDrawnOrder, inSrvOrder } from "./record-order.ts";

const ids = systemIds(new VirtualClock());
const srv = (name: string, weight: number, priority = 0): SrvRecord => ({ name, weight, priority, port: 5060 });

const records = fc.array(
  fc.record({
    name: fc.constantFrom("a", "b", "c", "d"),
    port: fc.integer({ min: 1, max: 65_535 }),
    priority: fc.integer({ min: 0, max: 3 }),
    weight: fc.integer({ min: 0, max: 65_535 }),
  }),
  { maxLength: 12 },
);

test("every record once, priorities ascending, the same for one seed however the records come (RFC 2782)", () => {
  fc.assert(
    fc.property(records, fc.string(), (given, seed) => {
      const ordered = inSrvOrder(given, drawsOf(ids, seed));
      expect(ordered.length).toBe(given.length);
      for (const record of given)
        expect(ordered.filter((other) => other === record).length).toBe(given.filter((other) => other === record).length);
      expect(ordered.map(({ priority }) => priority)).toEqual(given.map(({ priority }) => priority).toSorted((a, b) => a - b));
      const distinct = new Set(given.map(({ name, port, priority }) => `${name} ${port} ${priority}`)).size === given.length;
      if (distinct) expect(inSrvOrder(given.toReversed(), drawsOf(ids, seed))).toEqual(ordered);
    }),
  );
});

/** How often each name is first in 4,000 draws, as a share. */
function shares(given: readonly SrvRecord[]): Readonly<Record<string, number>> {
  const count: Record<string, number> = {};
  for (let seed = 0; seed < 4_000; seed++) {
    const first = inSrvOrder(given, drawsOf(ids, `leg ${seed}`))[0]?.name ?? "none";
    count[first] = (count[first] ?? 0) + 1 / 4_000;
  }
  return count;
}

test("within a priority the weights are the shares (RFC 2782); the seeds are fixed, so this is the same each time", () => {
  const found = shares([srv("a", 600), srv("b", 300), srv("c", 100), srv("later", 60_000, 1)]);
  expect(found["a"]).toBeCloseTo(0.6, 1);
  expect(found["b"]).toBeCloseTo(0.3, 1);
  expect(found["c"]).toBeCloseTo(0.1, 1);
  expect(found["later"]).toBeUndefined();
});

test("a weight of 0 has a small chance, and only zeros are tried all the same (RFC 2782)", () => {
  const found = shares([srv("zero", 0), srv("rest", 99)]);
  expect(found["zero"]).toBeGreaterThan(0.003);
  expect(found["zero"]).toBeLessThan(0.03);
  expect(inSrvOrder([srv("a", 0), srv("b", 0)], drawsOf(ids)).length).toBe(2);
});

test("each address of a host is first as often as the others", () => {
  const count: Record<string, number> = {};
  for (let seed = 0; seed < 3_000; seed++) {
    const first = inDrawnOrder(["192.0.2.3", "192.0.2.1", "192.0.2.2"], drawsOf(ids, String(seed)))[0] ?? "none";
    count[first] = (count[first] ?? 0) + 1 / 3_000;
  }
  expect(Object.keys(count).length).toBe(3);
  for (const share of Object.values(count)) expect(share).toBeCloseTo(1 / 3, 1);
});
