import * as fc from "fast-check";
import { expect, test } from "vitest";
import { idOfUuid, uuidOf } from "./ids.ts";

const ids = fc.string({ unit: fc.constantFrom(...Array.from("0123456789abcdef")), minLength: 24, maxLength: 24 });

test("an id written as a UUID v4 is read back, in letters of either size", () => {
  fc.assert(
    fc.property(ids, (id) => {
      const uuid = uuidOf(id);
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(idOfUuid(uuid)).toBe(id);
      expect(idOfUuid(uuid.toUpperCase())).toBe(id);
    }),
  );
});

test("a UUID of somebody else, and a text that is none, name no id", () => {
  fc.assert(
    fc.property(fc.oneof(fc.uuid({ version: 4 }), fc.string()), (text) => {
      expect(idOfUuid(text)).toBeUndefined();
    }),
    { examples: [["700bbc09-0556-4e86-bad1-215a8020e111"], ["700bbc09-0556-4e86-8ad1-215a8020e111"], [""]] },
  );
});

test("what is no id has no UUID", () => {
  expect(() => uuidOf("abc")).toThrow("not an entity id");
});
