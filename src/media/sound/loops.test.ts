import { expect, test } from "vitest";
import { audioCodecs } from "../codec/codecs.ts";
import { type LoopCodec, Loops, readLoop } from "./loops.ts";

function counting(name: "PCMU" | "PCMA"): LoopCodec & { readonly encoded: number[] } {
  const encoded: number[] = [];
  return {
    name,
    sampleRateHz: 8000,
    encoded,
    encode(samples) {
      encoded.push(samples.length);
      const bytes = new Uint8Array(samples.length);
      audioCodecs[name].createEncoder(8000).encode(samples, bytes, 0);
      return bytes;
    },
  };
}

const largest = (values: Iterable<number>) => [...values].reduce((most, value) => Math.max(most, value), 0);

test("each loop is made once for a rate and encoded once for a codec, also for two countries with the same tone", () => {
  const loops = new Loops();
  const [pcmu, pcma] = [counting("PCMU"), counting("PCMA")];
  const first = loops.bytes("ringback", "DE", pcmu);
  expect(loops.bytes("ringback", "PL", pcmu)).toBe(first);
  expect(loops.bytes("ringback", "DE", pcma)).not.toBe(first);
  expect(loops.bytes("busy", "DE", pcmu)).not.toBe(first);
  expect([pcmu.encoded, pcma.encoded]).toEqual([[40_000, 7680], [40_000]]);
  expect(loops.samples("ringback", "NL", 8000)).toBe(loops.samples("ringback", "DE", 8000));
  expect(loops.samples("hold-music", undefined, 8000)).toBe(loops.samples("hold-music", "DE", 8000));
});

test.each([[8000], [16_000]])("hold music at %i Hz: 16 s, quiet, never silent for long, without a seam", (rate) => {
  const samples = new Loops().samples("hold-music", undefined, rate);
  expect(samples).toHaveLength(16 * rate);
  expect(largest(samples)).toBeLessThan(12_000);
  const power = (from: number, length: number) =>
    samples.subarray(from, from + length).reduce((sum, sample) => sum + sample * sample, 0) / length;
  for (let from = 0; from < samples.length; from += rate / 4) expect(power(from, rate / 4)).toBeGreaterThan(300 * 300);
  const steps = Array.from(samples, (sample, at) => Math.abs(sample - (samples.at(at - 1) ?? 0)));
  expect(steps[0]).toBeLessThan(largest(steps.slice(1)) / 2);
});

test("hold music is the same tune at each rate", () => {
  const loops = new Loops();
  const [narrow, wide] = [loops.samples("hold-music", undefined, 8000), loops.samples("hold-music", undefined, 16_000)];
  const apart = narrow.map((sample, at) => Math.abs(sample - (wide[2 * at] ?? 0)));
  expect(largest(apart)).toBeLessThan(250);
});

test("a loop is read on and on, also when a frame is longer than it", () => {
  const loop = Uint8Array.of(1, 2, 3, 4, 5);
  const frame = new Uint8Array(3);
  const heard: number[] = [];
  let position = 0;
  for (let count = 0; count < 5; count++) {
    position = readLoop(loop, position, frame);
    heard.push(...frame);
  }
  expect(heard).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5]);
  expect(position).toBe(0);
  const long = new Uint8Array(12);
  expect(readLoop(loop, 4, long)).toBe(1);
  expect([...long]).toEqual([5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1]);
});
