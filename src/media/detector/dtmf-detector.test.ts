import { beforeAll, describe, expect, test } from "vitest";
import { speak } from "../../../test/support/audio/flite.ts";
import { aLaw, muLaw } from "../codec/g711.ts";
import { callProgressTones } from "../plan.ts";
import { tonesByCountry } from "../sound/call-progress-countries.ts";
import { Loops } from "../sound/loops.ts";
import { DtmfDetector } from "./dtmf-detector.ts";

const digits = "123A456B789C*0#D";
const rowsHz = [697, 770, 852, 941];
const columnsHz = [1209, 1336, 1477, 1633];
const zeroDbm0 = 22_300;

/** A key and how long it is down, or a pause. */
type Stretch = readonly [digit: string, ms: number];
type Line = {
  /** dBm0 of each tone. */
  readonly row?: number;
  readonly column?: number;
  /** Part by which each frequency is off. */
  readonly rowOff?: number;
  readonly columnOff?: number;
  /** dBm0 */
  readonly noise?: number;
  readonly law?: "PCMU" | "PCMA";
  /** dBm0 of the row's second harmonic. */
  readonly harmonic?: number;
  /** Where in a block of the detector it begins. */
  readonly delayMs?: number;
};

function sound(stretches: readonly Stretch[], line: Line = {}): Int16Array {
  const { row = -10, column = -10, rowOff = 0, columnOff = 0, noise, harmonic = -99, law, delayMs = 23.4 } = line;
  const [rowPeak, columnPeak] = [zeroDbm0 * 10 ** (row / 20), zeroDbm0 * 10 ** (column / 20)];
  const harmonicPeak = zeroDbm0 * 10 ** (harmonic / 20);
  // Uniform noise: its peak is √3 of its effective value, that of a sine √2.
  const noisePeak = noise === undefined ? 0 : (zeroDbm0 * 10 ** (noise / 20) * Math.sqrt(3)) / Math.SQRT2;
  const samples: number[] = [];
  for (const [digit, ms] of [["", delayMs], ...stretches, ["", 100]] as const) {
    const key = digits.indexOf(digit || "?");
    const begin = samples.length;
    for (let at = 0; at < Math.round(ms * 8); at++) {
      const turns = (2 * Math.PI * at) / 8000;
      const rowTone = rowPeak * Math.sin((rowsHz[key >> 2] ?? 0) * (1 + rowOff) * turns + begin);
      const columnTone = columnPeak * Math.sin((columnsHz[key & 3] ?? 0) * (1 + columnOff) * turns + 2 * begin);
      const harmonicTone = harmonicPeak * Math.sin((rowsHz[key >> 2] ?? 0) * 2 * turns);
      samples.push(key < 0 ? 0 : rowTone + columnTone + harmonicTone);
    }
  }
  let seed = 7;
  return Int16Array.from(samples, (sample) => {
    seed = (seed * 16_807) % 2_147_483_647;
    const received = Math.round(sample + noisePeak * ((2 * seed) / 2_147_483_647 - 1));
    if (law === undefined) return received;
    const { fromLinear, toLinear } = law === "PCMU" ? muLaw : aLaw;
    return toLinear[fromLinear[received & 0xffff] ?? 0] ?? 0;
  });
}

function heard(samples: Int16Array, gain = 1): { digits: string; ended: readonly (readonly [string, number])[] } {
  let begun = "";
  const ended: [string, number][] = [];
  const detector = new DtmfDetector({ began: (digit) => (begun += digit), ended: (digit, ms) => ended.push([digit, ms]) });
  const frame = new Int16Array(160);
  for (let at = 0; at + 160 <= samples.length; at += 160) {
    for (let index = 0; index < 160; index++) frame[index] = Math.max(-32_768, Math.min(32_767, (samples[at + index] ?? 0) * gain));
    detector.write(frame);
  }
  return { digits: begun, ended };
}

/** How many of the digits, each begun at eight places of a block, are heard as `wanted` has it. */
function share(stretches: (digit: string) => readonly Stretch[], line: Line, wanted: (digit: string) => string): number {
  let right = 0;
  for (const digit of digits)
    for (let place = 0; place < 8; place++)
      if (heard(sound(stretches(digit), { ...line, delayMs: 20 + place * 1.25 })).digits === wanted(digit)) right += 1;
  return right / (digits.length * 8);
}
const once = (digit: string) => digit;
const shortest = (digit: string): readonly Stretch[] => [[digit, 40]];

const fourTimes = (digit: string): readonly Stretch[] =>
  Array.from(
    { length: 4 },
    () =>
      [
        [digit, 40],
        ["", 40],
      ] as const,
  ).flat();

describe("ITU-T Q.24: heard, all digits at all places of a block", () => {
  test.each<[string, Line]>([
    ["−3 dBm0", { row: -3, column: -3 }],
    ["−25 dBm0", { row: -25, column: -25 }],
    ["−25 dBm0, µ-law", { row: -25, column: -25, law: "PCMU" }],
    ["−25 dBm0, A-law", { row: -25, column: -25, law: "PCMA" }],
    ["the column 4 dB louder", { row: -14, law: "PCMU" }],
    ["the row 8 dB louder", { column: -18, law: "PCMA" }],
    ["both 1.5 % high", { rowOff: 0.015, columnOff: 0.015 }],
    ["both 1.5 % low, the row 8 dB louder", { rowOff: -0.015, columnOff: -0.015, column: -18 }],
    ["apart by 1.5 % each", { rowOff: -0.015, columnOff: 0.015, row: -14 }],
    ["noise 15 dB below each tone", { noise: -25, law: "PCMU" }],
    ["the row 8 dB louder, noise 15 dB below both", { column: -18, noise: -24.4, law: "PCMA" }],
  ])("40 ms of tone, %s", (_name, line) => {
    expect(share(shortest, line, once)).toBe(1);
  });

  test.each<[string, Line]>([
    ["−32 dBm0", { row: -32, column: -32 }],
    ["the column 7 dB louder", { row: -17 }],
    ["a second harmonic as loud as the tones", { harmonic: -10 }],
    ["the row 12 dB louder", { column: -22 }],
    ...[-0.05, -0.04, -0.035, 0.035, 0.04, 0.05].flatMap((off): [string, Line][] => [
      [`rows off by ${off}`, { rowOff: off }],
      [`columns off by ${off}`, { columnOff: off }],
      [`columns off by ${off}, the row 8 dB louder`, { columnOff: off, column: -18 }],
    ]),
    ["one tone alone", { column: -60 }],
  ])("not heard: %s", (_name, line) => {
    expect(
      share(
        (digit) => [[digit, 100]],
        line,
        () => "",
      ),
    ).toBe(1);
  });

  test("20 ms is no digit", () => {
    expect(
      share(
        (digit) => [[digit, 20]],
        {},
        () => "",
      ),
    ).toBe(1);
  });

  test.each([[10], [20]])("a drop-out of %i ms is bridged", (ms) => {
    const broken = (digit: string): readonly Stretch[] => [
      [digit, 50],
      ["", ms],
      [digit, 50],
    ];
    expect(share(broken, { law: "PCMU" }, once)).toBe(1);
  });

  test("a pause of 40 ms is one", () => {
    expect(share(fourTimes, { law: "PCMA" }, (digit) => digit.repeat(4))).toBe(1);
  });
});

test("one key after another needs no pause", () => {
  expect(heard(sound(Array.from(digits, (digit) => [digit, 50]))).digits).toBe(digits);
});

test("a long tone is one digit, with its length", () => {
  const { digits: one, ended } = heard(sound([["8", 12_000]], { noise: -30, law: "PCMU" }));
  expect(one).toBe("8");
  expect(ended).toHaveLength(1);
  expect(Math.abs((ended[0]?.[1] ?? 0) - 12_000)).toBeLessThanOrEqual(10);
});

test.each([[40], [70], [100], [333]])("a length of %i ms is told to 10 ms", (ms) => {
  for (const delayMs of [20, 22.5, 25, 28]) {
    const [[, told] = ["", 0]] = heard(sound([["#", ms]], { delayMs })).ended;
    expect(Math.abs(told - ms)).toBeLessThanOrEqual(10);
  }
});

describe("no digits in speech", () => {
  const texts = [
    "Hello, you have reached the voice mail of Anna and Peter. We cannot come to the phone right now.",
    "Nine hundred and ninety nine red balloons are floating in the summer sky over Aachen, Oulu and Aarhus.",
    "Who knew whose shoes you chose? Ooh, a moody baboon grew too cool for school.",
  ];
  const said: Int16Array[] = [];
  beforeAll(async () => {
    for (const text of texts) for (const voice of ["slt", "kal"] as const) said.push(await speak(text, voice));
  });

  test("of two voices, quiet, usual and clipped", () => {
    expect(said.reduce((sum, { length }) => sum + length, 0) / 8000).toBeGreaterThan(25);
    for (const samples of said) for (const gain of [0.3, 1, 3]) expect(heard(samples, gain)).toEqual({ digits: "", ended: [] });
  });

  test("a digit over somebody who speaks is heard", () => {
    const [samples = new Int16Array()] = said;
    const mixed = sound(
      [
        ["", 1000],
        ["5", 200],
        ["", 300],
        ["9", 200],
      ],
      { row: -9, column: -9 },
    );
    for (let at = 0; at < mixed.length; at++) mixed[at] = (mixed[at] ?? 0) + (samples[at] ?? 0) * 0.25;
    expect(heard(mixed).digits).toBe("59");
  });
});

test("no digits in hold music and the tones of any network", () => {
  const loops = new Loops();
  const sounds = new Set([loops.samples("hold-music", undefined, 8000)]);
  for (const country of Object.keys(tonesByCountry)) for (const tone of callProgressTones) sounds.add(loops.samples(tone, country, 8000));
  expect(sounds.size).toBeGreaterThan(80);
  for (const samples of sounds) for (const gain of [0.5, 2]) expect(heard(samples, gain).digits).toBe("");
});
