import * as fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualClock } from "../../../../../test/support/virtual-clock.ts";
import { ConversationLimit } from "./limit.ts";

const asked = fc.array(fc.record({ key: fc.constantFrom("a", "b"), afterMs: fc.integer({ min: 0, max: 700 }) }), { maxLength: 60 });

test("never more than allowed in any second, and never a wait that is too long", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), asked, (perSecond, requests) => {
      const clock = new VirtualClock(1_000_000);
      const limit = new ConversationLimit(clock, perSecond);
      const starts: { readonly key: string; readonly at: number }[] = [];
      for (const { key, afterMs } of requests) {
        clock.advance(afterMs);
        const now = clock.now();
        const recent = starts.filter((start) => start.key === key && start.at > now - 1000);
        const waitMs = limit.take(key);
        expect(waitMs === 0).toBe(recent.length < perSecond);
        if (waitMs === 0) starts.push({ key, at: now });
        else expect(waitMs).toBe((recent[0]?.at ?? 0) + 1000 - now);
      }
    }),
  );
});
