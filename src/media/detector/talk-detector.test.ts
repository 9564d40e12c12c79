import { beforeAll, describe, expect, test } from "vitest";
import { speak } from "../../../test/support/audio/flite.ts";
import { resample } from "../codec/fixture/resampler.case.ts";
import { TalkDetector } from "./talk-detector.ts";

const silence = (ms: number) => new Int16Array(ms * 8);
const sine = (ms: number, peak: number) => Int16Array.from({ length: ms * 8 }, (_, at) => Math.round(peak * Math.sin(at * 0.7)));
/** Uniform, of this effective value. */
function noise(ms: number, effective: number): Int16Array {
  let seed = 11;
  return Int16Array.from({ length: ms * 8 }, () => {
    seed = (seed * 16_807) % 2_147_483_647;
    return Math.round(effective * Math.sqrt(3) * ((2 * seed) / 2_147_483_647 - 1));
  });
}
const joined = (...parts: readonly Int16Array[]) => Int16Array.from(parts.flatMap((part) => Array.from(part)));
const mixed = (one: Int16Array, other: Int16Array) => one.map((sample, at) => sample + (other[at] ?? 0));

/** [ms, what it became] of each change. */
function changes(samples: Int16Array, rate = 8000, frameMs = 20): readonly (readonly [number, boolean])[] {
  const told: [number, boolean][] = [];
  let nowMs = 0;
  const detector = new TalkDetector(rate, (isTalking) => told.push([nowMs, isTalking]));
  const length = (rate * frameMs) / 1000;
  for (let at = 0; at + length <= samples.length; at += length) {
    nowMs = ((at + length) * 1000) / rate;
    detector.write(samples.subarray(at, at + length));
    expect(detector.isTalking).toBe(told.at(-1)?.[1] ?? false);
  }
  return told;
}

let said: Int16Array;
beforeAll(async () => {
  const whole = await speak(
    "Good morning, this is Anna Miller. I am calling about the invoice that you sent me last week, and about two others.",
  );
  const from = whole.findIndex((sample) => Math.abs(sample) > 500);
  said = whole.subarray(
    from,
    whole.findLastIndex((sample) => Math.abs(sample) > 500),
  );
});

describe("speech", () => {
  test.each([
    [8000, 10],
    [8000, 20],
    [8000, 60],
    [16_000, 20],
    [48_000, 20],
  ])("at %i Hz in frames of %i ms: begins at once, ends 400 ms after", (rate, frameMs) => {
    const told = changes(resample(joined(silence(1020), said, silence(1500)), 8000, rate), rate, frameMs);
    expect(told.map(([, isTalking]) => isTalking)).toEqual([true, false]);
    const [begunMs = 0, endedMs = 0] = told.map(([ms]) => ms);
    expect(begunMs - 1020).toBeGreaterThanOrEqual(40);
    expect(begunMs - 1020).toBeLessThanOrEqual(160);
    const silentMs = endedMs - 1020 - said.length / 8;
    expect(silentMs).toBeGreaterThan(250);
    expect(silentMs).toBeLessThan(520);
  });

  test("from the first frame on", () => {
    expect(changes(joined(said, silence(1000))).map(([, isTalking]) => isTalking)).toEqual([true, false]);
  });

  test("over noise, which itself is none", () => {
    const samples = joined(noise(3000, 150), said, silence(3000));
    const told = changes(mixed(samples, noise(samples.length / 8, 150)));
    expect(told[0]?.[1]).toBe(true);
    expect(Math.abs((told[0]?.[0] ?? 0) - 3000)).toBeLessThan(400);
    const talkedMs = told.reduce((sum, [ms, isTalking]) => sum + (isTalking ? -ms : ms), 0);
    expect(talkedMs / (said.length / 8)).toBeGreaterThan(0.8);
    expect(told.at(-1)?.[1]).toBe(false);
  });
});

describe("no speech", () => {
  test.each<[string, Int16Array]>([
    ["silence", silence(5000)],
    ["a quiet line", noise(5000, 60)],
    ["loud noise from the begin", noise(10_000, 2000)],
    ["clicks", joined(...Array.from({ length: 20 }, () => joined(sine(20, 20_000), silence(180))))],
  ])("%s", (_name, samples) => {
    expect(changes(samples)).toEqual([]);
  });

  test.each<[string, Int16Array]>([
    ["noise that begins", noise(20_000, 1500)],
    ["a tone that begins", sine(20_000, 8000)],
  ])("%s is known for what it is within 3 s", (_name, samples) => {
    const told = changes(joined(silence(1000), samples));
    expect(told.map(([, isTalking]) => isTalking)).toEqual([true, false]);
    expect(told[1]?.[0]).toBeLessThan(1000 + 3000);
  });

  test("a lost packet in noise is no reason to take what follows for a voice", () => {
    const samples = noise(10_000, 1000);
    samples.fill(0, 40_000, 40_160);
    expect(changes(samples)).toEqual([]);
  });
});

test.each([[8000], [48_000]])("the level is that of the latest frame, at %i Hz", (rate) => {
  const detector = new TalkDetector(rate, () => undefined);
  expect(detector.levelDbov).toBe(-127);
  for (const [peak, dbov] of [
    [32_767, -3],
    [3277, -23],
    [328, -43],
    [0, -127],
  ] as const) {
    detector.write(sine(rate / 400, peak));
    expect(Math.abs(detector.levelDbov - dbov)).toBeLessThan(0.2);
  }
});
