import { beforeAll, expect, test } from "vitest";
import type { CodecName } from "../../kernel/index.ts";
import type { AudioCodec } from "./audio-codec.ts";
import { audioCodecs, loadCodecs } from "./codecs.ts";
import { noise, tone } from "./fixture/sounds.case.ts";
import { StreamResampler } from "./stream-resampler.ts";

beforeAll(loadCodecs);

const frequencyHz = 1013;
const peak = 10_000;
const seconds = 1.5;
const names: readonly CodecName[] = ["PCMU", "PCMA", "G722", "opus", "L16/8000", "L16/16000", "L16/48000"];

/** Signal to noise in dB that is left of the tone, from the codec at the left to the one above; what was measured, less 1 dB. */
const leastDb: Readonly<Record<CodecName, readonly number[]>> = {
  PCMU: [36, 33, 35, 29, 36, 36, 36],
  PCMA: [32, 36, 36, 30, 36, 36, 36],
  G722: [35, 36, 43, 37, 47, 46, 46],
  opus: [33, 33, 35, 30, 35, 35, 35],
  "L16/8000": [36, 36, 46, 36, 86, 65, 68],
  "L16/16000": [36, 36, 46, 36, 85, 86, 73],
  "L16/48000": [36, 36, 46, 35, 86, 85, 86],
};

/** What is heard of `said` behind an encoder and a decoder. */
async function coded(codec: AudioCodec, said: Int16Array): Promise<Int16Array> {
  const [rateHz = 0] = codec.sampleRatesHz;
  const encoder = codec.createEncoder(rateHz);
  const decoder = codec.createDecoder(rateHz);
  await new Promise((resolve) => setImmediate(resolve));
  const heard = new Int16Array(said.length);
  const packet = new Uint8Array(4000);
  const frame = rateHz / 50;
  for (let at = 0; at < said.length; at += frame) {
    const bytes = encoder.encode(said.subarray(at, at + frame), packet, 7);
    if (codec.bytesPerMs !== undefined) expect(bytes).toBe(20 * codec.bytesPerMs);
    expect(decoder.decode(packet, 7, 7 + bytes, heard.subarray(at))).toBe(frame);
  }
  encoder.close();
  decoder.close();
  return heard;
}

/** The sine in the last second: its frequency by its rising zero crossings, its peak by correlation, and the signal to noise in dB. */
function sineIn(samples: Int16Array, rateHz: number): { readonly hz: number; readonly peak: number; readonly snrDb: number } {
  const part = samples.subarray(samples.length - rateHz);
  const crossings: number[] = [];
  for (let index = 1; index < part.length; index++) {
    const before = part[index - 1] ?? 0;
    const now = part[index] ?? 0;
    if (before < 0 && now >= 0) crossings.push(index - now / (now - before));
  }
  let sine = 0;
  let cosine = 0;
  let energy = 0;
  for (let index = 0; index < part.length; index++) {
    const angle = (2 * Math.PI * frequencyHz * index) / rateHz;
    const sample = part[index] ?? 0;
    sine += sample * Math.sin(angle);
    cosine += sample * Math.cos(angle);
    energy += sample * sample;
  }
  const found = (2 / part.length) * Math.hypot(sine, cosine);
  const signal = (found * found * part.length) / 2;
  return {
    hz: ((crossings.length - 1) * rateHz) / ((crossings.at(-1) ?? 0) - (crossings[0] ?? 0)),
    peak: found,
    snrDb: 10 * Math.log10(signal / (energy - signal)),
  };
}

test.each(names.flatMap((from) => names.map((to, column) => [from, to, leastDb[from][column] ?? 100] as const)))(
  "a tone goes through %s and %s: the same frequency and level, and %i dB to the noise",
  async (from, to, least) => {
    const [fromHz = 0] = audioCodecs[from].sampleRatesHz;
    const [toHz = 0] = audioCodecs[to].sampleRatesHz;
    const said = await coded(audioCodecs[from], tone(frequencyHz, fromHz, seconds * fromHz, peak));
    const resampled = new Int16Array(seconds * toHz);
    if (fromHz === toHz) resampled.set(said);
    else expect(new StreamResampler(fromHz, toHz).process(said, resampled)).toBe(resampled.length);
    const found = sineIn(await coded(audioCodecs[to], resampled), toHz);
    expect(Math.abs(found.hz / frequencyHz - 1)).toBeLessThan(0.005);
    expect(Math.abs(20 * Math.log10(found.peak / peak))).toBeLessThan(0.5);
    expect(found.snrDb).toBeGreaterThan(least);
  },
);

test.each(names)("%s is what its entry says", (name) => {
  const codec = audioCodecs[name];
  expect(codec.name).toBe(name);
  expect(() => codec.createEncoder(44_100)).toThrow(RangeError);
  expect(() => codec.createDecoder(44_100)).toThrow(RangeError);
  if (codec.bytesPerMs === undefined) return;
  const [rateHz = 0] = codec.sampleRatesHz;
  const heard = new Int16Array(rateHz / 50);
  const payload = new Uint8Array(20 * codec.bytesPerMs).fill(codec.silence);
  expect(codec.createDecoder(rateHz).decode(payload, 0, payload.length, heard)).toBe(heard.length);
  expect(Math.max(...heard.map(Math.abs))).toBeLessThanOrEqual(8);
});

test("G.711 is its tables, and L16 is two bytes a sample, the greater first", () => {
  const { PCMA: pcma, "L16/8000": l16 } = audioCodecs;
  const said = noise(160, 32_767);
  const bytes = new Uint8Array(320);
  pcma.createEncoder(8000).encode(said, bytes, 0);
  expect(Array.from(bytes.subarray(0, 160))).toEqual(Array.from(said, (sample) => pcma.tables?.fromLinear[sample & 0xffff]));
  expect(l16.createEncoder(8000).encode(Int16Array.of(1, -2, 0x1234, -32_768), bytes, 0)).toBe(8);
  expect(Array.from(bytes.subarray(0, 8))).toEqual([0, 1, 0xff, 0xfe, 0x12, 0x34, 0x80, 0]);
  const heard = new Int16Array(3);
  expect(l16.createDecoder(8000).decode(bytes, 0, 5, heard)).toBe(2);
  expect(Array.from(heard)).toEqual([1, -2, 0]);
});

test.each(["PCMU", "G722", "L16/16000"] as const)("a gap in %s goes on as before it", (name) => {
  const codec = audioCodecs[name];
  const [rateHz = 0] = codec.sampleRatesHz;
  const frame = rateHz / 50;
  const encoder = codec.createEncoder(rateHz);
  const decoder = codec.createDecoder(rateHz);
  const said = tone(400, rateHz, 10 * frame);
  const heard = new Int16Array(said.length);
  const packet = new Uint8Array(4000);
  for (let at = 0; at < said.length; at += frame) {
    const bytes = encoder.encode(said.subarray(at, at + frame), packet, 0);
    if (at === 5 * frame) decoder.conceal(heard.subarray(at), frame);
    else decoder.decode(packet, 0, bytes, heard.subarray(at));
  }
  const gap = heard.subarray(5 * frame, 6 * frame);
  const before = heard.subarray(4 * frame, 5 * frame);
  // Within the 10 ms before it fades.
  expect(Math.max(...gap.subarray(0, frame / 2).map((sample, index) => Math.abs(sample - (before[index] ?? 0))))).toBeLessThan(peak / 10);
});
