import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { areDigits, TelephoneEventReceiver, TelephoneEventSender } from "./telephone-event.ts";

type Packet = { readonly at: number; readonly timestamp: number; readonly payload: Uint8Array };

/** All packets of these digits, each with the time it is sent at. */
function sent(digits: string, toneMs: number, gapMs: number, start = 0): readonly Packet[] {
  const sender = new TelephoneEventSender(digits, toneMs, gapMs);
  const payload = new Uint8Array(4);
  const packets: Packet[] = [];
  let begin = 0;
  for (let at = 0; ; at += 20) {
    const frame = sender.next(payload);
    if (frame === "done") return packets;
    if (frame === "begin") begin = (start + at * 8) >>> 0;
    if (frame !== "pause") packets.push({ at, timestamp: begin, payload: Uint8Array.from(payload) });
  }
}

function heard(packets: readonly Packet[]): readonly string[] {
  const digits: string[] = [];
  const begun: string[] = [];
  const receiver = new TelephoneEventReceiver({
    began: (digit) => begun.push(digit),
    digit: (digit) => digits.push(digit),
  });
  for (const { at, timestamp, payload } of packets) {
    receiver.expire(at);
    receiver.receive(timestamp, payload, 0, payload.length, at);
  }
  receiver.expire(Number.POSITIVE_INFINITY);
  // One that was overtaken begins and ends while another is down.
  expect(begun.toSorted()).toEqual(digits.toSorted());
  return digits;
}

const someDigits = fc
  .array(fc.constantFrom(...Array.from("0123456789*#ABCD")), { minLength: 1, maxLength: 6 })
  .map((digits) => digits.join(""));
const tones = fc.integer({ min: 40, max: 300 });

describe("sender", () => {
  test("first a marked begin, updates, then the end three times, then a pause", () => {
    const packets = sent("5", 100, 60);
    expect(packets.map(({ payload }) => [payload[0], (payload[1] ?? 0) >> 7, ((payload[2] ?? 0) << 8) | (payload[3] ?? 0)])).toEqual([
      [5, 0, 160],
      [5, 0, 320],
      [5, 0, 480],
      [5, 0, 640],
      [5, 1, 800],
      [5, 1, 800],
      [5, 1, 800],
    ]);
    expect(new Set(packets.map(({ timestamp }) => timestamp)).size).toBe(1);
  });

  test("what is no digit is left out", () => {
    expect(sent("w", 100, 100)).toEqual([]);
    expect(areDigits("12a#")).toBe(true);
    expect(areDigits("12w")).toBe(false);
    expect(areDigits("")).toBe(false);
  });
});

describe("receiver", () => {
  test("hears what is sent, over the wrap of the timestamp too", () => {
    fc.assert(
      fc.property(someDigits, tones, tones, fc.integer({ min: 0, max: 0xffff_ffff }), (digits, toneMs, gapMs, start) => {
        expect(heard(sent(digits, toneMs, gapMs, start)).join("")).toBe(digits);
      }),
    );
  });

  test("one digit for each event of which anything comes, with loss, repetition and late packets", () => {
    fc.assert(
      fc.property(
        someDigits,
        tones,
        fc.infiniteStream(fc.record({ lost: fc.boolean(), lateMs: fc.integer({ min: 0, max: 30 }), doubled: fc.boolean() })),
        (digits, toneMs, fates) => {
          const kept = sent(digits, toneMs, 100).flatMap((packet) => {
            const { lost, lateMs, doubled } = fates.next().value ?? { lost: false, lateMs: 0, doubled: false };
            if (lost) return [];
            const late = { ...packet, at: packet.at + lateMs };
            return doubled ? [late, late] : [late];
          });
          const surviving = new Set(kept.map(({ timestamp }) => timestamp)).size;
          expect(heard(kept.toSorted((one, other) => one.at - other.at))).toHaveLength(surviving);
        },
      ),
    );
  });

  test("tells the duration", () => {
    const durations: number[] = [];
    const receiver = new TelephoneEventReceiver({ began: () => undefined, digit: (_digit, durationMs) => durations.push(durationMs) });
    for (const { at, timestamp, payload } of sent("1", 160, 60)) receiver.receive(timestamp, payload, 0, 4, at);
    expect(durations).toEqual([160]);
  });

  test("a key held for longer than one event can tell is still one digit", () => {
    const digits: unknown[] = [];
    const receiver = new TelephoneEventReceiver({ began: () => undefined, digit: (digit, durationMs) => digits.push([digit, durationMs]) });
    receiver.receive(0, Uint8Array.of(3, 10, 0xff, 0xff), 0, 4, 0);
    receiver.receive(0xffff, Uint8Array.of(3, 0x8a, 0x03, 0x21), 0, 4, 100);
    expect(digits).toEqual([["3", Math.round((0xffff + 0x321) / 8)]]);
  });

  test("any bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 8 })), (payloads) => {
        heard(payloads.map((payload, index) => ({ at: index * 20, timestamp: index * 160, payload })));
      }),
    );
  });
});
