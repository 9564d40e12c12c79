import * as fc from "fast-check";
import { expect, test } from "vitest";
import { listSessions, newOutgoingSession } from "../session/contracts.ts";
import { isCharacter, parseXml } from "./xml-parser.ts";
import { formatXml, parseXmlOf } from "./xml.ts";

const characters = fc.constantFrom(...Array.from("ab<>&;#x'\"/!?[]-:= \r\n\t\u{1f600}"));
const texts = fc
  .oneof(fc.string({ unit: characters, maxLength: 20 }), fc.string({ unit: "grapheme", maxLength: 20 }))
  .filter((text) => Array.from(text).every((char) => isCharacter(char.codePointAt(0) ?? 0)));

test("what was written is read again", () => {
  const values = fc.record({ flowId: texts, numberToDial: texts, callerId: fc.option(texts, { nil: undefined }) });
  fc.assert(
    fc.property(values, ({ flowId, numberToDial, callerId }) => {
      const read = parseXmlOf(newOutgoingSession, formatXml(newOutgoingSession, { flowId, numberToDial, callerId }));
      expect(read).toEqual({ ok: true, value: { FlowId: flowId, NumberToDial: numberToDial, CallerId: callerId ?? null } });
    }),
  );
});

test("lists of texts are read again", () => {
  fc.assert(
    fc.property(fc.array(texts, { maxLength: 5 }), (specificIds) => {
      const read = parseXmlOf(listSessions, formatXml(listSessions, { specificIds }));
      expect(read).toMatchObject({ ok: true, value: { SpecificIds: specificIds } });
    }),
  );
});

test("any text is read or refused, never thrown at", () => {
  const parts = fc.constantFrom("<a>", "</a>", "<a", "/>", "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", "&lt;", "&#", ' b="', "<!", "é");
  const sources = fc.oneof(
    fc.string({ unit: characters, maxLength: 200 }),
    fc.array(parts, { maxLength: 30 }).map((all) => all.join("")),
  );
  fc.assert(
    fc.property(sources, (source) => {
      const read = parseXml(source);
      expect(read.ok || (read.reason !== "" && read.at <= source.length)).toBe(true);
    }),
  );
});
