import type { CallProgressTone } from "../plan.ts";
import { tonesByCountry, usualSpecialInformation, usualTones } from "./call-progress-countries.ts";
import { amplitudeOf, type Partial, ToneGenerator } from "./tone-generator.ts";

/** A stretch of a tone: sines at once, or none for silence. */
export type CadenceSegment = { readonly partials: readonly Partial[]; readonly durationMs: number };
/** Is repeated for ever. One segment alone goes on without a seam. */
export type Cadence = readonly CadenceSegment[];

/** Of a tone as a whole: E.180 has −10 dBm0 with 5 dB to either side. */
const levelDbm0 = -13;
/** All frequencies are whole Hz: after a second each is where it was. */
const steadyMs = 1000;
/** A country's tones in the order of their table. */
const places = { dial: 0, ringback: 1, busy: 2, congestion: 3, "call-waiting": 4 } as const;

/** By how they are written: countries have many in common. */
const cadences = new Map<string, Cadence>();

/** What the network of `country` (ISO 3166-1 alpha-2; North America when unknown) gives for it. The same tone is the same object. */
export function callProgressTone(kind: CallProgressTone, country = ""): Cadence {
  const tones = tonesByCountry[country.toUpperCase()] ?? usualTones;
  const written = writtenAs(kind, tones);
  const known = cadences.get(written);
  if (known !== undefined) return known;
  const cadence = written.split(", ").flatMap(segmentsOf);
  cadences.set(written, cadence);
  return cadence;
}

function writtenAs(kind: CallProgressTone, tones: typeof usualTones): string {
  switch (kind) {
    case "special-information":
      return tones[5] ?? usualSpecialInformation;
    case "confirmation":
      // E.182 leaves it to the country; most take their dial tone in pieces.
      return `${tones[0].split(" ", 1).join("")} 100 100`;
    default:
      return tones[places[kind]];
  }
}

function segmentsOf(written: string): readonly CadenceSegment[] {
  const [frequency = "", ...times] = written.split(" ");
  const partials = partialsOf(frequency);
  if (times.length === 0) return [{ partials, durationMs: steadyMs }];
  return times.map((time, index) => ({ partials: index % 2 === 0 ? partials : [], durationMs: Number(time) }));
}

/** A sine that swings by another one is three: itself, and half of it on either side. */
function partialsOf(written: string): readonly Partial[] {
  const [carrier = 0, swing] = written.split("*").map(Number);
  const shares: readonly (readonly [frequencyHz: number, share: number])[] =
    swing === undefined
      ? written.split("+").map((frequencyHz) => [Number(frequencyHz), 1])
      : [
          [carrier, 1],
          [carrier - swing, 0.5],
          [carrier + swing, 0.5],
        ];
  const scale = amplitudeOf(levelDbm0) / Math.hypot(...shares.map(([, share]) => share));
  return shares.map(([frequencyHz, share]) => ({ frequencyHz, amplitude: share * scale }));
}

/** By cadence and rate: a tone takes up to 2 ms to make. */
const rendered = new Map<Cadence, Map<number, Int16Array>>();

/** One round of it, the same for all who ask; not to be written to. `sampleRateHz` is a multiple of 1,000. */
export function renderCadence(cadence: Cadence, sampleRateHz: number): Int16Array {
  const known = rendered.get(cadence) ?? new Map<number, Int16Array>();
  rendered.set(cadence, known);
  const samples = known.get(sampleRateHz) ?? render(cadence, sampleRateHz);
  known.set(sampleRateHz, samples);
  return samples;
}

function render(cadence: Cadence, sampleRateHz: number): Int16Array {
  const samplesPerMs = sampleRateHz / 1000;
  const samples = new Int16Array(cadence.reduce((sum, { durationMs }) => sum + durationMs, 0) * samplesPerMs);
  let start = 0;
  for (const { partials, durationMs } of cadence) {
    const length = durationMs * samplesPerMs;
    const isSteady = cadence.length === 1;
    const generator = new ToneGenerator(partials, sampleRateHz, isSteady ? undefined : length);
    // From its second second on, it has come already.
    if (isSteady) generator.seek(sampleRateHz);
    generator.read(samples, start, start + length);
    start += length;
  }
  return samples;
}
