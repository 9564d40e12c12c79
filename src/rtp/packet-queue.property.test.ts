import * as fc from "fast-check";
import { expect, test } from "vitest";
import { emptyRtpHeader } from "./packet.ts";
import { PacketQueue } from "./packet-queue.ts";

type Put = { readonly sequenceNumber: number; readonly timestamp: number; readonly fill: number; readonly length: number };

const put = fc.record({
  // Further apart, of three numbers each may be behind another.
  sequenceNumber: fc.nat(0x3fff),
  timestamp: fc.oneof(fc.nat(10), fc.nat(100_000)),
  fill: fc.nat(255),
  length: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 170 }) }, fc.integer({ min: 1, max: 1500 })),
});

test("against a sorted list: whatever goes in and out, the first is the oldest, and its payload is whole", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 3, arbitrary: put }, fc.constant(undefined)), { maxLength: 150 }),
      fc.nat(0xffff_ffff),
      (steps, origin) => {
        const queue = new PacketQueue();
        let list: Put[] = [];
        for (const step of steps) {
          if (step === undefined) {
            queue.remove();
            list = list.slice(1);
          } else {
            const bytes = new Uint8Array(12 + step.length).fill(step.fill, 12);
            const header = {
              ...emptyRtpHeader(),
              sequenceNumber: (origin + step.sequenceNumber) & 0xffff,
              timestamp: (origin + step.timestamp) >>> 0,
              payloadType: step.fill & 0x7f,
              marker: step.fill > 99,
              payloadStart: 12,
              payloadEnd: bytes.length,
            };
            const isFull = list.length === 64;
            if (isFull) list = list.slice(1);
            expect(queue.put(header, bytes)).toBe(!isFull);
            // Of the same time, the later number is behind; an equal one was there before.
            const behind = list.findIndex(
              (other) =>
                other.timestamp > step.timestamp || (other.timestamp === step.timestamp && step.sequenceNumber < other.sequenceNumber),
            );
            list = behind < 0 ? [...list, step] : list.toSpliced(behind, 0, step);
          }
          expect(queue.count).toBe(list.length);
          const [first] = list;
          if (first === undefined) continue;
          expect([queue.timestamp, queue.sequenceNumber]).toEqual([
            (origin + first.timestamp) >>> 0,
            (origin + first.sequenceNumber) & 0xffff,
          ]);
          const view = { payloadType: 0, marker: false, bytes: new Uint8Array(0), start: 0, end: 0 };
          queue.view(view);
          expect([view.payloadType, view.marker]).toEqual([first.fill & 0x7f, first.fill > 99]);
          expect(Array.from(view.bytes.subarray(view.start, view.end))).toEqual(Array.from({ length: first.length }, () => first.fill));
        }
        queue.clear();
        expect(queue.count).toBe(0);
      },
    ),
  );
});
