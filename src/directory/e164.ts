import { isPossiblePhoneNumber } from "libphonenumber-js";

/**
 * True for `+`, a country's code and a number whose length that country's plan allows. Possible rather than assigned: numbers reserved for
 * fiction and ranges newer than the metadata count.
 */
export function isE164(number: string): boolean {
  return /^\+[1-9]\d{6,14}$/.test(number) && isPossible(number);
}

/** Dialects ask before they place a call and the call asks again, and looking a number up takes 20 µs. */
const answers = new Map<string, boolean>();
const mostAnswers = 1000;

function isPossible(number: string): boolean {
  const known = answers.get(number);
  if (known !== undefined) return known;
  const answer = isPossiblePhoneNumber(number);
  if (answers.size === mostAnswers) answers.clear();
  answers.set(number, answer);
  return answer;
}
