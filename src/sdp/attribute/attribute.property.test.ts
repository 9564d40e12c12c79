import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseGroup, parseHeaderExtension, parseMid } from "./grouping.ts";
import { candidateKinds, parseCandidate } from "./ice.ts";
import { fmtpParameters, formatRtpmap, parseRtpmap } from "./payload-format.ts";
import { parseRtcpFeedback, parseRtcpPort, parseSourceAttribute } from "./rtcp.ts";
import { parseCrypto, parseFingerprint, parseSetup } from "./security.ts";

const token = fc.string({ unit: fc.constantFrom(..."abcXYZ019-_.".split("")), minLength: 1, maxLength: 12 });
const letters = fc.string({ unit: fc.constantFrom(..."abcXYZ019+/".split("")), minLength: 1, maxLength: 32 });
const address = fc.oneof(fc.ipV4(), fc.ipV6());
const port = fc.integer({ min: 1, max: 65_535 });

test("a format is read as it was written", () => {
  const payloadFormat = fc.record({
    payloadType: fc.nat(127),
    name: token,
    clockRateHz: fc.integer({ min: 1, max: 192_000 }),
    channels: fc.integer({ min: 1, max: 8 }),
  });
  fc.assert(
    fc.property(payloadFormat, (format) => {
      expect(parseRtpmap(formatRtpmap(format))).toEqual(format);
    }),
  );
});

test("values of attributes are read as their grammars write them", () => {
  fc.assert(
    fc.property(port, address, (number, at) => {
      expect(parseRtcpPort(`${number} IN IP${at.includes(":") ? 6 : 4} ${at}`)).toEqual({ port: number, address: at });
    }),
  );
  fc.assert(
    fc.property(token, fc.array(token), (semantics, mids) => {
      expect(parseGroup([semantics, ...mids].join(" "))).toEqual({ semantics, mids });
    }),
  );
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), token, token, (ssrc, name, value) => {
      expect(parseSourceAttribute(`${ssrc} ${name}:${value}`)).toEqual({ ssrc, name, value });
    }),
  );
  fc.assert(
    fc.property(fc.nat(127), token, fc.array(token), (payloadType, kind, parameters) => {
      expect(parseRtcpFeedback([payloadType, kind, ...parameters].join(" "))).toEqual({ payloadType, kind, parameters });
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 255 }), token, token, (id, uri, parameters) => {
      expect(parseHeaderExtension(`${id} ${uri} ${parameters}`)).toEqual({ id, uri, parameters });
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 64 }), token, (bytes, hash) => {
      const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");
      expect(parseFingerprint(`${hash} ${digits}`)).toEqual({ hash: hash.toLowerCase(), bytes: Buffer.from(bytes) });
    }),
  );
  fc.assert(
    fc.property(fc.nat(999), fc.array(fc.uint8Array({ minLength: 1, maxLength: 46 }), { minLength: 1, maxLength: 3 }), (tag, keys) => {
      const texts = keys.map((key) => `inline:${Buffer.from(key).toString("base64")}|2^31`);
      expect(parseCrypto(`${tag} F8_128_HMAC_SHA1_80 ${texts.join(";")}`)).toEqual({
        tag,
        suite: "F8_128_HMAC_SHA1_80",
        keys: keys.map((key) => ({ keyAndSalt: Buffer.from(key), lifetime: "2^31" })),
        parameters: [],
      });
    }),
  );
  const candidate = fc.record({
    foundation: letters,
    component: fc.integer({ min: 1, max: 256 }),
    transport: fc.constantFrom("UDP", "TCP"),
    priority: fc.integer({ min: 1, max: 0x7fff_ffff }),
    address,
    port,
    kind: fc.constantFrom(...candidateKinds),
    related: fc.record({ address, port }),
    extensions: fc.array(fc.tuple(token, token), { maxLength: 3 }),
  });
  fc.assert(
    fc.property(candidate, (value) => {
      const { foundation, component, transport, priority, kind, related, extensions } = value;
      const text = `${foundation} ${component} ${transport} ${priority} ${value.address} ${value.port} typ ${kind} raddr ${related.address} rport ${related.port}`;
      expect(parseCandidate([text, ...extensions.flat()].join(" "))).toEqual(value);
    }),
  );
});

test("no text makes a reader throw", () => {
  const readers = [
    parseRtpmap,
    fmtpParameters,
    parseRtcpPort,
    parseRtcpFeedback,
    parseSourceAttribute,
    parseGroup,
    parseMid,
    parseHeaderExtension,
    parseCandidate,
    parseFingerprint,
    parseSetup,
    parseCrypto,
  ];
  fc.assert(
    fc.property(fc.string(), fc.array(token), (text, words) => {
      for (const read of readers) {
        read(text);
        read(words.join(" "));
      }
    }),
  );
});
