/** `;name=value` lists of header fields (RFC 3261 §25.1 generic-param). The parameters of a URI have other escapes: uri.ts. */
import { splitOutside } from "./header-list.ts";
import { isToken } from "./header-name.ts";

/** Parameters by lower-case name, in order. A parameter without a value has the value "". */
export type Params = ReadonlyMap<string, string>;

export const noParams: Params = new Map();

/** Reads `a=1;b;c="x"`, with or without a leading semicolon. Never fails: of repeated names the first counts. */
export function parseParams(text: string): Params {
  if (text === "") return noParams;
  const params = new Map<string, string>();
  for (const part of text.includes('"') ? splitOutside(text, 0x3b) : text.split(";")) {
    const equals = part.indexOf("=");
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (name !== "" && !params.has(name)) params.set(name, equals < 0 ? "" : unquoted(part.slice(equals + 1).trim()));
  }
  return params;
}

/** Writes `;a=1;b`; values that are neither token nor host are quoted. Names that are no tokens are left out. */
export function formatParams(params: Params): string {
  let text = "";
  for (const [name, value] of params) {
    if (isToken(name)) text += value === "" ? `;${name}` : `;${name}=${tokenOrHost.test(value) ? value : quoted(value)}`;
  }
  return text;
}

const tokenOrHost = /^[A-Za-z0-9\-.!%*_+`'~[\]:]+$/;

/** `text` as a quoted-string. */
export function quoted(text: string): string {
  return `"${text.replace(/["\\\0]/g, "\\$&")}"`;
}

/** The content of a quoted-string; any other text as it is. */
export function unquoted(text: string): string {
  if (text.charCodeAt(0) !== 0x22) return text;
  const content = text.endsWith('"') && text.length > 1 ? text.slice(1, -1) : text.slice(1);
  return content.includes("\\") ? content.replace(/\\(.)/gs, "$1") : content;
}
