import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatChallenge, parseAuthParams } from "./auth-params.ts";
import { formatCSeq, parseCSeq } from "./cseq.ts";
import { formatMessage } from "./format-message.ts";
import { HeaderList } from "./header-list.ts";
import { isToken, knownHeader } from "./header-name.ts";
import type { SipMessage } from "./message.ts";
import { formatNameAddr, parseNameAddr } from "./name-addr.ts";
import { type ParsedMessage, parseMessage } from "./parse-message.ts";
import { formatReason, parseReason } from "./reason.ts";
import { type StreamItem, StreamParser } from "./stream-parser.ts";
import { formatUri, parseUri, type SipUri, sameUri } from "./uri.ts";
import { formatVia, parseVia } from "./via.ts";

/** Text that survives one line: no line ends, no white space at its ends. */
const lineText = fc.string({ unit: "grapheme", maxLength: 30 }).map((text) => text.replace(/[\r\n\0]/g, "").trim());
const token = fc.string({ unit: fc.constantFrom(..."abcXYZ019-.!%*_+`'~".split("")), minLength: 1, maxLength: 12 });
const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6().filter((address) => /^[0-9a-f:]+$/.test(address)),
);
const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
const params = (names: fc.Arbitrary<string>, values: fc.Arbitrary<string>) =>
  fc
    .uniqueArray(
      fc.tuple(
        names.map((name) => name.toLowerCase()),
        values,
      ),
      { selector: ([name]) => name, maxLength: 4 },
    )
    .map((pairs) => new Map(pairs));
const anyText = fc.string({ unit: "binary", maxLength: 20 }).filter((text) => text.isWellFormed());
const uriText = anyText.map((text) => text.toLowerCase()).filter((text) => text !== "" && text.toLowerCase() === text);
const uri: fc.Arbitrary<SipUri> = fc
  .record({
    scheme: fc.constantFrom("sip" as const, "sips" as const),
    user: fc.option(
      anyText.filter((text) => text !== ""),
      { nil: undefined },
    ),
    password: fc.option(anyText, { nil: undefined }),
    host,
    port,
    params: params(uriText, anyText),
    headers: params(uriText, anyText),
  })
  .map((parts) => (parts.user === undefined ? { ...parts, password: undefined } : parts));

const headerPair = fc.oneof(
  fc.tuple(fc.constantFrom("Subject", "s", "Route", "X-Anything", "accept", "DATE"), lineText),
  fc.tuple(
    token.filter((name) => knownHeader(name)?.bit === undefined),
    lineText,
  ),
);
const method = fc.constantFrom("INVITE", "ACK", "BYE", "OPTIONS", "NEWMETHOD");
const body = fc.uint8Array({ maxLength: 60 });
const message: fc.Arbitrary<SipMessage> = fc
  .record({
    method,
    extra: fc.array(headerPair, { maxLength: 6 }),
    callId: token,
    sequence: fc.nat(),
    status: fc.integer({ min: 100, max: 699 }),
    reason: lineText,
    body,
    isRequest: fc.boolean(),
  })
  .map(({ extra, callId, sequence, isRequest, ...parts }) => {
    const headers = new HeaderList([
      ["Via", "SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1"],
      ["From", '"ü" <sip:a>;tag=1'],
      ["To", "<sip:b>"],
      ["Call-ID", callId],
      ["CSeq", `${sequence} ${parts.method}`],
      ...extra,
    ]);
    return isRequest
      ? { kind: "request", method: parts.method, uri: "sip:b@h", headers, body: parts.body }
      : { kind: "response", status: parts.status, reason: parts.reason, headers, body: parts.body };
  });

/** What a message says, without Content-Length, which only the wire has. */
function meaning(value: SipMessage) {
  return { ...value, headers: [...value.headers].filter(([name]) => name !== "Content-Length"), body: [...value.body] };
}

function outcome(parsed: ParsedMessage) {
  if (parsed.ok) return meaning(parsed.value);
  return { reason: parsed.reason, status: parsed.refusable?.status, request: parsed.refusable && meaning(parsed.refusable.request) };
}

test("a message that is written and read again is the same", () => {
  fc.assert(
    fc.property(message, (value) => {
      const parsed = parseMessage(formatMessage(value));
      expect(parsed.ok && meaning(parsed.value)).toEqual(meaning(value));
    }),
  );
});

function roundTrip<T>(values: fc.Arbitrary<T>, format: (value: T) => string, parse: (text: string) => unknown): void {
  fc.assert(
    fc.property(values, (value) => {
      expect(parse(format(value))).toEqual({ ok: true, value });
    }),
  );
}

test("values that are written and read again are the same", () => {
  fc.assert(
    fc.property(uri, (value) => {
      expect(parseUri(formatUri(value))).toEqual({ ok: true, value });
      expect(sameUri(value, value)).toBe(true);
    }),
  );
  const nameAddr = fc.record({
    displayName: lineText,
    uri: uri.map(formatUri).filter((text) => !/[<>\s]/.test(text)),
    params: params(
      token,
      lineText.filter((text) => !text.startsWith('"')),
    ),
  });
  roundTrip(nameAddr, formatNameAddr, parseNameAddr);
  const via = fc.record({
    protocol: fc.constantFrom("UDP", "TCP", "TLS", "WS"),
    host,
    port,
    branch: fc.option(token, { nil: undefined }),
    received: fc.option(fc.oneof(fc.ipV4(), fc.ipV6()), { nil: undefined }),
    rport: fc.oneof(fc.constant(undefined), fc.constant("asked" as const), fc.integer({ min: 1, max: 65_535 })),
    params: params(
      token.filter((name) => !["branch", "received", "rport"].includes(name.toLowerCase())),
      token,
    ),
  });
  roundTrip(via, formatVia, parseVia);
  const cseq = fc.record({ sequence: fc.integer({ min: 0, max: 2 ** 31 - 1 }), method: token });
  roundTrip(cseq, formatCSeq, parseCSeq);
  const reason = fc.record({
    protocol: token,
    cause: fc.option(fc.nat(), { nil: undefined }),
    text: fc.option(lineText, { nil: undefined }),
  });
  roundTrip(reason, formatReason, parseReason);
  const challenge = fc.record({ scheme: token, params: params(token, lineText).filter((map) => map.size > 0) });
  roundTrip(challenge, formatChallenge, parseAuthParams);
});

/** Bytes with the shape of SIP, so that more than the first line is reached. */
const nearSip = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "INVITE sip:a SIP/2.0",
        "SIP/2.0 200 OK",
        "v:SIP/2.0/UDP h",
        "f:<",
        "t:x",
        "i:",
        "Cseq:1 INVITE",
        "l:3",
        " fold",
        "",
        "\r",
        "a:é",
      ),
      anyText,
    ),
  )
  .chain((lines) => fc.constantFrom("\r\n", "\n").map((end) => Buffer.from(lines.join(end))));

test("no bytes make a parser throw", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 300 }), nearSip),
      (bytes) => void [parseMessage(bytes), new StreamParser().feed(bytes)],
    ),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      for (const parse of [parseUri, parseNameAddr, parseVia, parseCSeq, parseReason, parseAuthParams]) parse(text);
      for (const scheme of ["sip:", "tel:", "SIP/2.0/UDP ", "<sip:", "Digest "]) {
        for (const parse of [parseUri, parseNameAddr, parseVia, parseAuthParams]) parse(scheme + text);
      }
    }),
  );
});

test("what a refused request would send back is one line a field", () => {
  fc.assert(
    fc.property(nearSip, (bytes) => {
      const parsed = parseMessage(bytes);
      const request = parsed.ok ? parsed.value : parsed.refusable?.request;
      for (const [name, value] of request?.headers ?? [])
        expect(isToken(name) && !/[\r\n\0]/.test(value.replace(/\\[^\r\n]/g, ""))).toBe(true);
    }),
  );
});

function plain(item: StreamItem) {
  return item.kind === "ping" ? "ping" : outcome(item.message);
}

test("a stream gives the same messages however it is cut", () => {
  const part = fc.oneof(
    message.map(formatMessage),
    fc.constantFrom("\r\n", "\r\n\r\n", "\n").map((text) => Buffer.from(text)),
    nearSip,
  );
  const stream = fc.array(part, { maxLength: 5 }).map((parts) => Buffer.concat(parts));
  const cuts = fc.array(fc.nat(), { maxLength: 12 });
  fc.assert(
    fc.property(stream, cuts, (bytes, places) => {
      const whole = new StreamParser();
      const expected = whole.feed(bytes);
      const piecewise = new StreamParser();
      const found: StreamItem[] = [];
      let from = 0;
      for (const to of [...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]) {
        found.push(...piecewise.feed(bytes.subarray(from, to)));
        from = to;
      }
      expect(found.map(plain)).toEqual(expected.map(plain));
      expect([piecewise.isBroken, piecewise.pendingBytes]).toEqual([whole.isBroken, whole.pendingBytes]);
    }),
  );
});

/** The same message as other software would write it: compact names, other cases, folds, white space, bare line feeds, doubled line ends first. */
const compactNames: Readonly<Record<string, string>> = { Via: "v", From: "f", To: "t", "Call-ID": "i", Subject: "s", Route: "ROUTE" };
const spelling = fc.record({
  end: fc.constantFrom("\r\n", "\n"),
  isCompact: fc.boolean(),
  gap: fc.constantFrom("", " ", "\t "),
  isFolded: fc.boolean(),
});

test("however it is spelled, a message means the same", () => {
  fc.assert(
    fc.property(message, spelling, fc.nat(2), (value, { end, isCompact, gap, isFolded }, linesFirst) => {
      const start = value.kind === "request" ? `${value.method} ${value.uri} SIP/2.0` : `sip/2.0 ${value.status} ${value.reason}`;
      const fields = [...value.headers].map(([name, text]) => {
        const spelled = isCompact ? (compactNames[name] ?? name) : name;
        // A fold stands where there is a space, and means one.
        const folded = isFolded ? text.replace(/(?<=[^ ]) (?=[^ ])/, `${end} \t`) : text;
        return `${spelled}${gap}:${gap}${folded}${gap}`;
      });
      const head = [start, ...fields, `l:${value.body.length}`, "", ""].join(end);
      const parsed = parseMessage(Buffer.concat([Buffer.from("\r\n".repeat(linesFirst) + head), value.body]));
      expect(parsed.ok && meaning(parsed.value)).toEqual(meaning(value));
    }),
  );
});

test("a message, mended or not, keeps what it means when it is written twice", () => {
  fc.assert(
    fc.property(nearSip, (bytes) => {
      const parsed = parseMessage(bytes);
      if (!parsed.ok) return;
      const written = formatMessage(parsed.value);
      const again = parseMessage(written);
      expect(again.ok && formatMessage(again.value).equals(written)).toBe(true);
    }),
  );
});
