import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseMessage } from "../message/parse-message.ts";
import { redacted } from "./redaction.ts";

/** Nothing else in a message looks like it. */
const anySecret = fc.stringMatching(/^[A-WYZ][A-WYZ0-9+/=]{9,24}$/).filter((text) => !text.includes("//"));
const anyDigits = fc.stringMatching(/^[0-9*#A-D]{1,6}$/);
const cased = (name: string) => fc.mixedCase(fc.constant(name));
const anySpace = fc.constantFrom("", " ", "\t", "  ");
const fold = fc.constantFrom("", " ", "\r\n ", "\r\n\t");

type Hidden = { readonly text: string; readonly secret: string };

const digest: fc.Arbitrary<Hidden> = fc
  .record({
    name: fc.constantFrom("Authorization", "Proxy-Authorization").chain(cased),
    before: anySpace,
    param: fc.constantFrom("response", "nonce", "cnonce", "opaque", "auts", "unknown"),
    gap: fold,
    quoted: fc.boolean(),
    secret: anySecret,
  })
  .map(({ name, before, param, gap, quoted, secret }) => ({
    text: `${name}${before}: Digest username="alice", ${gap}${param}=${quoted ? `"${secret}"` : secret},${gap} realm="r", nc=00000001`,
    secret,
  }));

const otherScheme: fc.Arbitrary<Hidden> = fc
  .record({ name: cased("Authorization"), scheme: fc.constantFrom("Basic", "Bearer", "bearer"), gap: fold, secret: anySecret })
  .map(({ name, scheme, gap, secret }) => ({ text: `${name}: ${scheme} ${gap}${secret}`, secret }));

const info: fc.Arbitrary<Hidden> = fc
  .record({ name: cased("Authentication-Info"), secret: anySecret })
  .map(({ name, secret }) => ({ text: `${name}: nextnonce="${secret}", qop=auth, rspauth="${secret}"`, secret }));

const uri: fc.Arbitrary<Hidden> = fc
  .record({
    name: fc.constantFrom("Contact", "To", "Refer-To", "X-Any"),
    scheme: fc.constantFrom("sip", "sips").chain(cased),
    secret: anySecret,
  })
  .map(({ name, scheme, secret }) => ({
    text: `${name}: "Alice" <${scheme}:alice;x=1:${secret.replaceAll("/", "")}@example.org:5060>`,
    secret: secret.replaceAll("/", ""),
  }));

const inUri: fc.Arbitrary<Hidden> = anySecret.map((text) => ({
  text: `Refer-To: <sip:a@b?Authorization=Digest%20response%3D${text}&x=1>`,
  secret: text,
}));

const header = fc.oneof(digest, otherScheme, info, uri, inUri);

const sdpLine: fc.Arbitrary<Hidden> = fc
  .record({
    form: fc.constantFrom(
      "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:",
      "a=crypto:1 odd ",
      "A=crypto: x ",
      "a=ice-pwd:",
      "a=key-mgmt:mikey ",
      "k=clear:",
    ),
    secret: anySecret,
  })
  .map(({ form, secret }) => ({ text: `${form}${secret}|2^20|1:4`, secret }));

type Body = { readonly type: string; readonly content: string; readonly secret: string };
const sdp: fc.Arbitrary<Body> = sdpLine.map(({ text, secret }) => ({
  type: "application/sdp",
  content: `v=0\r\n${text}\r\nm=audio 1 RTP/AVP 0\r\n`,
  secret,
}));
const relay: fc.Arbitrary<Body> = fc.record({ space: anySpace, digits: anyDigits }).map(({ space, digits }) => ({
  type: "application/dtmf-relay",
  content: `Signal=${space}${digits}\r\nDuration=160\r\n`,
  secret: `Signal=${space}${digits}`,
}));
const bare: fc.Arbitrary<Body> = anyDigits.map((text) => ({ type: "application/dtmf", content: `${text}\r\n`, secret: `\n\r\n${text}` }));
const kpml: fc.Arbitrary<Body> = anyDigits.map((text) => ({
  type: "application/kpml-response+xml",
  content: `<kpml-response digits="${text}"/>`,
  secret: `"${text}"`,
}));
const plain = fc.oneof(sdp, relay, bare, kpml);
const multipart: fc.Arbitrary<Body> = fc.tuple(plain, cased("Content-Type")).map(([{ type, content, secret }, name]) => ({
  type: 'multipart/mixed; boundary="b"',
  content: `--b\r\n${name}: ${type}\r\n\r\n${content}\r\n--b--\r\n`,
  secret,
}));

const message = fc
  .record({ headers: fc.array(header, { maxLength: 3 }), body: fc.oneof(plain, multipart), compact: fc.boolean(), lf: fc.boolean() })
  .map(({ headers, body, compact, lf }) => {
    const text = [
      "INFO sip:bob@example.org SIP/2.0",
      "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
      "From: <sip:alice@example.org>;tag=1",
      "To: <sip:bob@example.org>;tag=2",
      "Call-ID: c",
      "CSeq: 1 INFO",
      ...headers.map((one) => one.text),
      `${compact ? "c" : "Content-Type"}: ${body.type}`,
      `Content-Length: ${body.content.length}`,
      "",
      body.content,
    ].join("\r\n");
    const secrets = [...headers.map((one) => one.secret), body.secret];
    return lf ? { text: text.replaceAll("\r\n", "\n"), secrets: secrets.map((one) => one.replaceAll("\r\n", "\n")) } : { text, secrets };
  });

test("no secret is left, lengths are, and a second time changes nothing", () => {
  fc.assert(
    fc.property(message, ({ text, secrets }) => {
      const clean = redacted(Buffer.from(text));
      const shown = clean.toString();
      for (const hidden of secrets) expect(shown).not.toContain(hidden);
      expect(clean).toHaveLength(text.length);
      expect(redacted(clean)).toEqual(clean);
      // Line by line it is the same message.
      expect(shown.split("\n").map((line) => line.length)).toEqual(text.split("\n").map((line) => line.length));
      expect(parseMessage(clean).ok).toBe(parseMessage(Buffer.from(text)).ok);
    }),
  );
});

test("any bytes keep their length", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400, size: "max" }), (bytes) => {
      expect(redacted(Buffer.from(bytes))).toHaveLength(bytes.length);
    }),
  );
});
