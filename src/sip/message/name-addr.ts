/** `"Display name" <uri>;params` of From, To, Contact, Route and their like: RFC 3261 §20.10, §25.1. */
import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";
import { formatParams, noParams, type Params, parseParams, quoted, unquoted } from "./params.ts";

export type NameAddr = {
  readonly displayName: string;
  /** As it stood on the wire: a remote target or route must be sent back exactly so. `parseUri` tells what it means. */
  readonly uri: string;
  /** Of the header field, not of the URI: tag, expires, q, +sip.instance. */
  readonly params: Params;
};

export function nameAddr(uri: string, parts: Partial<Omit<NameAddr, "uri">> = {}): NameAddr {
  return { displayName: "", params: noParams, ...parts, uri };
}

export function parseNameAddr(text: string): Parsed<NameAddr> {
  const open = openBracket(text);
  if (open < 0) {
    // Without brackets, parameters belong to the header field, and a URI with `?` or `,` is not allowed (§20.10).
    const semicolon = text.indexOf(";");
    const uri = (semicolon < 0 ? text : text.slice(0, semicolon)).trim();
    if (uri === "" || /[\s"<>,?]/.test(uri)) return unparsed("no URI");
    return parsed({ displayName: "", uri, params: semicolon < 0 ? noParams : parseParams(text.slice(semicolon + 1)) });
  }
  const close = text.indexOf(">", open);
  if (close < 0) return unparsed("bracket not closed", open);
  const uri = text.slice(open + 1, close).trim();
  if (uri === "" || /[\s"<]/.test(uri)) return unparsed("no URI", open + 1);
  const rest = text.slice(close + 1).trim();
  if (rest !== "" && !rest.startsWith(";")) return unparsed("text after the URI", close + 1);
  return parsed({ displayName: unquoted(text.slice(0, open).trim()), uri, params: parseParams(rest) });
}

export function formatNameAddr(address: NameAddr): string {
  const name = address.displayName === "" ? "" : `${quoted(address.displayName)} `;
  return `${name}<${address.uri.replace(/[<>\s]/g, encodeURIComponent)}>${formatParams(address.params)}`;
}

/** The tag of a From or To value; undefined when it has none or is unreadable. */
export function tagOf(text: string): string | undefined {
  const semicolon = text.indexOf(";", text.lastIndexOf(">") + 1);
  if (semicolon < 0) return undefined;
  const tag = parseParams(text.slice(semicolon + 1)).get("tag");
  return tag === "" ? undefined : tag;
}

/** Index of the first `<` outside of a quoted display name, -1 when there is none. */
function openBracket(text: string): number {
  let quotedNow = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x5c && quotedNow) index++;
    else if (code === 0x22) quotedNow = !quotedNow;
    else if (code === 0x3c && !quotedNow) return index;
  }
  return -1;
}
