import { expect, test } from "vitest";
import { parseSdp } from "../description/parse-sdp.ts";
import { parseGroup, parseHeaderExtension, parseMid } from "./grouping.ts";
import { iceOf, parseCandidate } from "./ice.ts";
import { fmtpParameters, parseRtpmap } from "./payload-format.ts";
import { parseRtcpFeedback, parseRtcpPort, parseSourceAttribute } from "./rtcp.ts";
import { parseCrypto, parseFingerprint, parseSetup } from "./security.ts";

test.each([
  ["97 iLBC/8000", { payloadType: 97, name: "iLBC", clockRateHz: 8000, channels: 1 }],
  ["111 opus/48000/2", { payloadType: 111, name: "opus", clockRateHz: 48_000, channels: 2 }],
  ["128 x/8000", undefined],
  ["97 x", undefined],
  ["97 x/0", undefined],
  ["97 x/8000/0", undefined],
])("rtpmap %j (RFC 8866 §6.6)", (value, format) => {
  expect(parseRtpmap(value)).toEqual(format);
});

test("parameters of fmtp: names in any case, with and without values, blanks around (RFC 4867 §8.3.2)", () => {
  expect([...fmtpParameters(" Octet-Align=1; mode-set = 0,2 ;robust;;")]).toEqual([
    ["octet-align", "1"],
    ["mode-set", "0,2"],
    ["robust", ""],
  ]);
});

test.each([
  ["53020", { port: 53020 }],
  ["53020 IN IP6 2001:db8::1", { port: 53020, address: "2001:db8::1" }],
  ["0", undefined],
  ["65536", undefined],
  ["5 IN IP4", undefined],
])("rtcp %j (RFC 3605 §2.1)", (value, port) => {
  expect(parseRtcpPort(value)).toEqual(port);
});

test.each([
  ["* nack pli", { payloadType: undefined, kind: "nack", parameters: ["pli"] }],
  ["96 ccm fir", { payloadType: 96, kind: "ccm", parameters: ["fir"] }],
  ["96 trr-int 100", { payloadType: 96, kind: "trr-int", parameters: ["100"] }],
  ["200 nack", undefined],
  ["96", undefined],
])("rtcp-fb %j (RFC 4585 §4.2)", (value, feedback) => {
  expect(parseRtcpFeedback(value)).toEqual(feedback);
});

test.each([
  ["4294967295 cname:user@example.com", { ssrc: 0xffff_ffff, name: "cname", value: "user@example.com" }],
  ["5 msid:a b", { ssrc: 5, name: "msid", value: "a b" }],
  ["5 previous-ssrc", { ssrc: 5, name: "previous-ssrc", value: "" }],
  ["4294967296 cname:x", undefined],
  ["x cname:x", undefined],
])("ssrc %j (RFC 5576 §4.1)", (value, source) => {
  expect(parseSourceAttribute(value)).toEqual(source);
});

test("groups and their streams (RFC 5888 §5, RFC 9143 §5)", () => {
  expect(parseGroup("BUNDLE 0 audio-1")).toEqual({ semantics: "BUNDLE", mids: ["0", "audio-1"] });
  expect(parseGroup("BUNDLE")).toEqual({ semantics: "BUNDLE", mids: [] });
  expect([parseGroup(""), parseGroup("LS a[b]"), parseMid("0"), parseMid("a b")]).toEqual([undefined, undefined, "0", undefined]);
});

test.each([
  [
    "1 urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on",
    { id: 1, uri: "urn:ietf:params:rtp-hdrext:ssrc-audio-level", parameters: "vad=on" },
  ],
  ["4/recvonly URI-gps", { id: 4, direction: "recvonly", uri: "URI-gps", parameters: "" }],
  ["0 uri", undefined],
  ["300 uri", undefined],
  ["4/both uri", undefined],
])("extmap %j (RFC 8285 §8)", (value, extension) => {
  expect(parseHeaderExtension(value)).toEqual(extension);
});

test("candidates (RFC 8839 §5.1)", () => {
  expect(parseCandidate("1 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998 generation 0")).toEqual({
    foundation: "1",
    component: 1,
    transport: "UDP",
    priority: 1_694_498_815,
    address: "192.0.2.3",
    port: 45664,
    kind: "srflx",
    related: { address: "203.0.113.141", port: 8998 },
    extensions: [["generation", "0"]],
  });
  for (const wrong of [
    "1 0 UDP 1 h 1 typ host",
    "1 1 UDP 1 h 65536 typ host",
    "1 1 UDP 1 h 1 host",
    "1 1 UDP 1 h 1 typ new",
    "1 1 UDP 1 h 1 typ host x",
  ]) {
    expect(parseCandidate(wrong)).toBeUndefined();
  }
});

test("what is said of ICE, for the session or a stream (RFC 8839 §5.4)", () => {
  const head = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "a=ice-lite", "a=ice-pwd:asd88fgpdd777uzjYhagZg", "a=ice-options:ice2 trickle"];
  const stream = ["m=audio 9 RTP/AVP 0", "a=ice-ufrag:8hhY", "a=candidate:1 1 UDP 1 192.0.2.1 9 typ host", "a=end-of-candidates"];
  const parsed = parseSdp([...head, ...stream, "m=audio 9 RTP/AVP 0"].join("\n"));
  if (!parsed.ok) throw new Error(parsed.reason);
  const [first, second] = parsed.value.media.map((media) => iceOf(parsed.value, media));
  expect(first).toMatchObject({
    usernameFragment: "8hhY",
    password: "asd88fgpdd777uzjYhagZg",
    options: ["ice2", "trickle"],
    isLite: true,
    isComplete: true,
    candidates: [{ kind: "host" }],
  });
  expect(second).toBeUndefined();
});

test("fingerprints and who begins (RFC 8122 §5, RFC 4145 §4)", () => {
  expect(parseFingerprint("SHA-1 4A:AD:B9:B1:3F:82:18:3B")).toEqual({
    hash: "sha-1",
    bytes: Buffer.from([0x4a, 0xad, 0xb9, 0xb1, 0x3f, 0x82, 0x18, 0x3b]),
  });
  expect(["sha-256 4A", "sha-256 4AADB9B13F82183B", ""].map(parseFingerprint)).toEqual([undefined, undefined, undefined]);
  expect(["actpass", "active", "both"].map(parseSetup)).toEqual(["actpass", "active", undefined]);
});

test("keys in the open (RFC 4568 §9.1, §9.2)", () => {
  const key = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
  const suite = "AES_CM_128_HMAC_SHA1_80";
  expect(parseCrypto(`1 ${suite} inline:${key}|2^20|1:4;inline:${key} FEC_ORDER=FEC_SRTP`)).toEqual({
    tag: 1,
    suite,
    keys: [
      { keyAndSalt: Buffer.from(key, "base64"), lifetime: "2^20", keyIndex: { value: 1, bytes: 4 } },
      { keyAndSalt: Buffer.from(key, "base64") },
    ],
    parameters: ["FEC_ORDER=FEC_SRTP"],
  });
  for (const wrong of [
    `01 ${suite} inline:${key}`,
    `1 ${suite} ${key}`,
    `1 ${suite} inline:${key}|x`,
    `1 ${suite} inline:${key}|1:4|1:4`,
    `1 ${suite}`,
  ]) {
    expect(parseCrypto(wrong)).toBeUndefined();
  }
});
