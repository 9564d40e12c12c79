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
const notesPerS = 4;
const noteCount = figures[0].length;
const baseHz = 220;
/** Loudness of a string's partials: the higher ones die away sooner. */
const partials = [1, 0.35, 0.16, 0.07] as const;
/** e^−3.5 is what is left of a note at its end. */
const decay = 3.5;
const attackMs = 10;
const releaseMs = 50;

/** A quiet tune of broken chords that repeats after 16 s without a seam: computed, so it has no author to pay. 25 ms of work the first time, 40 at 48 kHz. */
export function composeHoldMusic(sampleRateHz: number): Int16Array {
  const noteSamples = sampleRateHz / notesPerS;
  const barSamples = noteSamples * noteCount;
  const bars = chords.length * figures.length;
  const tune = new Float32Array(barSamples * bars);
  for (let bar = 0; bar < bars; bar++) {
    const chord = chords[bar % chords.length] ?? chords[0];
    const figure = figures[Math.floor(bar / chords.length)] ?? figures[0];
    pluck(tune, sampleRateHz, bar * barSamples, chord.bass, 3200, barSamples);
    for (const [place, note] of figure.entries())
      pluck(tune, sampleRateHz, bar * barSamples + place * noteSamples, chord.notes[note], 2400, noteSamples * 5);
  }
  const samples = new Int16Array(tune.length);
  for (let at = 0; at < samples.length; at++) samples[at] = Math.round(tune[at] ?? 0);
  return samples;
}

/** Adds a note; what is left of it at the end of the tune sounds at its begin. */
function pluck(tune: Float32Array, sampleRateHz: number, at: number, semitones: number, loudness: number, length: number): void {
  const attack = 1000 / (attackMs * sampleRateHz);
  const release = 1000 / (releaseMs * sampleRateHz);
  for (const [index, share] of partials.entries()) {
    const samples = Math.round(length / (index + 1));
    const step = (2 * Math.PI * baseHz * 2 ** (semitones / 12) * (index + 1)) / sampleRateHz;
    // sin(n·step) and the decay by recurrence: multiplications instead of a sine and a power for each sample.
    const factor = 2 * Math.cos(step);
    const fading = Math.exp(-decay / samples);
    let before = Math.sin(-step);
    let current = 0;
    let level = share * loudness;
    let place = at;
    for (let sample = 0; sample < samples; sample++) {
      tune[place] = (tune[place] ?? 0) + current * level * Math.min(1, sample * attack, (samples - sample) * release);
      const next = factor * current - before;
      before = current;
      current = next;
      level *= fading;
      place = place + 1 === tune.length ? 0 : place + 1;
    }
  }
}
