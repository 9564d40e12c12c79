import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatInfoDigit, hasDigitType, parseInfoDigit } from "./info-digit.ts";

const digit = fc.constantFrom(..."0123456789*#ABCD".split(""));

test("what is written is read", () => {
  fc.assert(
    fc.property(digit, fc.integer({ min: 1, max: 60_000 }), (key, durationMs) => {
      const { content } = formatInfoDigit({ digit: key, durationMs });
      expect(parseInfoDigit(Buffer.from(content))).toEqual({ ok: true, value: { digit: key, durationMs } });
    }),
  );
});

test("no bytes make it throw, and what it reads is a key and a duration", () => {
  const nearly = fc.string({ unit: fc.constantFrom("Signal", "Duration", "=", ":", "1", "5", "*", "\r\n", " ", "e"), maxLength: 20 });
  fc.assert(
    fc.property(fc.oneof(nearly.map(Buffer.from), fc.uint8Array({ maxLength: 300 })), (body) => {
      const read = parseInfoDigit(body);
      if (!read.ok) return;
      expect(read.value.digit).toMatch(/^[0-9*#A-D]$/);
      expect(read.value.durationMs).toBeLessThanOrEqual(60_000);
    }),
  );
});

test.each([
  ["Signal=5\r\nDuration=160", "5", 160],
  ["Signal= *\nDuration= 80\n", "*", 80],
  ["signal=10", "*", 250],
  ["Signal=11\r\nDuration=x", "#", 250],
  ["Signal: 12\r\nDuration: 90", "A", 90],
  ["5", "5", 250],
  ["11", "#", 250],
  ["d", "D", 250],
  [" 7 \r\n", "7", 250],
  ["16", undefined, 0],
  ["Signal=", undefined, 0],
  ["Duration=100", undefined, 0],
  ["55", undefined, 0],
  ["", undefined, 0],
])("%j", (body, key, durationMs) => {
  const read = parseInfoDigit(Buffer.from(body));
  expect(read.ok ? read.value : undefined).toEqual(key === undefined ? undefined : { digit: key, durationMs });
});

test("its types, in any case", () => {
  expect(["application/DTMF-Relay; x=y", "application/dtmf", "application/sdp", ""].map(hasDigitType)).toEqual([true, true, false, false]);
});
