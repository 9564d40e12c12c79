/** Bodies with several parts: RFC 2046 §5.1, as RFC 5621 §3 has them in SIP. */
import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";
import { HeaderList } from "../message/header-list.ts";
import { isToken } from "../message/header-name.ts";

export type BodyPart = { readonly headers: HeaderList; readonly body: Uint8Array };

/** Far more than anybody sends: SDP, a location, a list of capabilities. */
const mostParts = 16;

/** The parts between the delimiters; what stands before the first and after the last is nobody's. Line ends may lack their CR. */
export function parseMultipart(boundary: string, body: Uint8Array): Parsed<readonly BodyPart[]> {
  if (boundary === "" || boundary.length > 70) return unparsed("boundary");
  // One character for each byte, so that places in the text are places in the body.
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  const parts: BodyPart[] = [];
  let at = nextDelimiter(text, boundary, 0);
  for (;;) {
    if (at === undefined) return unparsed("no closing delimiter", text.length);
    if (at.isLast) return parts.length === 0 ? unparsed("no part", at.from) : parsed(parts);
    const next = nextDelimiter(text, boundary, at.to);
    if (next === undefined || parts.length >= mostParts) return unparsed("parts without end", at.from);
    const part = parsePart(text, at.to, next.from, body);
    if (part === undefined) return unparsed("header of a part", at.to);
    parts.push(part);
    at = next;
  }
}

/** `from`: where the line end before the delimiter begins, which belongs to it; `to`: behind the line end after it. */
type Delimiter = { readonly from: number; readonly to: number; readonly isLast: boolean };

function nextDelimiter(text: string, boundary: string, start: number): Delimiter | undefined {
  const mark = `--${boundary}`;
  for (let at = text.indexOf(mark, start); at >= 0; at = text.indexOf(mark, at + 1)) {
    // A part may have neither header nor body: its delimiter's line end is that of the one before.
    if (at > 0 && text[at - 1] !== "\n") continue;
    const end = /--|[ \t]*\r?\n|[ \t]*$/y;
    end.lastIndex = at + mark.length;
    const match = end.exec(text);
    if (match === null) continue;
    const lineEnd = at === 0 ? 0 : text[at - 2] === "\r" ? 2 : 1;
    return { from: Math.max(start, at - lineEnd), to: end.lastIndex, isLast: match[0] === "--" };
  }
  return undefined;
}

function parsePart(text: string, from: number, to: number, body: Uint8Array): BodyPart | undefined {
  const headers = new HeaderList();
  let at = from;
  while (at < to) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 || newline > to ? to : newline;
    const line = text.slice(at, end).replace(/\r$/, "");
    at = Math.min(to, end + 1);
    if (line === "") break;
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).trim();
    if (!isToken(name)) return undefined;
    headers.append(name, line.slice(colon + 1).trim());
  }
  return { headers, body: body.subarray(at, to) };
}
