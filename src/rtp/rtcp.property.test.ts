import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatRtcp, parseRtcp } from "./rtcp.ts";

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const sender = fc.record({ at: fc.integer({ min: 0, max: 2_000_000_000_000 }), rtpTimestamp: uint32, packets: uint32, octets: uint32 });
const block = fc.record({
  ssrc: uint32,
  fractionLost: fc.integer({ min: 0, max: 255 }),
  packetsLost: fc.integer({ min: -0x80_0000, max: 0x7f_ffff }),
  extendedHighest: uint32,
  jitter: uint32,
  lastReport: uint32,
  sinceLastReport: uint32,
});

test("a compound packet reads as it was written", () => {
  fc.assert(
    fc.property(
      uint32,
      fc.string({ maxLength: 60 }),
      fc.option(sender),
      fc.option(block),
      fc.boolean(),
      (ssrc, cname, info, figures, goodbye) => {
        const bytes = formatRtcp({
          ssrc,
          cname,
          goodbye,
          ...(info !== null && { sender: info }),
          ...(figures !== null && { block: figures }),
        });
        expect(bytes.length % 4).toBe(0);
        const packets = parseRtcp(bytes);
        const blocks = figures === null ? [] : [figures];
        expect(packets).toMatchObject({
          ok: true,
          value: [
            info === null
              ? { kind: "receiver-report", ssrc, blocks }
              : { kind: "sender-report", ssrc, sender: { ...info, at: expectedAt(info.at) }, blocks },
            { kind: "source-description", ssrc, cname },
            ...(goodbye ? [{ kind: "goodbye", ssrcs: [ssrc] }] : []),
          ],
        });
      },
    ),
  );
});

/** NTP seconds are 32 bits: they wrap in February 2036. */
function expectedAt(at: number): number {
  return at >= 2_085_978_496_000 ? at - 2 ** 32 * 1000 : at;
}

test("any bytes are parsed without an exception", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.integer({ min: 192, max: 210 }), (noise, type) => {
      const bytes = Uint8Array.from(noise);
      if (bytes.length >= 4) bytes.set([0x80 | ((bytes[0] ?? 0) & 0x1f), type, 0, Math.min(20, Math.floor(bytes.length / 4) - 1)]);
      expect(parseRtcp(bytes)).toHaveProperty("ok");
    }),
  );
});

test("the middle of the NTP time is what a later report gives back", () => {
  const bytes = formatRtcp({ ssrc: 1, cname: "a", goodbye: false, sender: { at: 500, rtpTimestamp: 0, packets: 0, octets: 0 } });
  expect(parseRtcp(bytes)).toMatchObject({ value: [{ ntpMiddle: ((2_208_988_800 & 0xffff) * 65_536 + 0x8000) >>> 0 }, {}] });
});
