import { beforeAll, describe, expect, test } from "vitest";
import { type CodecName, codecNames } from "../kernel/index.ts";
import { loadCodecs } from "./codec/codecs.ts";
import { FarPhone, tone, toneIn } from "./fixture/far-phone.case.ts";
import { MediaBench } from "./fixture/media-bench.case.ts";
import type { Source } from "./plan.ts";

const mix = (...ports: readonly number[]): Source => ({ kind: "mix", endpointIds: ports.map((port) => `leg-${port}`) });

/** All phones say their sound for `frames` frames, in time with the tick. */
async function talk(
  bench: MediaBench,
  frames: number,
  says: readonly (readonly [FarPhone, (frame: number) => Int16Array])[],
): Promise<void> {
  for (let frame = 0; frame < frames; frame++) {
    for (const [phone, sound] of says) phone.say(sound(frame));
    await bench.pass(20);
  }
}

/** Of what a phone heard, half a second that begins when everything has settled. */
function settled(phone: FarPhone): Int16Array {
  const heard = phone.heard();
  return heard.slice(heard.length - phone.rateHz * 0.7, heard.length - phone.rateHz * 0.2);
}

function levelOf(phone: FarPhone, frequencyHz: number): number {
  return toneIn(settled(phone), frequencyHz, phone.rateHz).level;
}

beforeAll(loadCodecs);

/** A tone of 1 kHz at −12 dBov: the least that is left of it, in dB over everything else. */
const leastSnrDb: Readonly<Record<CodecName, number>> = {
  PCMU: 33,
  PCMA: 33,
  G722: 33,
  opus: 15,
  "L16/8000": 33,
  "L16/16000": 33,
  "L16/48000": 33,
};

describe("between any two codecs a tone keeps its frequency and its level", () => {
  const pairs = codecNames.flatMap((from) => codecNames.map((to) => [from, to] as const));
  test.each(pairs)("%s to %s", async (from, to) => {
    await using bench = await MediaBench.open();
    const speaker = new FarPhone(bench, from, 5000);
    const listener = new FarPhone(bench, to, 5002);
    bench.apply(speaker.plan(mix(5002)), listener.plan(mix(5000)));
    await talk(bench, 60, [[speaker, tone(1000, speaker.rateHz)]]);
    const { level, snrDb } = toneIn(settled(listener), 1000, listener.rateHz);
    expect(20 * Math.log10(level / 8000)).toBeGreaterThan(-0.6);
    expect(20 * Math.log10(level / 8000)).toBeLessThan(0.6);
    expect(snrDb).toBeGreaterThan(Math.min(leastSnrDb[from], leastSnrDb[to]));
  });
});

/** RFC 6716 §3.1: the bandwidth of the latest packet of Opus by its configuration number; 0 narrow, 4 full. */
function bandwidthOf(phone: FarPhone): number {
  const configuration = (phone.packets.at(-1)?.payload[0] ?? 0) >> 3;
  if (configuration >= 16) return [0, 2, 3, 4][(configuration - 16) >> 2] ?? 0;
  return configuration < 12 ? configuration >> 2 : 3 + ((configuration - 12) >> 1);
}

test("two codecs meet at the rate that both have: Opus is narrow for who has a telephone", async () => {
  await using bench = await MediaBench.open();
  const [narrow, wide, full] = [new FarPhone(bench, "PCMU", 5000), new FarPhone(bench, "opus", 5002), new FarPhone(bench, "opus", 5004)];
  const says = [narrow, wide, full].map((phone) => [phone, tone(1000, phone.rateHz)] as const);
  bench.apply(narrow.plan(mix(5002)), wide.plan(mix(5000)));
  await talk(bench, 20, says);
  expect(bandwidthOf(wide)).toBe(0);
  bench.apply(narrow.plan(mix(5002, 5004)), wide.plan(mix(5000, 5004)), full.plan(mix(5000, 5002)));
  await talk(bench, 40, says);
  expect(bandwidthOf(wide)).toBeGreaterThan(1);
});

test("a digit passes beside a voice that is made anew, in the other side's clock", async () => {
  await using bench = await MediaBench.open();
  const speaker = new FarPhone(bench, "PCMU", 5000);
  const listener = new FarPhone(bench, "opus", 5002);
  bench.apply(speaker.plan(mix(5002)), listener.plan(mix(5000), { telephoneEvent: 110 }));
  const quiet = tone(1000, 8000, 0);
  await talk(bench, 10, [[speaker, quiet]]);
  for (const [duration, end] of [
    [160, 0],
    [320, 0],
    [800, 0x80],
  ] as const) {
    speaker.send(101, Uint8Array.of(5, end | 10, duration >> 8, duration & 255), { timestamp: 91_600 });
    await bench.pass(20);
  }
  const events = listener.packets.filter(({ payloadType }) => payloadType === 110);
  expect(events.map(({ payload }) => [payload[0], (payload[1] ?? 0) & 0x80, ((payload[2] ?? 0) << 8) | (payload[3] ?? 0)])).toEqual([
    [5, 0, 960],
    [5, 0, 1920],
    [5, 0x80, 4800],
  ]);
  expect(new Set(events.map(({ timestamp }) => timestamp)).size).toBe(1);
  const numbers = listener.packets.map(({ sequenceNumber }) => sequenceNumber);
  expect(numbers).toEqual(numbers.map((_, index) => ((numbers[0] ?? 0) + index) & 0xffff));
  expect(bench.eventsOf("digit")).toEqual([{ kind: "digit", digit: "5", durationMs: 100 }]);
});

test("two who wait for each other's first packet both hear silence until the other speaks", async () => {
  await using bench = await MediaBench.open();
  const [one, other] = [new FarPhone(bench, "PCMU", 5000), new FarPhone(bench, "PCMU", 5002)];
  bench.apply(one.plan(mix(5002)), other.plan(mix(5000)));
  await bench.pass(100);
  expect(one.packets.length).toBeGreaterThan(3);
  expect(other.packets.length).toBeGreaterThan(3);
  await talk(bench, 10, [[one, tone(400, 8000)]]);
  expect(toneIn(other.heard().slice(-800), 400, 8000).snrDb).toBeGreaterThan(30);
  // What a packet holds is passed on as it came, so one that a silent peer does not send is not there.
  const before = other.packets.length;
  await bench.pass(200);
  expect(other.packets).toHaveLength(before);
});

describe("a conference", () => {
  test("of three codecs: each hears the two others and not itself", async () => {
    await using bench = await MediaBench.open();
    const phones = [new FarPhone(bench, "PCMU", 5000), new FarPhone(bench, "G722", 5002), new FarPhone(bench, "opus", 5004)];
    const frequencies = [500, 900, 1300];
    bench.apply(...phones.map((phone) => phone.plan(mix(5000, 5002, 5004))));
    await talk(
      bench,
      60,
      phones.map((phone, index) => [phone, tone(frequencies[index] ?? 0, phone.rateHz, 4000)] as const),
    );
    for (const [index, phone] of phones.entries()) {
      const heard = settled(phone);
      for (const [other, frequencyHz] of frequencies.entries()) {
        const { level } = toneIn(heard, frequencyHz, phone.rateHz);
        if (other === index) expect(level).toBeLessThan(120);
        else expect(20 * Math.log10(level / 4000)).toBeGreaterThan(-1.2);
      }
    }
  });

  test.each<[CodecName, number]>([
    ["PCMU", 8000],
    ["G722", 16_000],
    ["opus", 48_000],
  ])("of 100 with %s: who is silent hears both speakers, each speaker the other", async (codec) => {
    await using bench = await MediaBench.open();
    const phones = Array.from({ length: 100 }, (_, index) => new FarPhone(bench, codec, 5000 + 2 * index));
    const everybody = mix(...phones.map(({ localPort }) => localPort));
    bench.apply(...phones.map((phone) => phone.plan(everybody)));
    const [first, second, ...silent] = phones;
    if (first === undefined || second === undefined) throw new Error("nobody speaks");
    // Speech has gaps; a tone that never ends is taken for noise after some seconds, so this is shorter.
    await talk(bench, 60, [
      [first, tone(500, first.rateHz, 5000)],
      [second, tone(900, second.rateHz, 5000)],
      ...silent.slice(0, 3).map((phone) => [phone, tone(0, phone.rateHz, 0)] as const),
    ]);
    for (const phone of [silent[0], silent[97]]) {
      if (phone === undefined) throw new Error("nobody listens");
      expect(levelOf(phone, 500)).toBeGreaterThan(4300);
      expect(levelOf(phone, 900)).toBeGreaterThan(4300);
    }
    expect(levelOf(first, 500)).toBeLessThan(200);
    expect(levelOf(first, 900)).toBeGreaterThan(4300);
    expect(levelOf(second, 500)).toBeGreaterThan(4300);
    expect(levelOf(second, 900)).toBeLessThan(200);
  });

  test("hears one louder, one not at all, and an announcement over it, each as its plan says", async () => {
    await using bench = await MediaBench.open();
    const phones = [new FarPhone(bench, "PCMU", 5000), new FarPhone(bench, "PCMU", 5002), new FarPhone(bench, "PCMU", 5004)];
    const [listener, one, other] = phones;
    if (listener === undefined || one === undefined || other === undefined) throw new Error("three are needed");
    const items = [{ kind: "tone", frequencyHz: 1300, durationMs: 3000 }] as const;
    bench.apply(
      listener.plan(
        { kind: "mix", endpointIds: ["leg-5002", "leg-5004"], gainsDb: { "leg-5002": 6, "leg-5004": -20 } },
        { announcement: { promptId: "a1", items, offsetMs: 0, start: 0, bargeIn: false, volumeDb: -6 } },
      ),
      one.plan(mix(5000)),
      other.plan(mix(5000)),
    );
    await talk(bench, 60, [
      [one, tone(500, 8000, 2000)],
      [other, tone(900, 8000, 4000)],
    ]);
    const level = (frequencyHz: number) => toneIn(settled(listener), frequencyHz, 8000).level;
    expect(level(500)).toBeGreaterThan(3600);
    expect(level(500)).toBeLessThan(4400);
    expect(level(900)).toBeGreaterThan(350);
    expect(level(900)).toBeLessThan(450);
    expect(level(1300)).toBeGreaterThan(1000);
  });
});
