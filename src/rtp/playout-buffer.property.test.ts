import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Arrival, Listening, type Sent, stream } from "./fixture/listening.case.ts";
import { randomFrom } from "./fixture/random.case.ts";
import { emptyRtpHeader } from "./packet.ts";
import { PlayoutBuffer } from "./playout-buffer.ts";

const fate = fc.record({
  isLost: fc.integer({ min: 0, max: 9 }).map((drawn) => drawn === 0),
  networkMs: fc.oneof({ weight: 4, arbitrary: fc.nat(30) }, fc.nat(250)),
  again: fc.option(fc.nat(40), { freq: 5 }),
});

/** How many packets were not played that had come in time: before anything of the stream behind their begin was heard, or concealed in their place. */
function missedInTime(arrivals: readonly Arrival[], listening: Listening): number {
  const played = new Set(listening.played);
  const missed = new Map<number, Arrival>();
  for (const arrival of arrivals.toReversed()) if (!played.has(arrival.packet.index)) missed.set(arrival.packet.index, arrival);
  return [...missed.values()].filter(({ atMs, packet }) => {
    const beginUnits = packet.index * packet.units;
    let positionUnits = 0;
    for (const heard of listening.heard) {
      if (heard.atMs >= atMs || positionUnits > beginUnits) break;
      if (heard.kind === "packet") positionUnits = (heard.index + 1) * heard.units;
      else positionUnits += heard.kind === "lost" ? heard.units : 160;
    }
    return positionUnits <= beginUnits;
  }).length;
}

describe("whatever the network does", () => {
  test("packets are heard in order, each once, in time is played, and the delay is bounded", () => {
    fc.assert(
      fc.property(
        fc.array(fate, { minLength: 1, maxLength: 150 }),
        fc.constantFrom(10, 20, 30, 40, 60),
        fc.nat(0xffff),
        fc.nat(0xffff_ffff),
        fc.boolean(),
        (fates, ptimeMs, number, timestamp, isQuiet) => {
          const arrivals = stream(fates.length, ptimeMs, number, timestamp).flatMap((packet): readonly Arrival[] => {
            const { isLost, networkMs, again } = fates[packet.index] ?? { isLost: true, networkMs: 0, again: null };
            const atMs = packet.index * ptimeMs + networkMs;
            if (isLost) return [];
            return again === null
              ? [{ atMs, packet }]
              : [
                  { atMs, packet },
                  { atMs: atMs + again, packet },
                ];
          });
          const listening = new Listening();
          listening.until(fates.length * ptimeMs + 1000, arrivals, isQuiet);
          const { played, buffer } = listening;
          const came = new Map(arrivals.map(({ atMs, packet }) => [packet.index, atMs]));
          expect(played).toEqual([...new Set(played)].toSorted((one, other) => one - other));
          expect(played.every((index) => came.has(index))).toBe(true);
          const repeated = arrivals.length - came.size;
          const skipped = buffer.dropped - buffer.late - repeated;
          expect(played.length + buffer.late + skipped).toBe(came.size);
          // Only what is left out for a shorter delay.
          expect(missedInTime(arrivals, listening)).toBeLessThanOrEqual(skipped);
          expect(listening.mostDelayMs).toBeLessThanOrEqual(500);
        },
      ),
    );
  });

  test("any headers, any order, any reader: what is given is in the order of time, and it ends", () => {
    const header = fc.record({
      marker: fc.boolean(),
      payloadType: fc.nat(127),
      sequenceNumber: fc.oneof(fc.nat(20), fc.nat(0xffff)),
      timestamp: fc.oneof(fc.nat(5000), fc.nat(0xffff_ffff)),
      ssrc: fc.nat(1),
      payloadStart: fc.nat(20),
      payloadEnd: fc.nat(1600),
    });
    const step = fc.oneof(header, fc.record({ sleepMs: fc.nat(3000) }), fc.record({ isQuiet: fc.boolean(), units: fc.nat(1000) }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.constantFrom(8000, 16_000, 48_000), (steps, clockRateHz) => {
        const buffer = new PlayoutBuffer(clockRateHz);
        const bytes = new Uint8Array(1600);
        let nowMs = 0;
        for (const each of steps) {
          if ("ssrc" in each) buffer.put({ ...emptyRtpHeader(), ...each }, bytes, nowMs);
          else if ("sleepMs" in each) nowMs += each.sleepMs;
          else {
            const due = buffer.next(nowMs, each.isQuiet);
            if (due.kind === "packet") {
              expect(due.end - due.start).toBeGreaterThan(0);
              expect(due.end).toBeLessThanOrEqual(due.bytes.length);
              buffer.played(each.units);
            } else if (due.kind === "lost") {
              expect(due.units).toBeGreaterThan(0);
              expect(due.units).toBeLessThanOrEqual(clockRateHz / 50);
              expect(due.missingUnits).toBeGreaterThanOrEqual(due.units);
              buffer.played(due.units);
            }
            nowMs += 20;
          }
          expect(buffer.targetMs).toBeLessThanOrEqual(400);
          expect(buffer.delayMs).toBeGreaterThanOrEqual(0);
        }
        // With no more packets everything left is given, then nothing.
        for (let asked = 0; asked < 3000; asked++, nowMs += 20) {
          const due = buffer.next(nowMs, false);
          buffer.played(due.kind === "lost" ? due.units : 160);
        }
        expect(buffer.next(nowMs, false).kind).toBe("empty");
      }),
    );
  });
});

/** A minute of 20 ms packets through a network, heard by a reader; half of the time is quiet. */
function minute(
  jitterMs: number,
  lossShare: number,
  seed: number,
): { readonly lateShare: number; readonly delayMs: number; readonly concealedShare: number } {
  const random = randomFrom(seed);
  const packets: readonly Sent[] = stream(3000);
  const arrivals = packets.flatMap((packet) => {
    const isLost = random() < lossShare;
    const atMs = packet.index * 20 + random() * jitterMs;
    return isLost ? [] : [{ atMs, packet }];
  });
  const listening = new Listening(7);
  listening.until(0, arrivals);
  for (let second = 1; second < 60; second++) listening.until(second * 1000, [], second % 2 === 0);
  return {
    lateShare: listening.buffer.late / arrivals.length,
    delayMs: listening.meanDelayMs,
    concealedShare: listening.buffer.concealedMs / 59_000,
  };
}

describe("late loss and delay by the network", () => {
  const jitters = [0, 10, 20, 40, 60, 80, 100];
  const losses = [0, 0.01, 0.05, 0.1, 0.2];
  test.each(jitters.flatMap((jitterMs) => losses.map((lossShare) => [jitterMs, lossShare] as const)))(
    "%i ms of jitter and a loss of %f",
    (jitterMs, lossShare) => {
      for (const seed of [1, 2, 3]) {
        const { lateShare, delayMs, concealedShare } = minute(jitterMs, lossShare, seed);
        expect(lateShare).toBeLessThan(0.005);
        expect(delayMs).toBeLessThan(Math.max(60, jitterMs + 45));
        expect(delayMs).toBeGreaterThan(Math.max(25, jitterMs - 10));
        expect(concealedShare).toBeLessThan(lossShare * 1.15 + 0.005);
      }
    },
  );
});
