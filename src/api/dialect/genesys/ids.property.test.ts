import * as fc from "fast-check";
import { expect, test } from "vitest";
import { callIdOf, callUuidOf, connIdOf, derivedUuidOf } from "./ids.ts";

const id = fc.string({ unit: fc.constantFrom(..."0123456789abcdef".split("")), minLength: 24, maxLength: 24 });

test("a call's id is 32 upper-case letters and digits and leads back to it", () => {
  fc.assert(
    fc.property(id, (callId) => {
      expect(callUuidOf(callId)).toMatch(/^[0-9A-Z]{32}$/);
      expect(callIdOf(callUuidOf(callId))).toBe(callId);
      expect(connIdOf(callId)).toMatch(/^[0-9a-f]{16}$/);
    }),
  );
});

test("nothing else leads to a call", () => {
  fc.assert(fc.property(fc.string({ maxLength: 40 }), (text) => callIdOf(text) === undefined));
  const good = callUuidOf("0123456789abcdef01234567");
  for (const bad of [good.toLowerCase(), `${good}\n`, ` ${good}`, good.slice(1), `${good.slice(0, 31)}2`])
    expect(callIdOf(bad)).toBe(undefined);
});

test("derived UUIDs are well formed, the same each time, and differ by what they are for", () => {
  fc.assert(
    fc.property(id, (line) => {
      expect(derivedUuidOf("device", line)).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
      expect(derivedUuidOf("device", line)).toBe(derivedUuidOf("device", line));
      expect(derivedUuidOf("device", line)).not.toBe(derivedUuidOf("state", line));
    }),
  );
});
