import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Batch, Outbox } from "./outbox.ts";

const eventOf = (number: number) => ({ text: String(number), bytes: 1 });

/** The texts that were not acknowledged come again, in order, and none is ever acknowledged before it was sent. */
test("taken, rewound and acknowledged in any order, the texts are the ones added, in order", () => {
  const anyStep = fc.oneof(
    fc.constant({ kind: "add" as const }),
    fc.constant({ kind: "take" as const }),
    fc.constant({ kind: "rewind" as const }),
    fc.record({ kind: fc.constant("acknowledge" as const), batch: fc.integer({ min: -2, max: 12 }) }),
  );
  fc.assert(
    fc.property(fc.array(anyStep), (steps) => {
      const outbox = new Outbox(1000, 1000);
      const batchOf = new Map<number, number>();
      let added = 0;
      let acknowledged = 0;
      let next = 0;
      let last = 0;
      for (const step of steps) {
        if (step.kind === "add") outbox.add(eventOf(added++));
        if (step.kind === "rewind") {
          outbox.rewind();
          next = acknowledged;
        }
        if (step.kind === "take") {
          const batch = outbox.take();
          expect(batch.texts).toEqual(Array.from({ length: added - next }, (_, index) => String(next + index)));
          last = batch.number;
          for (let number = next; number < added; number++) if (!batchOf.has(number)) batchOf.set(number, last);
          next = added;
        }
        if (step.kind === "acknowledge") {
          outbox.acknowledge(step.batch);
          if (step.batch <= last) while ((batchOf.get(acknowledged) ?? Number.POSITIVE_INFINITY) <= step.batch) acknowledged++;
          next = Math.max(next, acknowledged);
        }
        expect(outbox.hasUnsent).toBe(next < added);
      }
    }),
  );
});

test("a bound by count and one by bytes, whatever has been sent; one event always fits", () => {
  const outbox = new Outbox(2, 10);
  expect(outbox.hasRoomFor({ text: "large", bytes: 99 })).toBe(true);
  outbox.add({ text: "a", bytes: 8 });
  expect([outbox.hasRoomFor({ text: "b", bytes: 3 }), outbox.hasRoomFor({ text: "b", bytes: 2 })]).toEqual([false, true]);
  outbox.add({ text: "b", bytes: 1 });
  const { number } = outbox.take();
  expect(outbox.hasRoomFor({ text: "c", bytes: 0 })).toBe(false);
  outbox.acknowledge(number);
  expect(outbox.hasRoomFor({ text: "c", bytes: 10 })).toBe(true);
});

test("what is lost comes again, unless something went another way since", () => {
  const outbox = new Outbox(9, 9);
  const lose = (batch: Batch) => {
    outbox.lose(batch);
    return outbox.take().texts;
  };
  outbox.add(eventOf(1));
  const first = outbox.take();
  outbox.add(eventOf(2));
  outbox.take();
  expect(lose(first)).toEqual(["1", "2"]);
  outbox.turn();
  outbox.add(eventOf(3));
  expect(outbox.take().texts).toEqual(["3"]);
  expect(lose(first)).toEqual([]);
});
