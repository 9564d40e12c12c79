/**
 * Takes secrets out of a message before anybody sees it. Every character that goes becomes an `x`, so lengths stay what they were:
 * Content-Length still fits, and so does every length in a packet around it.
 *
 * - credentials in Authorization, Proxy-Authorization and the Authentication-Info fields: of Digest (RFC 7616) all but user name,
 *   realm, URI, algorithm, qop and nc; of any other scheme all of it; also where they are written into a URI (RFC 3261 §19.1.1)
 * - passwords in SIP URIs (RFC 3261 §19.1.1)
 * - media keys in SDP: a=crypto (RFC 4568), a=key-mgmt (RFC 4567), a=ice-pwd (RFC 8839), k= (RFC 4566 §5.12)
 * - digits that INFO and KPML (RFC 4730) carry
 *
 * Strangers choose the text: each pattern takes a time that grows with the text, not with its square.
 */

/** Takes any bytes; those that are no SIP message at all lose what looks like a secret of one. */
export function redacted(bytes: Buffer): Buffer {
  let text = bytes.toString("latin1");
  for (const [pattern, replace] of rules) text = text.replace(pattern, replace);
  return Buffer.from(digitsMasked(text), "latin1");
}

type Rule = readonly [pattern: RegExp, replace: (found: string, ...groups: string[]) => string];

const rules: readonly Rule[] = [
  // A value goes on in lines that begin with white space (RFC 3261 §7.3.1).
  [
    /^((?:proxy-)?(?:authorization|authentication-info)[ \t]*:)((?:[^\r\n]|\r?\n[ \t]|\r(?!\n))*)/gim,
    (_found, name = "", value = "") => name + maskedCredentials(value, /info/i.test(name)),
  ],
  [/([?&](?:proxy-)?authorization=)([^&>\s"]+)/gi, (_found, name = "", value = "") => name + masked(value)],
  [/(\bsips?:)([^\s<>"@]*)@/gi, (_found, scheme = "", userInfo = "") => `${scheme}${maskedPassword(userInfo)}@`],
  [/^(a=crypto[ \t]*:)(.*)$/gim, (_found, name = "", value = "") => name + maskedCrypto(value)],
  [/^(a=(?:ice-pwd|key-mgmt)[ \t]*:|k=)(.*)$/gim, (_found, name = "", value = "") => name + masked(value)],
  [/^([ \t]*signal[ \t]*=)(.*)$/gim, (_found, name = "", value = "") => name + masked(value)],
  [/(\bdigits[ \t]*=[ \t]*)("[^"]*"|'[^']*')/gi, (_found, name = "", value = "") => name + masked(value)],
];

/** Blanks, line ends and the quotes around it stay, so that the shape of the message does. */
function masked(secret: string): string {
  return secret.replace(/(?!^"|"$)\S/g, "x");
}

/** What an offline search for the password gets nothing from. */
const shownParams: ReadonlySet<string> = new Set(["username", "realm", "uri", "algorithm", "qop", "nc"]);
const param = /([\w-]+)(\s*=\s*)("(?:[^"\\]|\\[^])*"|[^\s,"]+)|[^\s,]+/g;

function maskedCredentials(value: string, isInfo: boolean): string {
  const scheme = (isInfo ? /^/ : /^\s*[\w-]+\s+(?=\S)/).exec(value)?.[0] ?? "";
  const rest = value.slice(scheme.length);
  if (!isInfo && scheme.trim().toLowerCase() !== "digest") return scheme + masked(rest);
  // What fits no parameter is masked as well.
  return scheme + rest.replace(param, maskedParam);
}

function maskedParam(found: string, name: string | undefined, equals: string | undefined, value: string | undefined): string {
  if (name === undefined || equals === undefined || value === undefined) return masked(found);
  return shownParams.has(name.toLowerCase()) ? found : name + equals + masked(value);
}

function maskedPassword(userInfo: string): string {
  const colon = userInfo.indexOf(":");
  return userInfo.slice(0, colon + 1) + (colon < 0 ? userInfo : masked(userInfo.slice(colon + 1)));
}

/** Tag and suite stay, and the word inline. */
function maskedCrypto(value: string): string {
  const known = /^[ \t]*\d{1,9}[ \t]+[A-Z0-9_]+[ \t]+(?:inline:)?/i.exec(value)?.[0] ?? "";
  return known + masked(value.slice(known.length));
}

const emptyLine = /\r?\n\r?\n/;
const digitsType = /^(?:content-type|c)[ \t]*:[ \t]*[\w.+-]+\/(?!dtmf-relay)[\w.+-]*(?:dtmf|digits)/im;

function digitsMasked(text: string): string {
  const clean = withoutDigits(text);
  return clean !== text || !/\n--/.test(text)
    ? clean
    : text
        .split(/(\n--)/)
        .map(withoutDigits)
        .join("");
}

/** A body, or a part of one, may be nothing but the digit. */
function withoutDigits(part: string): string {
  const end = emptyLine.exec(part);
  if (end === null || !digitsType.test(part.slice(0, end.index + 1))) return part;
  const start = end.index + end[0].length;
  return part.slice(0, start) + masked(part.slice(start));
}
