import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { decoded, wavFile } from "../../fixture/sound-files.case.ts";
import { memorySource } from "./byte-source.ts";
import { openSound } from "./open-sound.ts";

// mpg123-decoder says there what it meets in damaged files.
beforeAll(() => void vi.spyOn(console, "error").mockReturnValue());
afterAll(() => void vi.restoreAllMocks());

const fixtures = new URL("../../../../test/support/audio/fixture/", import.meta.url);

/** How much louder 1 kHz is than all else, in dB, and how loud it is: from the middle, where codecs have settled. */
function toneIn(samples: Int16Array, sampleRateHz: number): { readonly ratioDb: number; readonly amplitude: number } {
  const period = Math.round(sampleRateHz / 1000);
  const length = period * Math.floor((samples.length * 0.3) / period);
  const first = Math.floor(samples.length * 0.2);
  let [sine, cosine, power] = [0, 0, 0];
  for (let index = 0; index < length; index++) {
    const sample = samples[first + index] ?? 0;
    const turn = (2 * Math.PI * 1000 * index) / sampleRateHz;
    sine += sample * Math.sin(turn);
    cosine += sample * Math.cos(turn);
    power += sample * sample;
  }
  const tone = (2 * (sine * sine + cosine * cosine)) / length;
  return { ratioDb: 10 * Math.log10(tone / Math.max(1, power - tone)), amplitude: Math.sqrt((2 * tone) / length) };
}

// ffmpeg made them of a tone of 1 kHz, and gives each of two channels 3 dB less. The mean of six of which one sounds is a sixth.
test.each([
  ["tone.mp3", "MP3", 22_050, 0.471, 25, 16384],
  ["tone-id3.mp3", "MP3", 44_100, 0.4, 25, 11585],
  ["tone.opus", "Ogg Opus", 48_000, 0.4, 20, 16384],
  ["tone-5.1.opus", "Ogg Opus", 48_000, 0.4, 20, 2731],
  ["tone-gsm.wav", "WAV, GSM 6.10", 8000, 0.4, 12, 16384],
  ["tone-ima-stereo.wav", "WAV, IMA ADPCM", 8000, 0.381, 20, 11585],
  ["tone-ms-stereo.wav", "WAV, MS ADPCM", 8000, 0.38, 20, 11585],
  ["tone-ms.wav", "WAV, MS ADPCM", 8000, 0.509, 20, 16384],
])("%s is read as %s", async (name, what, sampleRateHz, durationS, leastDb, loudness) => {
  const sound = await decoded(await readFile(new URL(name, fixtures)));
  expect(sound).toMatchObject({ what, sampleRateHz });
  expect(sound.samples.length / sampleRateHz).toBeCloseTo(durationS, 2);
  const { ratioDb, amplitude } = toneIn(sound.samples, sampleRateHz);
  expect(ratioDb).toBeGreaterThan(leastDb);
  expect(Math.abs(amplitude - loudness)).toBeLessThan(loudness / 10);
});

test("GSM 6.10 is read as libgsm reads it, to the bit", async () => {
  const { samples } = await decoded(await readFile(new URL("tone-gsm.wav", fixtures)));
  expect(createHash("sha256").update(new Uint8Array(samples.buffer)).digest("hex")).toBe(
    "75588920856a4289705a44252b1cc46c2c85707262104b47da1ea875ef147c1e",
  );
});

test("IMA ADPCM is read as its formula says", async () => {
  // One block: the first sample 100, index 0, then nibbles 7 and 15: 7 + 3 + 1 steps of 7 (shifted), and back with the step at index 8.
  const extra = [2, 0, 9, 0];
  const data = [100, 0, 0, 0, 0xf7, 0, 0, 0];
  const { samples } = await decoded(wavFile(data, { code: 0x11, bits: 4, blockBytes: 8, extra }));
  expect(Array.from(samples.subarray(0, 3))).toEqual([
    100,
    100 + (7 >> 3) + 7 + (7 >> 1) + (7 >> 2),
    100 + 11 - ((16 >> 3) + 16 + (16 >> 1) + (16 >> 2)),
  ]);
});

describe("what cannot be played is told", () => {
  test.each([
    ["", "the file is empty"],
    ["fLaC....", "a FLAC file"],
    ["....ftypM4A ", "an MP4 or M4A file"],
    ["OggS..........................vorbis", "an Ogg file of another codec than Opus"],
    ["#!AMR\n", "an AMR file"],
    ["FORM....AIFF", "an AIFF file"],
    ["RIFF....AVI ", "a RIFF file that is not WAVE"],
    ["<!DOCTYPE html><html>not found</html>", "text, not sound"],
    ["hello", "no kind of sound that is known here"],
  ])("%j", async (text, reason) => {
    expect(await openSound(memorySource(Buffer.from(text, "latin1")))).toMatchObject({ ok: false, reason });
  });
});

async function survives(bytes: Uint8Array): Promise<void> {
  const opened = await openSound(memorySource(bytes));
  if (!opened.ok) return;
  let samples = 0;
  for (let block = await opened.value.next(); block !== undefined; block = await opened.value.next()) samples += block.length;
  opened.value.close();
  // A byte of Opus can be 120 ms.
  expect(samples).toBeLessThanOrEqual(bytes.length * 5760);
}

describe("no bytes make it throw, or give more than they can hold", () => {
  const names = ["tone.mp3", "tone-id3.mp3", "tone.opus", "tone-5.1.opus", "tone-ima-stereo.wav", "tone-ms-stereo.wav", "tone-gsm.wav"];

  test.each(names)("of a damaged %s", async (name) => {
    const whole = await readFile(new URL(name, fixtures));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 40 }),
        fc.nat(whole.length),
        async (damage, length) => {
          const bytes = Uint8Array.from(whole);
          for (const [at, byte] of damage) bytes[at] = byte;
          await survives(bytes.subarray(0, length));
        },
      ),
      { numRuns: 40 },
    );
  });

  test("of noise behind the begin of a known kind", async () => {
    const begins = ["RIFF....WAVE", "RIFF....WAVEfmt ", "RF64....WAVEds64", ".snd", "OggS", "ID3", "\xff\xfb\x90\x00"];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...begins), fc.uint8Array({ maxLength: 4000 }), async (begin, noise) => {
        await survives(Buffer.concat([Buffer.from(begin, "latin1"), noise]));
      }),
      { numRuns: 100 },
    );
  });
});
