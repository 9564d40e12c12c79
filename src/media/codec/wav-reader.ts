import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";
import { aLaw, muLaw } from "./g711.ts";

/** One channel: of a stereo file, the mean of both. */
export type Wav = { readonly sampleRateHz: number; readonly samples: Int16Array };

type Format = { readonly code: number; readonly channels: number; readonly sampleRateHz: number; readonly bits: number };

const pcm = 1;
const aLawCode = 6;
const muLawCode = 7;
/** The real code is the begin of the sub-format. */
const extensible = 0xfffe;
const slowestHz = 8000;
const fastestHz = 48_000;

/**
 * Reads a RIFF WAVE file: 8, 16 or 24-bit PCM, mu-law or A-law, mono or stereo, 8 to 48 kHz. Lengths are not trusted: a data chunk goes on to the
 * end of the file when it says 0 (a stream's header), or more than there is.
 */
export function parseWav(bytes: Uint8Array): Parsed<Wav> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || tagAt(bytes, 0) !== "RIFF" || tagAt(bytes, 8) !== "WAVE") return unparsed("not a RIFF WAVE file");
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const tag = tagAt(bytes, at);
    const declared = view.getUint32(at + 4, true);
    const start = at + 8;
    if (tag === "fmt ") {
      const found = parseFormat(view, start, declared);
      if (typeof found === "string") return unparsed(found, at);
      format = found;
    }
    if (tag === "data") {
      if (format === undefined) return unparsed("the samples come before their format", at);
      const length = declared === 0 ? bytes.length - start : Math.min(declared, bytes.length - start);
      return parsed({ sampleRateHz: format.sampleRateHz, samples: readSamples(view, start, length, format) });
    }
    at = start + declared + (declared % 2);
  }
  return unparsed("there are no samples in the file");
}

function parseFormat(view: DataView, at: number, length: number): Format | string {
  if (length < 16 || at + length > view.byteLength) return "the format is cut off";
  const declaredCode = view.getUint16(at, true);
  const code = declaredCode === extensible && length >= 26 ? view.getUint16(at + 24, true) : declaredCode;
  const format = {
    code,
    channels: view.getUint16(at + 2, true),
    sampleRateHz: view.getUint32(at + 4, true),
    bits: view.getUint16(at + 14, true),
  };
  if (format.channels !== 1 && format.channels !== 2) return `${format.channels} channels; 1 or 2 are read`;
  if (format.sampleRateHz < slowestHz || format.sampleRateHz > fastestHz) return `${format.sampleRateHz} Hz; 8000 to 48000 are read`;
  if (readerOf(format) === undefined) return `format ${code} with ${format.bits} bits; 8, 16 and 24-bit PCM, mu-law and A-law are read`;
  return format;
}

function readerOf({ code, bits }: Format): ((view: DataView, at: number) => number) | undefined {
  if (code === pcm && bits === 8) return (view, at) => (view.getUint8(at) - 128) << 8;
  if (code === pcm && bits === 16) return (view, at) => view.getInt16(at, true);
  if (code === pcm && bits === 24) return (view, at) => view.getInt16(at + 1, true);
  if (code === muLawCode && bits === 8) return (view, at) => muLaw.toLinear[view.getUint8(at)] ?? 0;
  if (code === aLawCode && bits === 8) return (view, at) => aLaw.toLinear[view.getUint8(at)] ?? 0;
  return undefined;
}

function readSamples(view: DataView, start: number, length: number, format: Format): Int16Array {
  const read = readerOf(format);
  const sampleBytes = format.bits / 8;
  const stride = sampleBytes * format.channels;
  const samples = new Int16Array(Math.floor(length / stride));
  if (read === undefined) return samples;
  for (let index = 0; index < samples.length; index++) {
    const at = start + index * stride;
    const left = read(view, at);
    samples[index] = format.channels === 1 ? left : (left + read(view, at + sampleBytes)) >> 1;
  }
  return samples;
}

function tagAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
