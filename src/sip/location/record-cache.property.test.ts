import * as fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { Answer, NameServer, RecordOf, RecordType } from "./name-server.ts";
import { RecordCache } from "./record-cache.ts";

const step = fc.record({ name: fc.integer({ min: 0, max: 4 }), waitMs: fc.integer({ min: 0, max: 40_000 }) });

test("no answer is older than its life, and none is asked for twice within it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 90 }), { minLength: 5, maxLength: 5 }),
      fc.array(step, { maxLength: 40 }),
      async (ttls, steps) => {
        const clock = new VirtualClock();
        const askedAt = new Map<string, number>();
        const server: NameServer = {
          async ask<T extends RecordType>(_type: T, name: string): Promise<Answer<RecordOf[T]>> {
            const before = askedAt.get(name);
            if (before !== undefined) expect(clock.now() - before).toBeGreaterThanOrEqual(lifeOf(name));
            askedAt.set(name, clock.now());
            return { kind: "records", records: [{ address: String(clock.now()), ttl: ttls[Number(name)] ?? 0 } as RecordOf[T]] };
          },
          close: () => undefined,
        };
        const lifeOf = (name: string) => Math.min(60, ttls[Number(name)] ?? 0) * 1_000;
        const cache = new RecordCache(clock, server, 3_000);
        for (const { name, waitMs } of steps) {
          await clock.advanceAsync(waitMs);
          const answer = await cache.ask("A", String(name));
          const bornAt = answer.kind === "records" ? Number(answer.records[0]?.address) : Number.NaN;
          expect(clock.now() - bornAt).toBeLessThanOrEqual(Math.max(0, lifeOf(String(name)) - 1));
        }
        expect(clock.armed).toBe(0);
      },
    ),
  );
});

test("the cache is bounded", async () => {
  const clock = new VirtualClock();
  const server: NameServer = { ask: async () => ({ kind: "none" }), close: () => undefined };
  const cache = new RecordCache(clock, server, 3_000);
  for (let index = 0; index < 2_500; index++) await cache.ask("A", `h${index}.example`);
  expect(cache.size).toBe(2_000);
});
