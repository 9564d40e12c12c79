/** Header fields that others may set on requests of ours: all but those that the stack, or the call, has a meaning and a value of its own for. */
import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";
import type { HeaderList } from "./header-list.ts";
import { isToken, knownHeader } from "./header-name.ts";

/** Known to the stack and free all the same: they tell the far end something and change nothing here. */
const free: ReadonlySet<string> = new Set([
  "Accept-Contact",
  "Alert-Info",
  "Call-Info",
  "Date",
  "In-Reply-To",
  "Organization",
  "P-Access-Network-Info",
  "P-Charging-Vector",
  "Priority",
  "Reject-Contact",
  "Reply-To",
  "Request-Disposition",
  "Subject",
  "User-to-User",
]);

/** Not in the stack's table, and no business of others either. */
const reserved =
  /^(content-|p-(preferred|asserted|called|charging-function|associated)|proxy-|security-|resource-priority|geolocation|path$|target-dialog|max-breadth|flow-timer|feature-caps|session-id|trigger-consent|p2p|allow|suppress)/i;

export const mostFreeHeaders = 20;
const longestName = 64;
const longestValue = 1024;
const longestTogether = 4096;

/** Fails with what is wrong, in words for whoever set them. CR, LF and other control characters are never let through. */
export function parseFreeHeaders(fields: Readonly<Record<string, string>>): Parsed<readonly (readonly [name: string, value: string])[]> {
  const pairs = Object.entries(fields);
  if (pairs.length > mostFreeHeaders) return unparsed(`At most ${mostFreeHeaders} header fields may be set.`);
  let size = 0;
  const seen = new Set<string>();
  for (const [name, value] of pairs) {
    const wrong = wrongWith(name, value);
    if (wrong !== undefined) return unparsed(wrong);
    if (seen.has(name.toLowerCase())) return unparsed(`The header field ${name} is there twice.`);
    seen.add(name.toLowerCase());
    size += name.length + Buffer.byteLength(value);
  }
  return size > longestTogether ? unparsed(`The header fields have more than ${longestTogether} bytes together.`) : parsed(pairs);
}

/** What is wrong with the name of a field that others want to set; undefined when nothing is. */
export function wrongWithName(name: string): string | undefined {
  if (!isToken(name) || name.length > longestName) return `${JSON.stringify(name.slice(0, longestName))} is no name of a header field.`;
  const known = knownHeader(name);
  const isOwned = known === undefined ? name.length === 1 || reserved.test(name) : !free.has(known.name);
  return isOwned ? `The header field ${known?.name ?? name} is set by the server itself.` : undefined;
}

function wrongWith(name: string, value: string): string | undefined {
  const wrong = wrongWithName(name);
  if (wrong !== undefined) return wrong;
  if (/(?!\t)\p{Cc}/u.test(value)) return `The value of ${name} has a line end or another control character.`;
  return value.length > longestValue ? `The value of ${name} has more than ${longestValue} characters.` : undefined;
}

/**
 * The fields of a message that a call keeps, by lower-case name: `X-…`, User-to-User (RFC 7433), and those in `more` (lower case). Values of
 * fields that repeat are joined by a comma. What is over the limits is left out. Undefined when there are none.
 */
export function keptHeaders(headers: HeaderList, more: readonly string[]): Readonly<Record<string, string>> | undefined {
  let kept: Record<string, string> | undefined;
  let count = 0;
  let size = 0;
  for (const [name, value] of headers) {
    if (!isKept(name, more)) continue;
    const key = name.toLowerCase();
    const before = kept?.[key];
    size += Buffer.byteLength(value) + (before === undefined ? key.length : 2);
    if (value.length > longestValue || size > longestTogether || (before === undefined && ++count > mostFreeHeaders)) continue;
    kept ??= {};
    kept[key] = before === undefined ? value : `${before}, ${value}`;
  }
  return kept;
}

function isKept(name: string, more: readonly string[]): boolean {
  const first = name.charCodeAt(0) | 0x20;
  if (first === 0x78 && name.charCodeAt(1) === 0x2d) return true;
  return (first === 0x75 && name === "User-to-User") || (more.length > 0 && more.includes(name.toLowerCase()));
}
