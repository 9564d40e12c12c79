/**
 * The header fields we know: canonical spelling, compact form (RFC 3261 §7.3.3 and the IANA registry), whether several values
 * may share one line separated by commas (§7.3.1), and which may stand only once in a message.
 */
export type HeaderName = {
  readonly name: string;
  readonly isList: boolean;
  /** Of its own for the fields that the parser counts, 0 for all others. Only Via among them may repeat. */
  readonly bit: number;
};

export const viaBit = 1;
const fromBit = 2;
const toBit = 4;
const callIdBit = 8;
const cseqBit = 16;
export const contentLengthBit = 32;
const maxForwardsBit = 64;
/** What every message has (§8.1.1) and every answer needs (§8.2.6). */
export const requiredBits = viaBit | fromBit | toBit | callIdBit | cseqBit;

const bits: Readonly<Record<string, number>> = {
  Via: viaBit,
  From: fromBit,
  To: toBit,
  "Call-ID": callIdBit,
  CSeq: cseqBit,
  "Content-Length": contentLengthBit,
  "Max-Forwards": maxForwardsBit,
};

const compact: Readonly<Record<string, string>> = {
  "Accept-Contact": "a",
  "Allow-Events": "u",
  "Call-ID": "i",
  Contact: "m",
  "Content-Encoding": "e",
  "Content-Length": "l",
  "Content-Type": "c",
  Event: "o",
  From: "f",
  Identity: "y",
  "Refer-To": "r",
  "Referred-By": "b",
  "Reject-Contact": "j",
  "Request-Disposition": "d",
  "Session-Expires": "x",
  Subject: "s",
  Supported: "k",
  To: "t",
  Via: "v",
};

const lists = [
  "Accept",
  "Accept-Contact",
  "Accept-Encoding",
  "Accept-Language",
  "Alert-Info",
  "Allow",
  "Allow-Events",
  "Call-Info",
  "Contact",
  "Content-Encoding",
  "Content-Language",
  "Diversion",
  "Error-Info",
  "History-Info",
  "In-Reply-To",
  "P-Asserted-Identity",
  "P-Preferred-Identity",
  "Path",
  "Proxy-Require",
  "Reason",
  "Record-Route",
  "Reject-Contact",
  "Request-Disposition",
  "Require",
  "Route",
  "Service-Route",
  "Supported",
  "Unsupported",
  "Via",
  "Warning",
];

/** Commas in these belong to the value. */
const singles = [
  "Answer-Mode",
  "Authentication-Info",
  "Authorization",
  "CSeq",
  "Call-ID",
  "Content-Disposition",
  "Content-ID",
  "Content-Length",
  "Content-Type",
  "Date",
  "Event",
  "Expires",
  "From",
  "Identity",
  "Info-Package",
  "Join",
  "MIME-Version",
  "Max-Forwards",
  "Min-Expires",
  "Min-SE",
  "Organization",
  "P-Access-Network-Info",
  "P-Charging-Vector",
  "Priority",
  "Privacy",
  "Proxy-Authenticate",
  "Proxy-Authorization",
  "RAck",
  "RSeq",
  "Recv-Info",
  "Refer-Sub",
  "Refer-To",
  "Referred-By",
  "Remote-Party-ID",
  "Replaces",
  "Reply-To",
  "Retry-After",
  "SIP-ETag",
  "SIP-If-Match",
  "Server",
  "Session-Expires",
  "Subject",
  "Subscription-State",
  "Timestamp",
  "To",
  "User-Agent",
  "User-to-User",
  "WWW-Authenticate",
];

const known = new Map<string, HeaderName>();
for (const name of [...lists, ...singles]) {
  const entry = { name, isList: lists.includes(name), bit: bits[name] ?? 0 };
  known.set(name, entry);
  known.set(name.toLowerCase(), entry);
  const short = compact[name];
  if (short !== undefined) {
    known.set(short, entry);
    known.set(short.toUpperCase(), entry);
  }
}

/** The entry for a name in any case or in its compact form; undefined for fields we do not know. */
export function knownHeader(name: string): HeaderName | undefined {
  return known.get(name) ?? known.get(name.toLowerCase());
}

/** Canonical names by length and first character: finds the usual spelling in a text without cutting it out and hashing it, which was a fifth of the parser's time. */
const byShape: HeaderName[][] = [];
for (const entry of new Set(known.values())) (byShape[shapeOf(entry.name, 0, entry.name.length)] ??= []).push(entry);

function shapeOf(text: string, start: number, end: number): number {
  return ((end - start) << 7) | (text.charCodeAt(start) & 127);
}

/** `knownHeader` of a part of `text`. */
export function knownHeaderAt(text: string, start: number, end: number): HeaderName | undefined {
  for (const entry of byShape[shapeOf(text, start, end)] ?? []) if (text.startsWith(entry.name, start)) return entry;
  return knownHeader(text.slice(start, end));
}

const token = /^[A-Za-z0-9\-.!%*_+`'~]+$/;

/** True for an RFC 3261 §25.1 token: what may stand as a method, header name or parameter name. */
export function isToken(text: string): boolean {
  return token.test(text);
}
