import * as fc from "fast-check";
import { expect, test } from "vitest";
import { JitterBuffer } from "./jitter-buffer.ts";

const silence = 0xff;
const frameSamples = 160;

/** Frame n is full of the byte n + 1, so what was read tells which frame it was. */
function put(buffer: JitterBuffer, frame: number, base: number): void {
  const bytes = new Uint8Array(frameSamples).fill(frame + 1);
  buffer.put((base + frame) & 0xffff, (base * 7 + frame * frameSamples) >>> 0, bytes, 0, frameSamples);
}

function read(buffer: JitterBuffer): readonly number[] {
  const frame = new Uint8Array(frameSamples);
  buffer.read(frame);
  return Array.from(new Set(frame));
}

test("whatever is late, lost, doubled or out of order: frames come out in order, each once, none invented", () => {
  const arrival = fc.record({ lost: fc.boolean(), delayMs: fc.integer({ min: 0, max: 150 }), doubled: fc.boolean() });
  fc.assert(
    fc.property(fc.array(arrival, { minLength: 1, maxLength: 120 }), fc.integer({ min: 0, max: 0xffff }), (arrivals, base) => {
      const buffer = new JitterBuffer(silence);
      const events = arrivals.flatMap(({ lost, delayMs, doubled }, frame) => {
        const at = frame * 20 + delayMs;
        return lost ? [] : [{ at, frame }, ...(doubled ? [{ at: at + 5, frame }] : [])];
      });
      events.sort((one, other) => one.at - other.at);
      const heard: number[] = [];
      for (let at = 0; at < arrivals.length * 20 + 1000; at += 20) {
        while ((events[0]?.at ?? Number.POSITIVE_INFINITY) <= at) put(buffer, events.shift()?.frame ?? 0, base);
        heard.push(...read(buffer).filter((byte) => byte !== silence));
      }
      expect(heard).toEqual(heard.toSorted((one, other) => one - other));
      expect(new Set(heard).size).toBe(heard.length);
      for (const byte of heard) expect(arrivals[byte - 1]?.lost).toBe(false);
    }),
  );
});

test("disorder within the delay loses nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 38 }), { minLength: 2, maxLength: 60 }), (delays) => {
      const buffer = new JitterBuffer(silence);
      put(buffer, 0, 0);
      const arrivals = delays
        .map((delayMs, index) => ({ at: (index + 1) * 20 + delayMs, frame: index + 1 }))
        .toSorted((one, other) => one.at - other.at);
      const heard: number[] = [];
      for (let at = 0; at < delays.length * 20 + 200; at += 20) {
        while ((arrivals[0]?.at ?? Number.POSITIVE_INFINITY) <= at) put(buffer, arrivals.shift()?.frame ?? 0, 0);
        heard.push(...read(buffer).filter((byte) => byte !== silence));
      }
      expect(heard).toEqual(Array.from({ length: delays.length + 1 }, (_, frame) => frame + 1));
    }),
  );
});

test("a late packet makes the delay longer by a frame", () => {
  const buffer = new JitterBuffer(silence);
  put(buffer, 0, 0);
  for (let count = 0; count < 4; count++) read(buffer);
  put(buffer, 1, 0);
  expect(buffer.dropped).toBe(1);
  put(buffer, 2, 0);
  expect(buffer.dropped).toBe(1);
  expect(read(buffer)).toEqual([silence]);
  expect(read(buffer)).toEqual([3]);
});

test("what is older than something already heard stays unheard, however long the delay has become", () => {
  const buffer = new JitterBuffer(silence);
  put(buffer, 0, 0);
  put(buffer, 5, 0);
  const heard: number[] = [];
  for (let count = 0; count < 8; count++) heard.push(...read(buffer));
  // Two late packets make two frames of room; the third would fit into it.
  for (const frame of [1, 2, 4]) put(buffer, frame, 0);
  for (let count = 0; count < 4; count++) heard.push(...read(buffer));
  expect(heard.filter((byte) => byte !== silence)).toEqual([1, 6]);
  expect(buffer.dropped).toBe(3);
});

test("a long time of packets that all come early makes it shorter by a frame", () => {
  const buffer = new JitterBuffer(silence);
  const heard: number[] = [];
  for (let frame = 0; frame < 420; frame++) {
    buffer.put(frame, frame * frameSamples, new Uint8Array(frameSamples).fill((frame % 200) + 1), 0, frameSamples);
    if (frame >= 4) heard.push(...read(buffer).filter((byte) => byte !== silence));
  }
  const steps = heard.slice(1).map((byte, index) => (byte - (heard[index] ?? 0) + 200) % 200);
  expect(steps.filter((step) => step !== 1)).toEqual([2]);
});

test("a stream that jumps is followed at once", () => {
  const buffer = new JitterBuffer(silence);
  put(buffer, 0, 0);
  read(buffer);
  buffer.put(2, 1_000_000, new Uint8Array(frameSamples).fill(9), 0, frameSamples);
  expect(read(buffer)).toEqual([silence]);
  expect(read(buffer)).toEqual([silence]);
  expect(read(buffer)).toEqual([9]);
});

test("packets of 10 and 60 ms are laid end to end", () => {
  const buffer = new JitterBuffer(silence);
  buffer.put(1, 0, new Uint8Array(80).fill(1), 0, 80);
  buffer.put(2, 80, new Uint8Array(480).fill(2), 0, 480);
  const heard = Array.from({ length: 6 }, () => read(buffer));
  expect(heard).toEqual([[silence], [silence], [1, 2], [2], [2], [2, silence]]);
});
