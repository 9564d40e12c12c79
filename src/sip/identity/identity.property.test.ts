import * as fc from "fast-check";
import { expect, test } from "vitest";
import { HeaderList } from "../message/header-list.ts";
import { callingPartyOf } from "./calling-party.ts";
import { type Diversion, formatDiversion, parseDiversion } from "./diversion.ts";
import { diversionsIn, formatHistory, parseHistoryEntry } from "./history-info.ts";

const uri = fc.constantFrom(
  "sip:+4930900@example.org",
  "sip:bob@example.org:5070;user=phone",
  "sips:anna@[2001:db8::1]",
  "sip:a%20b@example.org",
);
const diversion: fc.Arbitrary<Diversion> = fc.record({
  uri,
  reason: fc.constantFrom("unconditional", "user-busy", "no-answer", "deflection", "unavailable", "unknown"),
  count: fc.integer({ min: 1, max: 1000 }),
  isPrivate: fc.boolean(),
});
const nearly = fc.string({
  unit: fc.constantFrom(
    "<",
    ">",
    "sip:",
    "tel:",
    "+49",
    "a@b",
    ";",
    "index=1",
    ".1",
    "reason=x",
    "counter=9",
    "cause=",
    "302",
    "?",
    "Reason=",
    '"',
    ",",
    " ",
    "privacy=full",
  ),
  maxLength: 24,
});

test("a Diversion that is written is read (RFC 5806 §4)", () => {
  fc.assert(
    fc.property(diversion, (value) => {
      expect(parseDiversion(formatDiversion(value))).toEqual({ ok: true, value });
    }),
  );
});

test("diversions that are written as history are found in it (RFC 7544 §7), without their counts", () => {
  fc.assert(
    fc.property(fc.array(diversion, { maxLength: 8 }), (diversions) => {
      const found = diversionsIn(formatHistory(diversions, "sip:+12025550100@example.org"));
      expect(found).toEqual(diversions.map((value) => ({ ...value, count: 1 })));
    }),
  );
});

test("no text makes the parsers throw", () => {
  fc.assert(
    fc.property(fc.oneof(nearly, fc.string()), (text) => {
      parseDiversion(text);
      parseHistoryEntry(text);
      diversionsIn([text, text]);
      const headers = new HeaderList(["From", "P-Asserted-Identity", "Remote-Party-ID", "Privacy"].map((name) => [name, text] as const));
      for (const isBelieved of [true, false]) {
        const party = callingPartyOf(headers, isBelieved);
        expect(party.name.length).toBeLessThanOrEqual(64);
        expect(party.name).not.toMatch(/[\r\n\0]/);
      }
    }),
  );
});

test("whoever wants to be anonymous is, whatever else the INVITE says (RFC 3323 §4.2, RFC 3325 §9.3)", () => {
  fc.assert(
    fc.property(nearly, nearly, fc.constantFrom("id", "user", "id;critical", "header;id", " ID "), (from, asserted, privacy) => {
      const headers = new HeaderList([
        ["From", from],
        ["P-Asserted-Identity", asserted],
        ["Privacy", privacy],
      ]);
      expect(callingPartyOf(headers, true).isAnonymous).toBe(true);
    }),
  );
});
