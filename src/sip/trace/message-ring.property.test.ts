import * as fc from "fast-check";
import { expect, test } from "vitest";
import { MessageRing } from "./message-ring.ts";
import type { TracedMessage } from "./traced-message.ts";

const slabBytes = 512;

const endpoint = fc.record({ address: fc.constantFrom("192.0.2.1", "2001:db8::1", "a"), port: fc.integer({ min: 0, max: 65_535 }) });
/** Some fill a slab to its end, some do not fit at all. */
const anyMessage = fc.record({
  at: fc.integer({ min: 0, max: 2 ** 41 }),
  direction: fc.constantFrom("sent" as const, "received" as const),
  protocol: fc.constantFrom("udp" as const, "tcp" as const, "tls" as const, "ws" as const, "wss" as const),
  local: endpoint,
  remote: endpoint,
  callId: fc.constantFrom("a", "b", "ab", "ba", "a@example.org", "\xff"),
  bytes: fc.uint8Array({ maxLength: slabBytes + 8, size: "max" }).map((bytes) => Buffer.from(bytes)),
});

test("what is there is whole, its own and the newest, whatever the sizes", () => {
  fc.assert(
    fc.property(
      fc.array(anyMessage, { maxLength: 40, size: "max" }),
      fc.integer({ min: 2, max: 5 }),
      fc.constantFrom(1, 2, 64),
      (given, slabs, buckets) => {
        const ring = new MessageRing({ slabs, slabBytes, buckets });
        const taken: TracedMessage[] = [];
        given.forEach((message, order) => {
          const before = ring.counters.dropped;
          const scratch = Buffer.from(message.bytes);
          ring.append({ ...message, order, bytes: scratch });
          scratch.fill(0);
          if (ring.counters.dropped === before) taken.push({ ...message, order });
        });
        const { recorded, forgotten } = ring.counters;
        expect(recorded).toBe(taken.length);
        const alive = taken.slice(forgotten);
        expect(alive.length > 0).toBe(taken.length > 0);
        for (const callId of new Set(given.map((one) => one.callId))) {
          const own = alive.filter((one) => one.callId === callId);
          const found = ring.find(callId);
          expect(found.map(textOf)).toEqual(own.map(textOf));
          expect(ring.has(callId)).toBe(own.length > 0);
        }
        expect(followed(ring).map(textOf)).toEqual(alive.map(textOf));
        expect(ring.bytes).toBeLessThanOrEqual(slabs * slabBytes);
      },
    ),
  );
});

test("who follows sees each message once and in order, and counts what was gone before it came", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyMessage, fc.boolean()), { maxLength: 40, size: "max" }), (given) => {
      const ring = new MessageRing({ slabs: 3, slabBytes, buckets: 8 });
      const seen: number[] = [];
      let position = 0;
      given.forEach(([message, isRead], order) => {
        ring.append({ ...message, order });
        if (!isRead) return;
        for (let entry = ring.after(position); entry !== undefined; entry = ring.after(position)) {
          position = entry.next;
          seen.push(entry.message.order);
        }
        if (ring.counters.recorded > 0) expect(ring.after(position)).toBeUndefined();
      });
      expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => a - b));
    }),
  );
});

test("what moves to another ring is found there, and no longer here", () => {
  fc.assert(
    fc.property(fc.array(anyMessage, { maxLength: 12, size: "max" }), (given) => {
      const ring = new MessageRing({ slabs: 32, slabBytes, buckets: 8 });
      const other = new MessageRing({ slabs: 32, slabBytes, buckets: 4 });
      given.forEach((message, order) => ring.append({ ...message, order }));
      const before = new Map(given.map(({ callId }) => [callId, ring.find(callId)]));
      ring.moveTo(other, "a");
      for (const [callId, messages] of before) {
        expect(ring.find(callId)).toEqual(callId === "a" ? [] : messages);
        expect(other.find(callId)).toEqual(callId === "a" ? messages : []);
      }
      expect(other.after(0)?.isAdopted ?? true).toBe(true);
    }),
  );
});

/** All of it; comparing texts is much faster than comparing trees. */
function textOf({ bytes, ...rest }: TracedMessage): string {
  return JSON.stringify({ ...rest, bytes: bytes.toString("latin1") }, Object.keys({ ...rest, bytes, address: 0, port: 0 }).toSorted());
}

function followed(ring: MessageRing): TracedMessage[] {
  const messages: TracedMessage[] = [];
  let position = 0;
  for (let entry = ring.after(position); entry !== undefined; entry = ring.after(position)) {
    messages.push(entry.message);
    position = entry.next;
  }
  return messages;
}
