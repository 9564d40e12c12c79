import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatCursor, pageOfRows, parseCursor } from "./paging.ts";

test("a cursor gives its mark back", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (mark) => parseCursor(formatCursor(mark)) === mark));
});

test("a foreign cursor is refused with a code, never otherwise", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        expect(formatCursor(parseCursor(text))).toBeTypeOf("string");
      } catch (error) {
        expect(error).toMatchObject({ code: "API_MEMBER_INVALID" });
      }
    }),
  );
});

test("pages show every row that stays, once and in order, whatever is removed meanwhile", () => {
  const rowTimes = fc.array(fc.nat(20), { maxLength: 40 });
  fc.assert(
    fc.property(rowTimes, fc.integer({ min: 1, max: 7 }), fc.infiniteStream(fc.nat(60)), (times, limit, removals) => {
      let rows = times.toSorted((a, b) => a - b).map((createdAt, index) => ({ id: String(index).padStart(3, "0"), createdAt }));
      const seen: string[] = [];
      const removed = new Set<string>();
      let cursor: string | null | undefined;
      while (cursor !== null) {
        const page = pageOfRows(rows, { limit, cursor });
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
        const gone = rows[removals.next().value ?? 0];
        if (gone !== undefined) removed.add(gone.id);
        rows = rows.filter((row) => row !== gone);
      }
      expect(seen).toEqual(seen.toSorted());
      expect(new Set(seen).size).toBe(seen.length);
      for (const { id } of rows) expect(seen).toContain(id);
      for (const id of seen) expect(rows.some((row) => row.id === id) || removed.has(id)).toBe(true);
    }),
  );
});
