/** `CSeq: 4711 INVITE`, RFC 3261 §20.16; and the whole-number header fields. */
import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";
import { isToken } from "./header-name.ts";

export type CSeq = { readonly sequence: number; readonly method: string };

/** §8.1.1.5: below 2^31. */
const sequenceLimit = 2 ** 31;

export function parseCSeq(text: string): Parsed<CSeq> {
  const space = text.search(/[ \t]/);
  const sequence = wholeNumber(text.slice(0, Math.max(0, space)));
  const method = text.slice(space).trim();
  return sequence === undefined || sequence >= sequenceLimit || !isToken(method) ? unparsed("CSeq") : parsed({ sequence, method });
}

export function formatCSeq(cseq: CSeq): string {
  return `${cseq.sequence} ${cseq.method}`;
}

/** Decimal digits and nothing else, as in Content-Length, Expires and Max-Forwards; undefined otherwise and above 2^32 - 1. */
export function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return value < 2 ** 32 ? value : undefined;
}

/** Seconds of `Retry-After: 18000;duration=3600 (in a meeting)` and of Session-Expires (§20.33, RFC 4028): the leading number. */
export function leadingSeconds(text: string | undefined): number | undefined {
  return wholeNumber(/^\s*(\d+)\s*(?:$|[;(\s])/.exec(text ?? "")?.[1]);
}
