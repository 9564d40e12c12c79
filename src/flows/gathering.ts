/**
 * Tones that are gathered in the background, beside whatever verb a flow is in.
 *
 *     state        tone                                     then
 *     open         `#`, when that submits                   the entry so far is posted and leaves the buffer
 *     open         the last of maxDigits                    the same, with this tone
 *     open         during a verb with barge-in              all of the buffer is posted, and stays in it until a plan comes
 *     open         any other                                is kept in the buffer
 *     pending      any                                      is kept ahead
 *
 *     pending      answer with a plan                       open, empty; the tones ahead are for the new document
 *     pending      any other answer, or none in time        open; the tones ahead are dealt with as above, which may post again
 *
 * So entries are posted one after the other, each in the light of the answer to the one before, and no tone is lost.
 */
import type { Gathered, GatherOrder, ScriptAction } from "../calls/index.ts";
import { postPlan } from "./verb.ts";

/** Tones of somebody who leans on the keys are not kept for ever: the newest are. */
const longestBuffer = 255;

export const nothingGathered: Gathered = { digits: "", ahead: "", submissions: 0, isPending: false };

export type GatherStep = { readonly gathered: Gathered; readonly posted: readonly ScriptAction[]; readonly isEntry: boolean };

/** The next tone. `isEntry`: it completed an entry. */
export function takeTone(order: GatherOrder, gathered: Gathered, digit: string, bargesIn: boolean): GatherStep {
  if (gathered.isPending) return kept({ ...gathered, ahead: bounded(gathered.ahead + digit) });
  if (digit === "#" && order.submitOnHash) return post(order, gathered, gathered.digits, "");
  const digits = bounded(gathered.digits + digit);
  if (digits.length >= order.maxDigits) return post(order, gathered, digits.slice(-order.maxDigits), "");
  if (bargesIn) return { ...post(order, gathered, digits, digits), isEntry: false };
  return kept({ ...gathered, digits });
}

/** No plan came: what was typed ahead is dealt with. */
export function goOn(order: GatherOrder, before: Gathered, bargesIn: boolean): GatherStep {
  let step = kept({ ...before, ahead: "", isPending: false });
  for (const digit of before.ahead) {
    const next = takeTone(order, step.gathered, digit, bargesIn);
    step = { gathered: next.gathered, posted: [...step.posted, ...next.posted], isEntry: step.isEntry || next.isEntry };
  }
  return step;
}

/** The name of the request whose answer is awaited. */
export function submissionId({ submissions }: Gathered): string {
  return `gathered-${submissions}`;
}

function post(order: GatherOrder, gathered: Gathered, tones: string, digits: string): GatherStep {
  const next = { digits, ahead: "", submissions: gathered.submissions + 1, isPending: true };
  const { url, body, tonesAs, timeoutMs } = order;
  return { gathered: next, posted: [postPlan(submissionId(next), { url, body: { ...body, [tonesAs]: tones }, timeoutMs })], isEntry: true };
}

function kept(gathered: Gathered): GatherStep {
  return { gathered, posted: [], isEntry: false };
}

function bounded(tones: string): string {
  return tones.slice(-longestBuffer);
}
