import { beforeAll, describe, expect, test } from "vitest";
import type { CodecName } from "../kernel/index.ts";
import { audioCodecs, loadCodecs } from "./codec/codecs.ts";
import { FarPhone, tone, toneIn } from "./fixture/far-phone.case.ts";
import { MediaBench } from "./fixture/media-bench.case.ts";
import type { Source } from "./plan.ts";

beforeAll(loadCodecs);

const long: Source = {
  kind: "prompt",
  prompt: { promptId: "p1", items: [{ kind: "tone", frequencyHz: 1000, durationMs: 3000 }], offsetMs: 0, start: 0, bargeIn: false },
};

describe("a peer that asks for another packet time gets it", () => {
  test.each<[CodecName, number]>([
    ["PCMU", 10],
    ["PCMU", 30],
    ["PCMA", 40],
    ["G722", 50],
    ["L16/16000", 40],
    ["PCMU", 60],
  ])("%s in packets of %i ms", async (codec, ptimeMs) => {
    await using bench = await MediaBench.open();
    const phone = new FarPhone(bench, codec, 5000);
    const sentAt: number[] = [];
    const { push } = bench.network.rtp;
    bench.network.rtp.push = function (...packets) {
      sentAt.push(bench.clock.monotonicMs());
      return push.apply(this, packets);
    };
    bench.apply(phone.plan(long, { ptimeMs }));
    await bench.pass(1500);
    const { packets } = phone;
    const { clockRateHz, bytesPerMs = 0 } = audioCodecs[codec];
    expect(packets.length).toBeGreaterThan(1200 / ptimeMs);
    for (const [index, packet] of packets.entries()) {
      const [first] = packets;
      expect(packet.payload).toHaveLength(bytesPerMs * ptimeMs);
      expect(packet.sequenceNumber).toBe(((first?.sequenceNumber ?? 0) + index) & 0xffff);
      expect((packet.timestamp - (first?.timestamp ?? 0)) | 0).toBe((index * ptimeMs * clockRateHz) / 1000);
      expect(packet.marker).toBe(index === 0);
    }
    const gaps = sentAt.slice(1).map((at, index) => Math.round(at - (sentAt[index] ?? 0)));
    expect(new Set(gaps)).toEqual(new Set([ptimeMs]));
    const heard = phone.heard();
    expect(toneIn(heard.slice(phone.rateHz / 2, phone.rateHz), 1000, phone.rateHz).snrDb).toBeGreaterThan(30);
  });

  test.each([40, 60])("Opus in packets of %i ms is what it is in packets of 20, frame for frame", async (ptimeMs) => {
    const [usual, longer] = [await heardIn(20), await heardIn(ptimeMs)];
    expect(longer.packets.length).toBeGreaterThan(1200 / ptimeMs);
    const [first] = longer.packets;
    for (const [index, packet] of longer.packets.entries()) {
      expect(packet.sequenceNumber).toBe(((first?.sequenceNumber ?? 0) + index) & 0xffff);
      expect((packet.timestamp - (first?.timestamp ?? 0)) | 0).toBe(index * ptimeMs * 48);
      expect(packet.marker).toBe(index === 0);
    }
    const heard = longer.heard();
    expect(heard).toEqual(usual.heard().slice(0, heard.length));
    expect(toneIn(heard.slice(24_000, 48_000), 1000, 48_000).snrDb).toBeGreaterThan(10);
  });

  test("of 48 kHz samples no packet is longer than an Ethernet frame", async () => {
    await using bench = await MediaBench.open();
    const phone = new FarPhone(bench, "L16/48000", 5000);
    bench.apply(phone.plan(long));
    await bench.pass(400);
    expect(new Set(phone.packets.map(({ payload }) => payload.length))).toEqual(new Set([960]));
  });
});

describe("a peer that sends packets of another time is heard without a seam", () => {
  test.each([10, 30, 40, 60])("of %i ms", async (ptimeMs) => {
    await using bench = await MediaBench.open();
    const speaker = new FarPhone(bench, "PCMU", 5000);
    const listener = new FarPhone(bench, "G722", 5002);
    bench.apply(speaker.plan({ kind: "mix", endpointIds: ["leg-5002"] }), listener.plan({ kind: "mix", endpointIds: ["leg-5000"] }));
    const encoder = audioCodecs.PCMU.createEncoder(8000);
    const sound = tone(1000, 8000 * (ptimeMs / 20));
    for (let packet = 0; packet * ptimeMs < 1800; packet++) {
      const samples = Int16Array.from(sound(packet), (_, index) =>
        Math.round(8000 * Math.sin((2 * Math.PI * 1000 * (packet * ptimeMs * 8 + index)) / 8000)),
      );
      const payload = new Uint8Array(ptimeMs * 8);
      encoder.encode(samples, payload, 0);
      speaker.send(0, payload, { timestamp: packet * ptimeMs * 8 });
      await bench.pass(ptimeMs);
    }
    const heard = listener.heard();
    expect(toneIn(heard.slice(heard.length - 14_400, heard.length - 3200), 1000, 16_000).snrDb).toBeGreaterThan(30);
  });
});

test("a peer that knows comfort noise gets that instead of silence, and then sound with a marker", async () => {
  await using bench = await MediaBench.open();
  const phone = new FarPhone(bench, "PCMU", 5000);
  bench.apply(phone.plan({ kind: "silence" }, { comfortNoise: 13 }));
  await bench.pass(2500);
  // That of a quiet line: -70 dBov.
  expect(phone.packets.map(({ payloadType, payload, marker }) => [payloadType, [...payload], marker])).toEqual([
    [13, [70], true],
    [13, [70], true],
    [13, [70], true],
  ]);
  expect(bench.eventsOf("stream")).toHaveLength(1);
  bench.apply(phone.plan(long, { comfortNoise: 13 }));
  await bench.pass(100);
  const sound = phone.packets.filter(({ payloadType }) => payloadType === 0);
  expect(sound[0]?.marker).toBe(true);
  expect(sound[1]?.marker).toBe(false);
  const [first] = phone.packets;
  expect(((sound[0]?.timestamp ?? 0) - (first?.timestamp ?? 0)) / 160).toBeGreaterThanOrEqual(125);
});

test("comfort noise of a peer is heard between its words by who hears them decoded", async () => {
  await using bench = await MediaBench.open();
  const speaker = new FarPhone(bench, "PCMU", 5000);
  const listener = new FarPhone(bench, "L16/8000", 5002);
  bench.apply(
    speaker.plan({ kind: "mix", endpointIds: ["leg-5002"] }, { comfortNoise: 13 }),
    listener.plan({ kind: "mix", endpointIds: ["leg-5000"] }),
  );
  for (let frame = 0; frame < 20; frame++) {
    speaker.say(new Int16Array(160));
    await bench.pass(20);
  }
  // 40 dB under full scale.
  speaker.send(13, Uint8Array.of(40));
  await bench.pass(1000);
  const heard = listener.heard();
  const noise = heard.slice(heard.length - 4000);
  const power = noise.reduce((sum, sample) => sum + sample * sample, 0) / noise.length;
  expect(20 * Math.log10(Math.sqrt(power) / 32_767)).toBeGreaterThan(-43);
  expect(20 * Math.log10(Math.sqrt(power) / 32_767)).toBeLessThan(-37);
});

test("media that do not come are told once, and so is that they come again", async () => {
  await using bench = await MediaBench.open();
  const phone = new FarPhone(bench, "PCMU", 5000);
  const plan = phone.plan({ kind: "silence" }, { timeoutMs: 2000 });
  bench.apply(plan);
  await bench.pass(1900);
  expect(bench.eventsOf("media-timeout")).toEqual([]);
  await bench.pass(5000);
  expect(bench.eventsOf("media-timeout")).toHaveLength(1);
  for (let frame = 0; frame < 3; frame++) {
    phone.say(new Int16Array(160));
    await bench.pass(20);
  }
  expect(bench.eventsOf("media-resumed")).toHaveLength(1);
  // A peer that is not to send is not missed.
  bench.apply({ ...plan, receives: false });
  await bench.pass(5000);
  bench.apply(plan);
  await bench.pass(1900);
  expect(bench.eventsOf("media-timeout")).toHaveLength(1);
  await bench.pass(400);
  expect(bench.eventsOf("media-timeout")).toHaveLength(2);
});

/** A phone that heard a long tone in Opus, in packets of so many milliseconds. */
async function heardIn(ms: number): Promise<FarPhone> {
  await using bench = await MediaBench.open();
  const phone = new FarPhone(bench, "opus", 5000);
  // The phone's decoder is there a little later.
  await Promise.resolve();
  bench.apply(phone.plan(long, { ptimeMs: ms }));
  await bench.pass(1500);
  return phone;
}
