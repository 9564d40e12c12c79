/** What is fuzzed: for each target the inputs to begin with, and what must hold for every input. */
import { deepStrictEqual as equal, ok as holds } from "node:assert";
import { formatSdp, parseSdp } from "../../src/sdp/index.ts";
import { formatChallenge, formatCredentials, parseAuthParams } from "../../src/sip/message/auth-params.ts";
import { responseTo } from "../../src/sip/message/builder.ts";
import { formatMessage } from "../../src/sip/message/format-message.ts";
import { HeaderList, oneLine } from "../../src/sip/message/header-list.ts";
import { isToken } from "../../src/sip/message/header-name.ts";
import type { SipMessage } from "../../src/sip/message/message.ts";
import { formatNameAddr, parseNameAddr } from "../../src/sip/message/name-addr.ts";
import { type ParsedMessage, parseMessage } from "../../src/sip/message/parse-message.ts";
import { type StreamItem, StreamParser } from "../../src/sip/message/stream-parser.ts";
import { formatUri, parseUri, sameUri } from "../../src/sip/message/uri.ts";
import { formatVia, parseVia } from "../../src/sip/message/via.ts";
import { ipv6Torture, torture, tortureNames } from "../../test/support/torture-messages.ts";
import { rtcpTarget, rtpTarget } from "./rtp-target.ts";
import { stackTarget } from "./stack-target.ts";

export type Target = {
  readonly seeds: () => readonly Uint8Array[];
  /** Throws when something that must hold does not. */
  readonly run: (bytes: Uint8Array) => void;
};

export const targetNames = ["message", "stream", "uri", "via", "name-addr", "sdp", "digest", "rtp", "rtcp", "stack"] as const;
export type TargetName = (typeof targetNames)[number];

export function isTargetName(name: string): name is TargetName {
  return targetNames.some((each) => each === name);
}

const torturers = () => [...tortureNames("rfc4475").map(torture), ...tortureNames("rfc5118").map(ipv6Torture)];
const texts = (...list: string[]) => list.map((text) => Buffer.from(text));
/** Values of these header fields of all torture messages. */
const values = (...names: string[]) =>
  torturers().flatMap((bytes) => {
    const parsed = parseMessage(bytes);
    const message = parsed.ok ? parsed.value : parsed.refusable?.request;
    return message === undefined ? [] : texts(...names.flatMap((name) => message.headers.all(name)));
  });

/** What a message says. Content-Length is written from the body. */
function meaning(message: SipMessage) {
  return { ...message, headers: [...message.headers].filter(([name]) => name !== "Content-Length"), body: [...message.body] };
}

function outcome(parsed: ParsedMessage) {
  if (parsed.ok) return meaning(parsed.value);
  return {
    reason: parsed.reason,
    at: parsed.at,
    status: parsed.refusable?.status,
    request: parsed.refusable && meaning(parsed.refusable.request),
  };
}

function runMessage(bytes: Uint8Array): void {
  const parsed = parseMessage(bytes);
  const message = parsed.ok ? parsed.value : parsed.refusable?.request;
  if (message === undefined) return;
  if (parsed.ok) equal(outcome(parseMessage(formatMessage(message))), meaning(message), "written and read again it is another message");
  if (message.kind === "request" && message.method !== "ACK") {
    const answer = parseMessage(formatMessage(responseTo(message, 400, { toTag: "t" })));
    // What could not be read is given back as it came, CSeq too.
    holds(answer.ok || answer.reason === "CSeq" || !parsed.ok, `the answer cannot be read: ${answer.ok ? "" : answer.reason}`);
  }
  const names = new Set<string>();
  for (const [name, value] of message.headers) {
    for (const parse of [parseNameAddr, parseVia, parseUri, parseAuthParams]) parse(value);
    names.add(name);
  }
  for (const name of names) message.headers.all(name);
}

const plain = (item: StreamItem) => (item.kind === "ping" ? "ping" : outcome(item.message));

/** The same bytes whole, and cut at places that come from the bytes themselves. */
function runStream(bytes: Uint8Array): void {
  const whole = new StreamParser();
  const expected = whole.feed(bytes).map(plain);
  const cut = new StreamParser();
  const found: unknown[] = [];
  let step = 1;
  for (let from = 0; from < bytes.length; from += step) {
    step = 1 + (((bytes[from] ?? 0) * 7 + from) % (from % 3 === 0 ? 3 : 97));
    found.push(...cut.feed(bytes.subarray(from, from + step)).map(plain));
  }
  equal(found, expected, "cut into pieces the stream has other messages");
  equal([cut.isBroken, cut.pendingBytes], [whole.isBroken, whole.pendingBytes]);
}

/** Without parameters whose name is no token: those are read, and left out when they are written. */
function wellNamed(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("params" in value) || !(value.params instanceof Map)) return value;
  return { ...value, params: [...(value.params as Map<string, string>)].filter(([name]) => isToken(name)) };
}

/** A parser and its writer: what was read, written and read again, is the same. */
function roundTrip<T>(parse: (text: string) => { ok: true; value: T } | { ok: false }, format: (value: T) => string) {
  return (bytes: Uint8Array): void => {
    const parsed = parse(oneLine(Buffer.from(bytes).toString()));
    if (!parsed.ok) return;
    const again = parse(oneLine(format(parsed.value)));
    equal(again.ok && wellNamed(again.value), wellNamed(parsed.value), "written and read again it is another value");
  };
}

function runUri(bytes: Uint8Array): void {
  roundTrip(parseUri, formatUri)(bytes);
  const parsed = parseUri(Buffer.from(bytes).toString());
  if (parsed.ok) holds(sameUri(parsed.value, parsed.value), "a URI is not the same as itself");
}

function runDigest(bytes: Uint8Array): void {
  roundTrip(parseAuthParams, formatCredentials)(bytes);
  roundTrip(parseAuthParams, formatChallenge)(bytes);
  const headers = new HeaderList([["Authorization", Buffer.from(bytes).toString()]]);
  for (const text of headers.all("Authorization")) parseAuthParams(text);
}

function runSdp(bytes: Uint8Array): void {
  const parsed = parseSdp(bytes);
  // No text may have NUL (RFC 8866 §9), but phones end theirs with one: it is read, and written as a space.
  if (!parsed.ok || bytes.includes(0)) return;
  // An empty name is written as "-" (RFC 8866 §5.3).
  const again = parseSdp(formatSdp({ ...parsed.value, sessionName: "-" }));
  holds(again.ok, "what was written cannot be read");
  equal(parseSdp(formatSdp(again.value)), again, "written and read twice it is another description");
}

export const targets: Readonly<Record<TargetName, Target>> = {
  message: { seeds: torturers, run: runMessage },
  stream: { seeds: () => [...torturers(), Buffer.concat(torturers().slice(0, 4)), ...texts("\r\n\r\n\r\n")], run: runStream },
  uri: {
    seeds: () => [
      ...texts("sip:a:b@[2001:db8::1]:5060;transport=tcp;lr?subject=x&priority=u", "tel:+1-202-555-0100;phone-context=x", "sips:%00@h"),
      ...values("Contact", "To", "Route").flatMap((value) => {
        const address = parseNameAddr(value.toString());
        return address.ok ? texts(address.value.uri) : [];
      }),
    ],
    run: runUri,
  },
  via: { seeds: () => values("Via"), run: roundTrip(parseVia, formatVia) },
  "name-addr": { seeds: () => values("From", "To", "Contact", "Route", "Record-Route"), run: roundTrip(parseNameAddr, formatNameAddr) },
  sdp: { seeds: () => torturers().flatMap((bytes) => bytes.subarray(bytes.indexOf("\r\n\r\n") + 4)), run: runSdp },
  digest: {
    seeds: () =>
      texts(
        'Digest username="bob", realm="wire", nonce="a", uri="sip:h", response="0", algorithm=SHA-256, qop=auth, nc=00000001, cnonce="c"',
        'Digest realm="a\\"b", nonce="x", qop="auth,auth-int", stale=true, opaque=""',
        "NoOneKnowsThisScheme opaque-data=here",
      ),
    run: runDigest,
  },
  rtp: rtpTarget,
  rtcp: rtcpTarget,
  stack: stackTarget,
};
