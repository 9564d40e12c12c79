import { describe, expect, test } from "vitest";
import { RtcpMonitor } from "./rtcp-monitor.ts";
import { formatRtcp, ntpMiddleOf, parseRtcp, type ReportBlock } from "./rtcp.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
const block = "deadbeef 40 fffffe 00010002 00000050 12345678 00018000";
const blockValue: ReportBlock = {
  ssrc: 0xdeadbeef,
  fractionLost: 64,
  packetsLost: -2,
  extendedHighest: 0x1_0002,
  jitter: 80,
  lastReport: 0x12345678,
  sinceLastReport: 0x18000,
};
const receiverReport = `81c90007 00000001 ${block}`;

describe("what is read", () => {
  test("an SR with several blocks, what a profile adds behind them, SDES of two chunks, and BYE with a reason", () => {
    const bytes = hex(`
      82c80013 0000000a 83aa7e80 80000000 00000100 00000003 000001e0 ${block} ${block} 11223344
      82ca0005 0000000a 01026869 00000000 0000000b 01027a7a
      82cb0004 0000000a 0000000b 06656e6f 75676800`);
    expect(parseRtcp(bytes)).toEqual({
      ok: true,
      value: [
        {
          kind: "sender-report",
          ssrc: 10,
          sender: { at: 500, rtpTimestamp: 256, packets: 3, octets: 480 },
          ntpMiddle: 0x7e80_8000,
          blocks: [blockValue, blockValue],
        },
        { kind: "source-description", ssrc: 10, cname: "hi" },
        { kind: "goodbye", ssrcs: [10, 11], reason: "enough" },
      ],
    });
  });

  test("unknown types are passed over, padding of the last one too", () => {
    const bytes = hex(`${receiverReport} 80cc0002 00000001 41414141 a1cb0002 00000001 00000004`);
    expect(parseRtcp(bytes)).toEqual({
      ok: true,
      value: [
        { kind: "receiver-report", ssrc: 1, blocks: [blockValue] },
        { kind: "goodbye", ssrcs: [1] },
      ],
    });
  });

  test("the VoIP metrics of an XR, among other blocks", () => {
    const metrics = "07000008 deadbeef 0d 02 00 00 0000 0000 0064 003c 7f 7f 7f 10 50 7f 28 26 00 00 0028 0050 0078";
    expect(parseRtcp(hex(`80cf000d 00000001 04000002 00000000 00000000 ${metrics}`))).toMatchObject({
      value: [
        {
          kind: "extended-report",
          ssrc: 1,
          metrics: [
            {
              ssrc: 0xdeadbeef,
              lossFraction: 13 / 256,
              discardFraction: 2 / 256,
              roundTripMs: 100,
              endSystemDelayMs: 60,
              rating: 80,
              mos: 3.8,
            },
          ],
        },
      ],
    });
    expect(parseRtcp(hex("80cf0003 00000001 07000009 deadbeef"))).toMatchObject({ value: [{ kind: "extended-report", metrics: [] }] });
  });

  test.each([
    ["another version", "41c90001 00000001"],
    ["a type of RTP", "80640001 00000001"],
    ["cut off", "80c90002 00000001"],
    ["fewer blocks than counted", "82c90007 00000001 deadbeef 40fffffe 00010002 00000050 12345678 00018000"],
    ["padding before the last one", "a0c90002 00000001 00000004 80c90001 00000001"],
    ["no padding where it is said", "a0c90002 00000001 00000000"],
    ["padding that is no words", "a0c90002 00000001 00000003"],
    ["more padding than packet", "a0c90002 00000001 00000010"],
    ["only what is unknown", "80cc0001 00000001"],
    ["less than a head", "80c9"],
    ["nothing", ""],
  ])("%s is refused", (_name, text) => {
    expect(parseRtcp(hex(text))).toMatchObject({ ok: false });
  });

  test("a description without chunks, without a name, or with one that is cut off has no name", () => {
    for (const text of ["80ca0000", "81ca0002 00000001 02026869", "81ca0002 00000001 01ff6869"]) {
      expect(parseRtcp(hex(`${receiverReport} ${text}`))).toMatchObject({ ok: true });
    }
    expect(parseRtcp(hex("81ca0002 00000001 01ff6869"))).toMatchObject({ value: [{ cname: "" }] });
  });
});

test("a time that nearly is the next second is written within its own", () => {
  const bytes = formatRtcp({ ssrc: 1, cname: "a", goodbye: false, sender: { at: 1999.999_999_9, rtpTimestamp: 0, packets: 0, octets: 0 } });
  expect(parseRtcp(bytes)).toMatchObject({ value: [{ sender: { at: 2000 } }, {}] });
});

const sentAt = 1_700_000_000_123;
const report = (fields: Partial<ReportBlock>) =>
  [{ kind: "receiver-report", ssrc: 2, blocks: [{ ...blockValue, ssrc: 1, lastReport: 0, ...fields }] }] as const;

describe("monitor", () => {
  test("the round trip is the time since our report less what it lay there", () => {
    const monitor = new RtcpMonitor();
    monitor.receive(report({ lastReport: ntpMiddleOf(sentAt), sinceLastReport: 2 * 65_536 }), 1, 2, sentAt + 2085);
    expect(monitor.roundTripMs).toBeCloseTo(85, 1);
    // Of the peer's clock: a negative one, and one without a report of ours.
    monitor.receive(report({ lastReport: ntpMiddleOf(sentAt), sinceLastReport: 3 * 65_536 }), 1, 2, sentAt + 2085);
    monitor.receive(report({}), 1, 2, sentAt + 9000);
    expect(monitor.roundTripMs).toBeCloseTo(85, 1);
    monitor.receive(report({ lastReport: ntpMiddleOf(sentAt), sinceLastReport: 65_600 }), 1, 2, sentAt + 1000);
    expect(monitor.roundTripMs).toBe(0);
  });

  test("what RFC 3550 §6.4.1 has as its example: 6.125 s", () => {
    // 10 Nov 1995 11:33:36.5 UTC, of which the middle is 0xb710:8000; SR at 0xb705:2000, delay 5.25 s.
    const monitor = new RtcpMonitor();
    monitor.receive(report({ lastReport: 0xb705_2000, sinceLastReport: 0x5_4000 }), 1, 2, Date.UTC(1995, 10, 10, 11, 33, 36, 500));
    expect(monitor.roundTripMs).toBe(6125);
  });

  test("over the wrap of the middle bits", () => {
    const monitor = new RtcpMonitor();
    // 0x83aa7e80 seconds of NTP are the epoch; its low half is full 0x8180 seconds later.
    const wrapMs = 0x8180 * 1000;
    monitor.receive(report({ lastReport: ntpMiddleOf(wrapMs - 20), sinceLastReport: 0 }), 1, 2, wrapMs + 30);
    expect(monitor.roundTripMs).toBeCloseTo(50, 1);
  });

  test("loss and jitter are of blocks about us", () => {
    const monitor = new RtcpMonitor();
    monitor.receive(report({ ssrc: 99 }), 1, 2, sentAt);
    expect(monitor.remoteLossFraction).toBe(undefined);
    monitor.clockRateHz = 16_000;
    monitor.receive(report({}), 1, 2, sentAt);
    expect(monitor).toMatchObject({ remoteLossFraction: 0.25, remotePacketsLost: -2, remoteJitterMs: 5, roundTripMs: undefined });
  });

  test("goodbye is of what we receive; another stream is no goodbye", () => {
    const monitor = new RtcpMonitor();
    monitor.receive([{ kind: "goodbye", ssrcs: [7] }], 1, 2, sentAt);
    expect(monitor.hasEnded).toBe(false);
    monitor.receive([{ kind: "goodbye", ssrcs: [7, 2] }], 1, 2, sentAt);
    expect(monitor.hasEnded).toBe(true);
    monitor.restart();
    expect(monitor.hasEnded).toBe(false);
  });

  test("its own opinion", () => {
    const monitor = new RtcpMonitor();
    const metrics = { ssrc: 1, lossFraction: 0, discardFraction: 0, roundTripMs: 0, endSystemDelayMs: 0 };
    monitor.receive(
      [{ kind: "extended-report", ssrc: 2, metrics: [{ ...metrics, mos: 4.1 }, metrics, { ...metrics, ssrc: 9, mos: 1 }] }],
      1,
      2,
      sentAt,
    );
    expect(monitor.remoteMos).toBe(4.1);
  });
});
