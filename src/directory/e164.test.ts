import { expect, test } from "vitest";
import { isE164 } from "./e164.ts";

test.each(["+12025550100", "+18144043093", "+302101234567", "+49301234567", "+441632960000"])("%s is E.164", (number) => {
  expect(isE164(number)).toBe(true);
});

test.each([
  "",
  "+",
  "12025550100",
  "0012025550100",
  "+0123456789",
  "+1 202 555 0100",
  "+1202555010",
  "+1202555010000",
  "+12025550100x",
  "tel:+12025550100",
])("%s is not", (number) => {
  expect(isE164(number)).toBe(false);
});
