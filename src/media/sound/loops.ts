import { codecByName, encode, sampleRateHz } from "../codec/codec.ts";
import type { CodecName } from "../plan.ts";

/** One octave of a scale of semitones above A3 (220 Hz): the bars' chords, each with its bass and the four notes of its broken chord. */
const chords = [
  { bass: -21, notes: [3, 7, 10, 15] },
  { bass: -24, notes: [0, 3, 7, 12] },
  { bass: -16, notes: [-4, 3, 8, 12] },
  { bass: -14, notes: [-2, 5, 10, 14] },
] as const;
/** Which notes of its chord a bar plays, one every half beat; two figures in turn keep it from sounding like a machine. */
const figures = [
  [0, 1, 2, 3, 2, 1, 2, 1],
  [3, 2, 1, 2, 0, 2, 1, 2],
] as const;
const noteSamples = sampleRateHz / 4;
const baseHz = 220;

/** A quiet tune of broken chords that repeats after 16 s without a seam: computed, so it has no author to pay. 8 kHz. */
function composeHoldMusic(): Int16Array {
  const barSamples = noteSamples * figures[0].length;
  const bars = chords.length * figures.length;
  const tune = new Float32Array(barSamples * bars);
  for (let bar = 0; bar < bars; bar++) {
    const chord = chords[bar % chords.length] ?? chords[0];
    const figure = figures[Math.floor(bar / chords.length)] ?? figures[0];
    pluck(tune, bar * barSamples, chord.bass, 3200, barSamples);
    figure.forEach((note, place) => pluck(tune, bar * barSamples + place * noteSamples, chord.notes[note], 2400, noteSamples * 5));
  }
  return Int16Array.from(tune, Math.round);
}

/** Adds a note with a soft second partial that dies away; what is left at the end of the tune sounds at its begin. */
function pluck(tune: Float32Array, at: number, semitones: number, loudness: number, samples: number): void {
  const step = (2 * Math.PI * baseHz * 2 ** (semitones / 12)) / sampleRateHz;
  for (const [partial, share] of [
    [1, 1],
    [2, 0.35],
  ] as const) {
    // sin(n·step) by recurrence: two multiplications instead of a sine for each sample.
    const factor = 2 * Math.cos(step * partial);
    let before = Math.sin(-step * partial);
    let current = 0;
    for (let index = 0; index < samples; index++) {
      const attack = Math.min(1, index / 80);
      const release = Math.min(1, (samples - index) / 400);
      const place = (at + index) % tune.length;
      tune[place] = (tune[place] ?? 0) + current * share * loudness * attack * release * Math.exp((-3.5 * index) / samples);
      [before, current] = [current, factor * current - before];
    }
  }
}

/** The ringing tone of North America: 440 and 480 Hz, 2 s of 6. 8 kHz. */
function composeRingback(): Int16Array {
  const turn = (2 * Math.PI) / sampleRateHz;
  return Int16Array.from({ length: sampleRateHz * 6 }, (_, index) =>
    index < sampleRateHz * 2 ? Math.round(2500 * (Math.sin(440 * turn * index) + Math.sin(480 * turn * index))) : 0,
  );
}

/** Sound that is played over and over, per codec; whole frames long. */
type Loop = Readonly<Record<CodecName, Uint8Array>>;
export type Loops = { readonly "hold-music": Loop; readonly ringback: Loop };

/** Takes some 30 ms: once for each thread, before it carries calls. */
export function composeLoops(): Loops {
  return { "hold-music": encoded(composeHoldMusic()), ringback: encoded(composeRingback()) };
}

function encoded(samples: Int16Array): Loop {
  const encodedBy = (name: CodecName) => {
    const bytes = new Uint8Array(samples.length);
    encode(codecByName[name], samples, bytes);
    return bytes;
  };
  return { PCMU: encodedBy("PCMU"), PCMA: encodedBy("PCMA") };
}
