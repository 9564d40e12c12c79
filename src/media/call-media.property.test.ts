import * as fc from "fast-check";
import { expect, test } from "vitest";
import { endpointPlan, MediaBench } from "./fixture/media-bench.case.ts";
import type { EndpointPlan, Source } from "./plan.ts";

const ids = ["a", "b", "c", "d"];
const ports = [5000, 5002, 5004, 5006];

const source: fc.Arbitrary<Source> = fc.oneof(
  fc.constant<Source>({ kind: "silence" }),
  fc.constant<Source>({ kind: "hold-music" }),
  fc.subarray(ids).map((endpointIds): Source => ({ kind: "mix", endpointIds })),
);

/** Some endpoints, each on a port of its own. */
const plan: fc.Arbitrary<readonly EndpointPlan[]> = fc
  .tuple(
    fc.shuffledSubarray(ids),
    fc.shuffledSubarray(ports, { minLength: 4 }),
    fc.array(fc.tuple(source, fc.boolean()), { minLength: 4, maxLength: 4 }),
  )
  .map(([used, shuffled, details]) =>
    used.map((endpointId, index) => {
      const [what, sends] = details[index] ?? [{ kind: "silence" }, true];
      return { ...endpointPlan(shuffled[index] ?? 0, what), endpointId, sends };
    }),
  );

test("after any plans there are the sockets of the last one, and only its endpoints send", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 6 }), fc.integer({ min: 0, max: 60 }), async (plans, ms) => {
      await using bench = await MediaBench.open();
      for (const endpoints of plans) {
        bench.apply(...endpoints);
        bench.clock.advance(ms);
      }
      const last = plans.at(-1) ?? [];
      expect(bench.network.openPorts).toEqual(last.map(({ localPort }) => localPort).toSorted((one, other) => one - other));
      bench.network.rtp.length = 0;
      bench.clock.advance(40);
      const sending = new Set(bench.network.rtp.map(({ fromPort }) => fromPort));
      expect(sending).toEqual(new Set(last.filter(({ sends }) => sends).map(({ localPort }) => localPort)));
      await bench.engine.close();
      expect(bench.network.openPorts).toEqual([]);
      expect(bench.clock.armed).toBe(0);
    }),
    { numRuns: 30 },
  );
});

test("a plan applied again, with the same revision or a later one, changes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (endpoints) => {
      const [once, twice] = await Promise.all(
        [false, true].map(async (isRepeated) => {
          await using bench = await MediaBench.open();
          bench.engine.apply("call", { endpoints }, 1);
          for (let frame = 0; frame < 5; frame++) {
            if (isRepeated) bench.engine.apply("call", { endpoints }, frame % 2 === 0 ? 1 : frame + 1);
            if (isRepeated) bench.engine.apply("call", { endpoints: [] }, 0);
            bench.clock.advance(20);
          }
          return { rtp: bench.network.rtp, events: bench.events };
        }),
      );
      expect(twice).toEqual(once);
    }),
    { numRuns: 30 },
  );
});
