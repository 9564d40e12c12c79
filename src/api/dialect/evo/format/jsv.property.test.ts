import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatJsv, parseJsv } from "./jsv.ts";
import type { Tree } from "./tree.ts";

const characters = fc.constantFrom(...Array.from('ab:,{}[]"\r\n\t \\é\u{1f600}'));
const texts = fc.oneof(fc.string({ unit: characters, maxLength: 12 }), fc.string({ unit: "binary", maxLength: 12 }));
const names = texts.filter((name) => name !== "__proto__");

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    texts,
    // A list of nothing but one null is written like an empty one.
    fc.array(fc.option(tie("tree")), { maxLength: 4 }).filter((list) => list.length !== 1 || list[0] !== null),
    fc.dictionary(names, tie("tree"), { maxKeys: 4 }),
  ),
}));

test("what was written is read again", () => {
  fc.assert(
    fc.property(tree, (value) => {
      expect(parseJsv(formatJsv(value))).toEqual({ ok: true, value });
    }),
  );
});

test("any text is read or refused, never thrown at", () => {
  fc.assert(
    fc.property(fc.string({ unit: characters, maxLength: 200 }), (text) => {
      const read = parseJsv(text);
      expect(read.ok || (read.reason !== "" && read.at <= text.length)).toBe(true);
    }),
  );
});
