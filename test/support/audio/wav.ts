import { decodeALaw, decodeMuLaw } from "./g711.ts";

export type Wav = {
  readonly sampleRateHz: number;
  /** The first channel. */
  readonly samples: Int16Array;
};

const pcm = 1;
const float = 3;
const aLaw = 6;
const muLaw = 7;
const extensible = 0xfffe;

/**
 * Reads a RIFF WAVE file of mu-law, A-law, 16-bit or 32-bit float samples. A data length beyond the end of the file is taken as "the rest": recorders that
 * still write, or count their header, leave one. Throws on anything else: a test must not go on with silence.
 */
export function parseWav(bytes: Uint8Array): Wav {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || tag(bytes, 0) !== "RIFF" || tag(bytes, 8) !== "WAVE") throw new Error("not a RIFF WAVE file");
  let format: { code: number; channels: number; sampleRateHz: number; bits: number } | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = tag(bytes, at);
    const declared = view.getUint32(at + 4, true);
    const start = at + 8;
    const length = Math.min(declared, bytes.length - start);
    if (name === "fmt ") {
      const code = view.getUint16(start, true);
      format = {
        code: code === extensible ? view.getUint16(start + 24, true) : code,
        channels: view.getUint16(start + 2, true),
        sampleRateHz: view.getUint32(start + 4, true),
        bits: view.getUint16(start + 14, true),
      };
    }
    if (name === "data") {
      if (format === undefined) throw new Error("WAV data before its format");
      return { sampleRateHz: format.sampleRateHz, samples: readSamples(view, start, length, format) };
    }
    at = start + declared + (declared & 1);
  }
  throw new Error("WAV file without data");
}

function readSamples(view: DataView, start: number, length: number, format: { code: number; channels: number; bits: number }): Int16Array {
  const sampleBytes = format.bits / 8;
  const read = sampleReader(view, format);
  const stride = sampleBytes * format.channels;
  return Int16Array.from({ length: Math.floor(length / stride) }, (_, index) => read(start + index * stride));
}

function sampleReader(view: DataView, format: { code: number; bits: number }): (at: number) => number {
  const kind = `${format.code}/${format.bits}`;
  switch (kind) {
    case `${pcm}/16`:
      return (at) => view.getInt16(at, true);
    case `${float}/32`:
      return (at) => Math.max(-32_768, Math.min(32_767, Math.round(view.getFloat32(at, true) * 32_767)));
    case `${aLaw}/8`:
      return (at) => decodeALaw(view.getUint8(at));
    case `${muLaw}/8`:
      return (at) => decodeMuLaw(view.getUint8(at));
    default:
      throw new Error(`WAV format ${kind} is not read here`);
  }
}

/** A mono 16-bit WAV file. */
export function formatWav(wav: Wav): Uint8Array {
  const bytes = new Uint8Array(44 + wav.samples.length * 2);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from("RIFF....WAVEfmt "), 0);
  view.setUint32(4, bytes.length - 8, true);
  view.setUint32(16, 16, true);
  view.setUint16(20, pcm, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, wav.sampleRateHz, true);
  view.setUint32(28, wav.sampleRateHz * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  bytes.set(Buffer.from("data"), 36);
  view.setUint32(40, wav.samples.length * 2, true);
  wav.samples.forEach((sample, index) => view.setInt16(44 + index * 2, sample, true));
  return bytes;
}

/** The samples at 8 kHz; multiples of it up to 48 kHz are understood. A short low-pass is enough: only the energy of the result is compared. */
export function samplesAt8Khz(wav: Wav): Int16Array {
  const { samples } = wav;
  const ratio = wav.sampleRateHz / 8_000;
  if (ratio === 1) return samples;
  if (![2, 4, 6].includes(ratio)) throw new Error(`no resampling from ${wav.sampleRateHz} Hz`);
  return Int16Array.from({ length: Math.floor(samples.length / ratio) }, (_, index) => {
    // A triangle around each sample that stays.
    let sum = 0;
    for (let away = 1 - ratio; away < ratio; away++) sum += (ratio - Math.abs(away)) * (samples[index * ratio + away] ?? 0);
    return Math.round(sum / ratio ** 2);
  });
}

function tag(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
