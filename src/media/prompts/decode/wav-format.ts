import { type Parsed, parsed, unparsed } from "../../../kernel/index.ts";
import type { ByteSource } from "./byte-source.ts";
import { fastestHz, mostChannels, slowestHz } from "./sound-reader.ts";

/** The members of a "fmt " chunk that matter. */
export type WavFormat = {
  /** Of the sub-format, when the format is extensible. */
  readonly code: number;
  readonly channels: number;
  readonly sampleRateHz: number;
  /** One frame of all channels; of a compressed format, a block of frames. */
  readonly blockBytes: number;
  readonly bits: number;
  /** What follows the common 16 bytes and its own length: for a compressed format, how it is made. */
  readonly extra: Uint8Array;
};

/** Where the samples lie. */
export type WavData = {
  readonly format: WavFormat;
  readonly start: number;
  readonly end: number;
  /** How many samples of a channel there are, for formats whose last block is filled up; as their "fact" chunk says, if it is there. */
  readonly samples: number | undefined;
};

/** Its first 16 bits are the code, at 8 of the extra bytes: valid bits, speakers, then the GUID (RFC 2361, WAVEFORMATEXTENSIBLE). */
const extensible = 0xfffe;
const extraOfExtensible = 22;
const subFormatAt = 6;
/** Said of a length that is elsewhere (EBU Tech 3306), or that was not known. */
const unknownLength = 0xffff_ffff;
/** A file of more chunks than this before its samples is no file of sound. */
const mostChunks = 1000;
/** A "fmt " chunk is at most some 60 bytes. */
const mostFormatBytes = 1024;

/**
 * Finds the samples of a RIFF or RF64 WAVE file. Lengths are not trusted: the samples go on to the end of the file when their chunk says 0 or
 * 0xffffffff (a stream's header), or more than there is.
 *
 *   "RIFF" length "WAVE"  { tag length(32, little-endian) content [pad to even] } ...
 */
export async function parseWav(source: ByteSource): Promise<Parsed<WavData>> {
  const head = await source.read(0, 12);
  const tag = tagAt(head, 0);
  if ((tag !== "RIFF" && tag !== "RF64") || tagAt(head, 8) !== "WAVE") return unparsed("not a RIFF WAVE file");
  let format: WavFormat | undefined;
  let longLength: number | undefined;
  let samples: number | undefined;
  let at = 12;
  for (let chunk = 0; chunk < mostChunks && at + 8 <= source.sizeBytes; chunk++) {
    const header = await source.read(at, 8);
    if (header.length < 8) break;
    const name = tagAt(header, 0);
    const declared = viewOf(header).getUint32(4, true);
    const start = at + 8;
    if (name === "ds64") longLength = lengthOf64(await source.read(start, 16));
    if (name === "fact") samples = samplesOfFact(await source.read(start, 4));
    if (name === "fmt ") {
      const found = parseFormat(await source.read(start, Math.min(declared, mostFormatBytes)));
      if (typeof found === "string") return unparsed(found, at);
      format = found;
    }
    if (name === "data") {
      if (format === undefined) return unparsed("the samples come before their format", at);
      const length = declared === unknownLength ? (longLength ?? 0) : declared;
      const end = length === 0 ? source.sizeBytes : Math.min(source.sizeBytes, start + length);
      return parsed({ format, start, end, samples });
    }
    at = start + declared + (declared % 2);
  }
  return unparsed("there are no samples in the file");
}

/** ds64: the file's length, then that of the samples, 64 bits each. */
function lengthOf64(bytes: Uint8Array): number | undefined {
  return bytes.length < 16 ? undefined : Number(viewOf(bytes).getBigUint64(8, true));
}

function samplesOfFact(bytes: Uint8Array): number | undefined {
  return bytes.length < 4 ? undefined : viewOf(bytes).getUint32(0, true);
}

function parseFormat(bytes: Uint8Array): WavFormat | string {
  if (bytes.length < 16) return "the format is cut off";
  const view = viewOf(bytes);
  const declared = view.getUint16(0, true);
  const extra = bytes.slice(18);
  const isExtensible = declared === extensible && extra.length >= extraOfExtensible;
  const format = {
    code: isExtensible ? viewOf(extra).getUint16(subFormatAt, true) : declared,
    channels: view.getUint16(2, true),
    sampleRateHz: view.getUint32(4, true),
    blockBytes: view.getUint16(12, true),
    bits: view.getUint16(14, true),
    extra,
  };
  const { channels, sampleRateHz } = format;
  if (channels < 1 || channels > mostChannels) return `${channels} channels; 1 to ${mostChannels} are read`;
  if (sampleRateHz < slowestHz || sampleRateHz > fastestHz) return `${sampleRateHz} Hz; ${slowestHz} to ${fastestHz} are read`;
  return format;
}

function tagAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
