import * as fc from "fast-check";
import { expect, test } from "vitest";
import { codecNames } from "./codec.ts";
import { agreedDirection, directions, receives, sends } from "./direction.ts";
import { formatSdp } from "./format.ts";
import { acceptAnswer, createAnswer, createOffer, type LocalMedia } from "./offer-answer.ts";
import { parseSdp } from "./parse.ts";
import type { SessionDescription } from "./session-description.ts";

const word = fc.string({ unit: fc.constantFrom(..."abzAZ09-._".split("")), minLength: 1, maxLength: 10 });
const text = fc.string({ unit: "grapheme", maxLength: 20 }).map((value) => value.replace(/[\r\n\0]/g, "").trim());
const address = fc.oneof(fc.ipV4(), fc.ipV6());
const connection = fc.option(address, { nil: undefined });
const attributes = fc.array(fc.record({ name: word, value: text }), { maxLength: 4 });
const number = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const session: fc.Arbitrary<SessionDescription> = fc.record({
  origin: fc.record({ username: word, sessionId: number, version: number, address }),
  sessionName: text.filter((name) => name !== ""),
  connection,
  attributes,
  media: fc.array(
    fc.record({
      media: fc.constantFrom("audio", "video", "image"),
      port: fc.nat(65_535),
      protocol: fc.constantFrom("RTP/AVP", "RTP/SAVP", "udptl"),
      formats: fc.array(word, { minLength: 1, maxLength: 4 }),
      connection,
      attributes,
    }),
    { maxLength: 3 },
  ),
});

test("a description that is written and read again is the same", () => {
  fc.assert(
    fc.property(session, (value) => {
      expect(parseSdp(formatSdp(value))).toEqual({ ok: true, value });
    }),
  );
});

test("no bytes make the parser or the answer throw", () => {
  const line = fc.oneof(
    text,
    fc.constantFrom("m=audio 4000 RTP/AVP 0 8", "c=IN IP4 0.0.0.0", "a=rtpmap:0", "a=rtcp:99999", "a=ptime:-1", "a=fmtp:", "m=audio"),
  );
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void parseSdp(bytes)));
  fc.assert(
    fc.property(fc.array(line), local(), (lines, ours) => {
      const parsed = parseSdp(["v=0", "o=- 1 1 IN IP4 h", ...lines].join("\n"));
      if (!parsed.ok) return;
      createAnswer(parsed.value, ours);
      acceptAnswer(createOffer(ours), parsed.value);
    }),
  );
});

function local(): fc.Arbitrary<LocalMedia> {
  return fc.record({
    // The unspecified address would mean the hold of RFC 2543.
    address: address.filter((value) => /[1-9a-f]/.test(value)),
    port: fc.integer({ min: 1024, max: 65_534 }),
    sessionId: number,
    version: fc.nat(),
    codecs: fc.shuffledSubarray([...codecNames], { minLength: 1 }),
    telephoneEvent: fc.boolean(),
    direction: fc.constantFrom(...directions),
    ptimeMs: fc.constantFrom(10, 20, 30, 40, 60),
    rtcpMux: fc.boolean(),
  });
}

test("both sides of an exchange come to the same session", () => {
  fc.assert(
    fc.property(local(), local(), (caller, callee) => {
      const offer = createOffer(caller);
      const result = createAnswer(offer, callee);
      const isPossible = caller.codecs.some((codec) => callee.codecs.includes(codec));
      expect(result.ok).toBe(isPossible);
      if (!result.ok) return;
      const back = acceptAnswer(offer, result.answer);
      if (!back.ok) throw new Error(back.reason);
      const [ours, theirs] = [back.negotiated, result.negotiated];
      expect(ours.codec).toBe(theirs.codec);
      expect([ours.payloadType, ours.receivePayloadType]).toEqual([theirs.receivePayloadType, theirs.payloadType]);
      expect(ours.telephoneEvent?.payloadType).toBe(theirs.telephoneEvent?.receivePayloadType);
      expect(ours.telephoneEvent !== undefined).toBe(caller.telephoneEvent && callee.telephoneEvent);
      expect(ours.rtcpMux).toBe(theirs.rtcpMux);
      expect([ours.remote, theirs.remote]).toEqual([
        { address: callee.address, port: callee.port },
        { address: caller.address, port: caller.port },
      ]);
      // Packets one side sends are those the other expects.
      expect([sends(ours.direction), receives(ours.direction)]).toEqual([receives(theirs.direction), sends(theirs.direction)]);
      expect([ours.ptimeMs, theirs.ptimeMs]).toEqual([callee.ptimeMs, caller.ptimeMs]);
    }),
  );
});

test("nobody sends or receives who does not want to, and repeating an exchange changes nothing", () => {
  const direction = fc.constantFrom(...directions);
  fc.assert(
    fc.property(direction, direction, (ours, theirs) => {
      const agreed = agreedDirection(ours, theirs);
      expect(sends(agreed)).toBe(sends(ours) && receives(theirs));
      expect(receives(agreed)).toBe(receives(ours) && sends(theirs));
      expect(agreedDirection(agreed, agreedDirection(theirs, agreed))).toBe(agreed);
    }),
  );
});
