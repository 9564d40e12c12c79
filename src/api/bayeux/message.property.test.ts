import * as fc from "fast-check";
import { expect, test } from "vitest";
import { memberOf, parseMessages } from "./message.ts";

test("whatever text comes, it is read or refused", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.json())), (texts) => {
      const result = parseMessages(texts, 5);
      if (!result.ok) return;
      expect(result.value.length).toBeGreaterThan(0);
      expect(result.value.length).toBeLessThanOrEqual(5);
      for (const message of result.value) memberOf(message.fields, "ext");
    }),
  );
});

test("arrays and bare messages, in one text or several, come out in order", () => {
  const one = fc.record({ channel: fc.constant("/a"), id: fc.string() });
  fc.assert(
    fc.property(fc.array(fc.oneof(one, fc.array(one)), { minLength: 1 }), (groups) => {
      const ids = groups.flat().map(({ id }) => id);
      const result = parseMessages(
        groups.map((group) => JSON.stringify(group)),
        1000,
      );
      expect(result.ok ? result.value.map(({ id }) => id) : []).toEqual(ids);
    }),
  );
});

test.each([
  ["", "json_invalid"],
  ["{", "json_invalid"],
  ["[]", "message_missing"],
  ["null", "message_invalid"],
  ["[1]", "message_invalid"],
  ["[[{}]]", "message_invalid"],
  ["[{},{},{}]", "too_many_messages"],
])("%s is refused as %s", (text, reason) => {
  expect(parseMessages([text], 2)).toMatchObject({ ok: false, reason });
});

test("members of the wrong type are as if they were missing", () => {
  expect(parseMessages(['{"channel":1,"id":{},"clientId":[]}'], 1)).toMatchObject({
    ok: true,
    value: [{ channel: "", id: undefined, clientId: undefined }],
  });
});
