import { createDecoder, createEncoder } from "libopus-wasm";
import { beforeAll, expect, test, vi } from "vitest";
import type { Decoder, Encoder, EncoderOptions } from "./audio-codec.ts";
import { audioCodecs, loadCodecs } from "./codecs.ts";
import { noise, rms, snrDb, tone, vowel } from "./fixture/sounds.case.ts";

const { opus } = audioCodecs;
beforeAll(loadCodecs);

/** The library hands out its part some microtasks later. */
const ready = () => new Promise((resolve) => setImmediate(resolve));

async function encoderFor(rateHz: number, options?: EncoderOptions): Promise<Encoder> {
  const encoder = opus.createEncoder(rateHz, options);
  await ready();
  return encoder;
}

async function decoderFor(rateHz: number): Promise<Decoder> {
  const decoder = opus.createDecoder(rateHz);
  await ready();
  return decoder;
}

function packetsOf(encoder: Encoder, said: Int16Array, frame: number): Uint8Array[] {
  const into = new Uint8Array(1500);
  return Array.from({ length: Math.floor(said.length / frame) }, (_, index) => {
    const bytes = encoder.encode(said.subarray(index * frame, (index + 1) * frame), into, 3);
    return into.slice(3, 3 + bytes);
  });
}

/** At the delay, of up to 10 ms, at which it is best. */
function bestSnrDb(said: Int16Array, heard: Int16Array, rateHz: number): number {
  const part = said.subarray(rateHz / 2, rateHz);
  let best = Number.NEGATIVE_INFINITY;
  for (let delay = 0; delay < rateHz / 100; delay++) best = Math.max(best, snrDb(part, heard.subarray(rateHz / 2 + delay, rateHz + delay)));
  return best;
}

test.each([
  [8000, 0.5, 13],
  [16_000, 0.25, 17],
  [24_000, 0.25, 17],
  [48_000, 0.25, 22],
])("at %i Hz a tone keeps its level within %d dB, with %i dB to the noise of coding", async (rateHz, mostDb, leastDb) => {
  const said = tone(1000, rateHz, 1.5 * rateHz);
  const packets = packetsOf(await encoderFor(rateHz, { bitrate: 24_000 }), said, rateHz / 50);
  const decoder = await decoderFor(rateHz);
  const heard = new Int16Array(said.length);
  for (const [index, packet] of packets.entries()) {
    expect(decoder.decode(packet, 0, packet.length, heard.subarray((index * rateHz) / 50))).toBe(rateHz / 50);
  }
  expect(Math.abs(20 * Math.log10(rms(heard.subarray(rateHz / 2)) / rms(said)))).toBeLessThan(mostDb);
  expect(bestSnrDb(said, heard, rateHz)).toBeGreaterThan(leastDb);
});

test.each([10, 20, 40, 60])("packets of %i ms are decoded at any rate, whatever rate they were made at", async (ms) => {
  const [packet = new Uint8Array()] = packetsOf(await encoderFor(16_000), vowel(140, 16_000, 16 * ms), 16 * ms);
  for (const rateHz of opus.sampleRatesHz) {
    expect((await decoderFor(rateHz)).decode(packet, 0, packet.length, new Int16Array(0.12 * rateHz))).toBe((ms * rateHz) / 1000);
  }
});

test("what was lost is found in the packet behind it, more exactly than it can be guessed", async () => {
  const rateHz = 48_000;
  const frame = rateHz / 50;
  const said = vowel(140, rateHz, 2 * rateHz).map((sample, index) => sample * (0.6 + 0.4 * Math.sin((index * 2 * Math.PI * 3) / rateHz)));
  const packets = packetsOf(await encoderFor(rateHz, { fec: true }), said, frame);
  const [whole, guessing, finding] = await Promise.all([decoderFor(rateHz), decoderFor(rateHz), decoderFor(rateHz)]);
  const there = new Int16Array(said.length);
  const guessed = new Int16Array(said.length);
  const found = new Int16Array(said.length);
  for (const [index, packet] of packets.entries()) {
    const parts = [there, guessed, found].map((sound) => sound.subarray(index * frame, (index + 1) * frame));
    const [one = there, two = there, three = there] = parts;
    whole.decode(packet, 0, packet.length, one);
    const next = packets[index + 1];
    if (index % 5 === 4 && next !== undefined) {
      guessing.conceal(two, frame);
      finding.conceal(three, frame, { bytes: next, start: 0, end: next.length });
    } else {
      guessing.decode(packet, 0, packet.length, two);
      finding.decode(packet, 0, packet.length, three);
    }
  }
  expect(snrDb(there, found)).toBeGreaterThan(snrDb(there, guessed) + 3);
});

test("with DTX, next to nothing is sent for silence, and speech is sent at once again; without, all is", async () => {
  const silence = new Int16Array(32_000);
  const speech = vowel(140, 16_000, 3200);
  const dtx = await encoderFor(16_000, { dtx: true });
  expect(packetsOf(dtx, silence, 320).filter((packet) => packet.length > 0).length).toBeLessThan(30);
  expect(packetsOf(dtx, speech, 320).filter((packet) => packet.length > 10)).toHaveLength(10);
  expect(packetsOf(await encoderFor(16_000), silence, 320).every((packet) => packet.length > 0)).toBe(true);
});

/** Of packets that are a second together. */
const bitsPerS = (packets: readonly Uint8Array[]) => packets.reduce((sum, packet) => sum + packet.length, 0) * 8;

test("the bit rate, the bandwidth of the peer and the place in the buffer are kept to", async () => {
  const said = noise(48_000, 5000);
  expect(bitsPerS(packetsOf(await encoderFor(48_000, { bitrate: 12_000 }), said, 960))).toBeLessThan(14_000);
  expect(bitsPerS(packetsOf(await encoderFor(48_000, { bitrate: 64_000 }), said, 960))).toBeGreaterThan(45_000);
  // RFC 6716 §3.1: configurations 0 to 3 and 16 to 19 are narrowband.
  const narrow = packetsOf(await encoderFor(48_000, { maxSampleRateHz: 8000 }), said, 960).map((packet) => (packet[0] ?? 0xff) >> 3);
  expect(narrow.every((configuration) => configuration < 4 || (configuration >= 16 && configuration < 20))).toBe(true);
  const encoder = await encoderFor(48_000, { bitrate: 64_000 });
  expect(encoder.encode(said.subarray(0, 960), new Uint8Array(50), 10)).toBeLessThanOrEqual(40);
  expect(encoder.encode(said.subarray(0, 960), new Uint8Array(50), 50)).toBe(0);
});

test.each([
  { bitrate: 0 },
  { bitrate: 1e9 },
  { bitrate: 16_000.5 },
  { fec: true, packetLossPercent: 3.7 },
  { packetLossPercent: -1 },
  { packetLossPercent: 1000 },
  { maxSampleRateHz: 1 },
])("a peer that asks for %o is sent something", async (options) => {
  expect(packetsOf(await encoderFor(16_000, options), vowel(140, 16_000, 320), 320)[0]?.length).toBeGreaterThan(0);
});

test("before the library has made them, an encoder sends nothing and a decoder is silent", async () => {
  const encoder = opus.createEncoder(8000);
  const decoder = opus.createDecoder(8000);
  const into = new Int16Array(160).fill(9);
  expect(encoder.encode(new Int16Array(160), new Uint8Array(100), 0)).toBe(0);
  expect(decoder.decode(Uint8Array.of(8, 1, 2), 0, 3, into)).toBe(0);
  decoder.conceal(into, 160);
  expect(into).toEqual(new Int16Array(160));
  await ready();
  expect(encoder.encode(new Int16Array(160), new Uint8Array(100), 0)).toBeGreaterThan(0);
});

test("each is freed once, closed before it was made or after, once or twice", async () => {
  const made = [await createEncoder(), await createDecoder()];
  const spies = made.map((handle) => vi.spyOn(Object.getPrototypeOf(handle), "free"));
  const open = [await encoderFor(8000), await decoderFor(8000)];
  for (const one of [opus.createEncoder(8000), opus.createDecoder(8000), ...open]) {
    one.close();
    one.close();
  }
  await ready();
  expect(spies.map((spy) => spy.mock.calls.length)).toEqual([2, 2]);
  for (const spy of spies) spy.mockRestore();
  for (const handle of made) handle.free();
});
