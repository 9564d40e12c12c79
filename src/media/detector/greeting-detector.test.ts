import { beforeAll, expect, test } from "vitest";
import { speak } from "../../../test/support/audio/flite.ts";
import { muLaw } from "../codec/g711.ts";
import type { AnsweredBy } from "../plan.ts";
import { Detection } from "./detection.ts";
import { GreetingDetector } from "./greeting-detector.ts";

const greetings = {
  hello: "Hello?",
  name: "Anna Miller.",
  voicemail:
    "Hello, you have reached the voice mail of Anna and Peter. We cannot come to the phone right now. " +
    "Please leave a message after the tone and we will call you back.",
} as const;
const said = new Map<string, Int16Array>();
beforeAll(async () => {
  for (const text of Object.values(greetings)) said.set(text, await speak(text));
});

const spoken = (text: string) => said.get(text) ?? new Int16Array();
const silence = (ms: number) => new Int16Array(ms * 8);
const tone = (ms: number, ...frequenciesHz: readonly number[]) =>
  Int16Array.from({ length: ms * 8 }, (_, index) =>
    frequenciesHz.reduce((sum, hz) => sum + (6000 / frequenciesHz.length) * Math.sin((2 * Math.PI * hz * index) / 8000), 0),
  );
/** As a line gives it: through G.711, with a little noise. */
function line(...parts: readonly Int16Array[]): Int16Array {
  const { fromLinear, toLinear } = muLaw;
  let seed = 1;
  return Int16Array.from(
    parts.flatMap((part) => Array.from(part)),
    (sample) => {
      seed = (seed * 16_807) % 2_147_483_647;
      return toLinear[fromLinear[(sample + (seed % 41) - 20) & 0xffff] ?? 0] ?? 0;
    },
  );
}

/** What is decided, and after how many milliseconds. */
function heard(sound: Int16Array, cutOffMs = 5000): readonly [AnsweredBy | undefined, number] {
  const detector = new GreetingDetector(cutOffMs);
  for (let at = 0; at + 160 <= sound.length; at += 160) {
    detector.write(sound.subarray(at, at + 160));
    const result = detector.result();
    if (result !== undefined) return [result, at / 8 + 20];
  }
  return [undefined, sound.length / 8];
}

test.each([["hello"], ["name"]] as const)("a short greeting and a pause is a person: %s", (name) => {
  for (const before of [100, 1500]) {
    const [result, afterMs] = heard(line(silence(before), spoken(greetings[name]), silence(3000)));
    expect(result).toBe("human");
    expect(afterMs).toBeLessThan(before + 3000);
  }
});

test("a greeting that goes on is a machine, before it has ended", () => {
  const sound = line(silence(300), spoken(greetings.voicemail), silence(400), tone(600, 1000), silence(3000));
  expect(sound.length / 8).toBeGreaterThan(8000);
  const [result, afterMs] = heard(sound);
  expect(result).toBe("machine");
  expect(afterMs).toBeLessThan(3500);
});

test.each([[440], [1000], [1400], [1980]])("a beep of %i Hz is a machine, after a short greeting too", (hz) => {
  expect(heard(line(silence(500), tone(300, hz), silence(500)))).toEqual(["machine", 660]);
  expect(heard(line(silence(300), spoken(greetings.hello), silence(300), tone(300, hz), silence(2000)))[0]).toBe("machine");
});

test.each([
  ["a click of a tone", tone(120, 1000)],
  ["two tones at once", tone(400, 770, 1336)],
  ["a tone below the range", tone(400, 300)],
  ["a tone above the range", tone(400, 2400)],
])("%s is no beep", (_name, sound) => {
  expect(heard(line(silence(300), sound, silence(2000)))[0]).not.toBe("machine");
});

test("a line on which nothing is said, and one that only clicks, is unknown", () => {
  expect(heard(line(silence(6000)))).toEqual(["unknown", 4000]);
  expect(heard(line(silence(1000), tone(40, 700, 900), silence(4000)))[0]).toBe("unknown");
});

test("what is not decided when the time is up is unknown, and stays so", () => {
  expect(heard(line(spoken(greetings.hello), silence(3000)), 300)).toEqual(["unknown", 300]);
  const detector = new GreetingDetector(20);
  for (let frame = 0; frame < 100; frame++) detector.write(tone(20, 1000));
  expect(detector.result()).toBe("unknown");
});

test("a detection runs once for each id that is planned, and ends when it is planned no more", () => {
  const ends: string[] = [];
  const detection = new Detection((detectId, result) => ends.push(`${detectId} ${result}`));
  const frames = (count: number) => {
    for (let frame = 0; frame < count; frame++) detection.write(new Int16Array(160));
  };
  detection.update({ detectId: "a", cutOffMs: 100 });
  frames(20);
  detection.update({ detectId: "a", cutOffMs: 100 });
  frames(20);
  expect([ends, detection.isRunning]).toEqual([["a unknown"], false]);
  detection.update({ detectId: "b", cutOffMs: 100 });
  expect(detection.isRunning).toBe(true);
  detection.update(undefined);
  frames(20);
  expect([ends, detection.isRunning]).toEqual([["a unknown"], false]);
});
