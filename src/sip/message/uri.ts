/** SIP, SIPS and tel URIs: RFC 3261 §19.1, RFC 3966. */
import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";
import { noParams, type Params } from "./params.ts";

export type SipUri = {
  readonly scheme: "sip" | "sips" | "tel";
  /** Without escapes. Of a tel URI the number, with its separators. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** IPv6 without brackets. Empty for tel. */
  readonly host: string;
  readonly port?: number | undefined;
  /** Without escapes. */
  readonly params: Params;
  /** What follows `?`, without escapes, names in lower case; of repeated names the first. */
  readonly headers: Params;
};

/** A URI from parts, with what is left out empty. */
function sipUri(parts: Pick<SipUri, "host"> & Partial<SipUri>): SipUri {
  return { scheme: "sip", params: noParams, headers: noParams, ...parts };
}

/** Fails for other schemes too (reason `scheme`): RFC 3261 §21.4.14 answers 416 then. What has no scheme at all is no URI (RFC 3986 §3.1). */
export function parseUri(text: string): Parsed<SipUri> {
  const colon = text.indexOf(":");
  const scheme = text.slice(0, Math.max(0, colon)).toLowerCase();
  if (scheme === "tel") return parseTel(text.slice(colon + 1), colon + 1);
  if (scheme !== "sip" && scheme !== "sips") return unparsed(/^[a-z][a-z0-9+.-]*$/.test(scheme) ? "scheme" : "no scheme");

  const at = text.indexOf("@", colon);
  let user: string | undefined;
  let password: string | undefined;
  if (at >= 0) {
    if (text.includes("@", at + 1)) return unparsed("two @", at);
    const separator = text.indexOf(":", colon + 1);
    const hasPassword = separator >= 0 && separator < at;
    user = unescaped(text.slice(colon + 1, hasPassword ? separator : at));
    if (hasPassword) password = unescaped(text.slice(separator + 1, at));
    if (user === "") return unparsed("empty user", colon + 1);
  }

  const hostStart = Math.max(at, colon) + 1;
  const semicolon = text.indexOf(";", hostStart);
  const question = text.indexOf("?", hostStart);
  const headersStart = question < 0 ? text.length : question;
  const paramsStart = semicolon < 0 || semicolon > headersStart ? headersStart : semicolon;
  const hostPort = parseHostPort(text.slice(hostStart, paramsStart));
  if (hostPort === undefined) return unparsed("host or port", hostStart);
  return parsed({
    scheme,
    user,
    password,
    host: hostPort.host,
    port: hostPort.port,
    params: pairs(text.slice(paramsStart + 1, headersStart), ";"),
    headers: pairs(text.slice(headersStart + 1), "&"),
  });
}

export function formatUri(uri: SipUri): string {
  const params = joined(uri.params, ";", ";", paramUnsafe);
  if (uri.scheme === "tel") return `tel:${escaped(uri.user ?? "", telUnsafe)}${params}`;
  const password = uri.password === undefined ? "" : `:${escaped(uri.password, passwordUnsafe)}`;
  const userInfo = uri.user === undefined ? "" : `${escaped(uri.user, userUnsafe)}${password}@`;
  return `${uri.scheme}:${userInfo}${formatHostPort(uri.host, uri.port)}${params}${joined(uri.headers, "?", "&", headerUnsafe)}`;
}

/** RFC 3261 §19.1.4: the same resource. A port or a transport that is left out differs from one that is written. For tel: RFC 3966 §4. */
export function sameUri(a: SipUri, b: SipUri): boolean {
  if (a.scheme !== b.scheme) return false;
  if (a.scheme === "tel") return bareNumber(a.user) === bareNumber(b.user) && sameParams(a.params, b.params, () => true);
  return (
    a.user === b.user &&
    a.password === b.password &&
    a.host.toLowerCase() === b.host.toLowerCase() &&
    a.port === b.port &&
    sameParams(a.params, b.params, (name) => decisiveParams.has(name)) &&
    a.headers.size === b.headers.size &&
    [...a.headers].every(([name, value]) => b.headers.get(name) === value)
  );
}

/** Host without brackets and port of `host[:port]`; undefined when it is neither name nor address. Also used by Via. */
export function parseHostPort(text: string): { readonly host: string; readonly port: number | undefined } | undefined {
  const match = hostPortPattern.exec(text);
  if (match === null || match[1]?.includes(":") === false) return undefined;
  const port = match[3] === undefined ? undefined : Number(match[3]);
  return port !== undefined && (port === 0 || port > 65_535) ? undefined : { host: match[1] ?? match[2] ?? "", port };
}

export function formatHostPort(host: string, port: number | undefined): string {
  const bracketed = host.includes(":") ? `[${host}]` : host;
  return port === undefined ? bracketed : `${bracketed}:${port}`;
}

/**
 * Names may have underscores: many private ones do, though RFC 1123 has none. An IPv6 address has at most 45 characters; a pattern that
 * looks for its colon without that limit needs seconds for a datagram full of colons.
 */
const hostPortPattern = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?))(?:\s*:\s*(\d{1,5}))?$/;

/** Must be in both URIs or in neither; the other parameters only matter when both have them. */
const decisiveParams: ReadonlySet<string> = new Set(["user", "ttl", "method", "maddr", "transport"]);

function sameParams(a: Params, b: Params, isDecisive: (name: string) => boolean): boolean {
  for (const [name, value] of a) {
    const other = b.get(name);
    if (other === undefined ? isDecisive(name) : other.toLowerCase() !== value.toLowerCase()) return false;
  }
  return [...b.keys()].every((name) => a.has(name) || !isDecisive(name));
}

function bareNumber(number: string | undefined): string {
  return (number ?? "").replace(/[-.()]/g, "").toLowerCase();
}

function parseTel(text: string, at: number): Parsed<SipUri> {
  const semicolon = text.indexOf(";");
  const number = unescaped(semicolon < 0 ? text : text.slice(0, semicolon));
  // Two patterns, because one would try every split of a long number.
  if (!/^\+?[0-9A-Fa-f*#().-]+$/.test(number) || !/[0-9A-Fa-f*#]/.test(number)) return unparsed("number", at);
  return parsed(
    sipUri({ scheme: "tel", user: number, host: "", params: semicolon < 0 ? noParams : pairs(text.slice(semicolon + 1), ";") }),
  );
}

function pairs(text: string, separator: string): Params {
  if (text === "") return noParams;
  const found = new Map<string, string>();
  for (const part of text.split(separator)) {
    const equals = part.indexOf("=");
    const name = unescaped(equals < 0 ? part : part.slice(0, equals)).toLowerCase();
    if (name !== "" && !found.has(name)) found.set(name, equals < 0 ? "" : unescaped(part.slice(equals + 1)));
  }
  return found;
}

function joined(params: Params, first: string, between: string, unsafe: RegExp): string {
  let text = "";
  for (const [name, value] of params) {
    text += `${text === "" ? first : between}${escaped(name, unsafe)}`;
    // A header of a URI always has its equals sign (§25.1 `header = hname "=" hvalue`).
    if (value !== "" || first === "?") text += `=${escaped(value, unsafe)}`;
  }
  return text;
}

// What must be escaped in each place: all but unreserved and the characters that §25.1 adds there.
const userUnsafe = /[^A-Za-z0-9\-_.!~*'()&=+$,;?/]/gu;
const passwordUnsafe = /[^A-Za-z0-9\-_.!~*'()&=+$,]/gu;
const paramUnsafe = /[^A-Za-z0-9\-_.!~*'()[\]/:&+$]/gu;
const headerUnsafe = /[^A-Za-z0-9\-_.!~*'()[\]/?:+$]/gu;
const telUnsafe = /[^A-Za-z0-9+*.()-]/gu;

function escaped(text: string, unsafe: RegExp): string {
  return text.replace(unsafe, (character) =>
    [...new TextEncoder().encode(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}

/** An escape that is not UTF-8 stays as it is. */
function unescaped(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });
}
