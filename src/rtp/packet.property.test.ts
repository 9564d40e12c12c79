import * as fc from "fast-check";
import { expect, test } from "vitest";
import { emptyRtpHeader, parseRtp, rtpHeaderBytes, writeRtpHeader } from "./packet.ts";

const headers = fc.record({
  marker: fc.boolean(),
  // 64 to 95 with the marker are RTCP's types (RFC 5761 §4).
  payloadType: fc.integer({ min: 0, max: 63 }),
  sequenceNumber: fc.integer({ min: 0, max: 0xffff }),
  timestamp: fc.integer({ min: 0, max: 0xffff_ffff }),
  ssrc: fc.integer({ min: 0, max: 0xffff_ffff }),
});

test("what is written is what is read", () => {
  fc.assert(
    fc.property(headers, fc.uint8Array({ maxLength: 200 }), (header, payload) => {
      const bytes = new Uint8Array(rtpHeaderBytes + payload.length);
      bytes.set(payload, rtpHeaderBytes);
      writeRtpHeader(bytes, header);
      const read = emptyRtpHeader();
      expect(parseRtp(bytes, read)).toBe(true);
      expect(read).toEqual({ ...header, payloadStart: rtpHeaderBytes, payloadEnd: bytes.length });
    }),
  );
});

test("any bytes are read without leaving them", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (noise, isVersion2) => {
      const bytes = Uint8Array.from(noise);
      if (isVersion2 && bytes.length > 0) bytes[0] = 0x80 | ((bytes[0] ?? 0) & 0x3f);
      const header = emptyRtpHeader();
      if (!parseRtp(bytes, header)) return;
      expect(header.payloadStart).toBeGreaterThanOrEqual(rtpHeaderBytes);
      expect(header.payloadEnd).toBeGreaterThanOrEqual(header.payloadStart);
      expect(header.payloadEnd).toBeLessThanOrEqual(bytes.length);
    }),
  );
});

test("contributing sources, extension and padding are passed over", () => {
  const bytes = Uint8Array.of(0xb1, 0x00, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 9, 9, 9, 0xbe, 0xde, 0, 1, 8, 8, 8, 8, 0x55, 0x66, 0, 2);
  const header = emptyRtpHeader();
  expect(parseRtp(bytes, header)).toBe(true);
  expect(Array.from(bytes.subarray(header.payloadStart, header.payloadEnd))).toEqual([0x55, 0x66]);
});

test.each([
  ["version 1", [0x40, 0]],
  ["RTCP on the same port", [0x80, 200]],
  ["padding longer than the packet", [0xa0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 7]],
  ["padding of nothing", [0xa0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0]],
  ["an extension that is cut off", [0x90, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 9]],
])("%s is no RTP", (_name, first) => {
  const bytes = new Uint8Array(Math.max(12, first.length));
  bytes.set(first);
  expect(parseRtp(bytes, emptyRtpHeader())).toBe(false);
});
