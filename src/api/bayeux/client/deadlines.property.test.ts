import * as fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualClock } from "../../../../test/support/virtual-clock.ts";
import { Deadlines } from "./deadlines.ts";

type Step = { readonly item: number; readonly inMs: number | undefined; readonly advanceMs: number };

test("every deadline is met once, never early and at most 50 ms late, with one timer for all", () => {
  const step: fc.Arbitrary<Step> = fc.record({
    item: fc.nat(4),
    inMs: fc.option(fc.nat(300), { nil: undefined }),
    advanceMs: fc.nat(120),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const clock = new VirtualClock();
      const expected = new Map<number, number>();
      const deadlines = new Deadlines<number>(clock, (item) => {
        const late = clock.now() - (expected.get(item) ?? Number.NaN);
        expect(late).toBeGreaterThanOrEqual(0);
        expect(late).toBeLessThanOrEqual(50);
        expected.delete(item);
      });
      for (const { item, inMs, advanceMs } of steps) {
        if (inMs === undefined) {
          deadlines.delete(item);
          expected.delete(item);
        } else {
          deadlines.set(item, clock.now() + inMs);
          expected.set(item, clock.now() + inMs);
        }
        expect(clock.armed).toBeLessThanOrEqual(1);
        clock.advance(advanceMs);
      }
      clock.advance(400);
      expect([...expected]).toEqual([]);
      deadlines.close();
      expect(clock.armed).toBe(0);
    }),
  );
});
