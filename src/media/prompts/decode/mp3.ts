import { MPEGDecoder } from "mpg123-decoder";
import { type Parsed, unparsed } from "../../../kernel/index.ts";
import type { ByteSource } from "./byte-source.ts";
import { begin, mixDown, type SoundReader } from "./sound-reader.ts";

/** A second at 128 kbit/s, 4 at 32. */
const sliceBytes = 16 * 1024;
const tagHeaderBytes = 10;
/** What may lie before the first frame without being sound. */
const mostNoiseBytes = 64 * 1024;

/** kbit/s, by the four bits of a frame's header: MPEG 1 layer III, and MPEG 2 and 2.5 layer III (ISO 11172-3, 13818-3). */
const bitrates = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
] as const;
const ratesHz = [44_100, 48_000, 32_000] as const;

/** An MP3 file, with or without an ID3 tag. Frames that are damaged are passed over. */
export async function openMp3(source: ByteSource): Promise<Parsed<SoundReader>> {
  const start = await firstFrame(source);
  if (start === undefined) return unparsed("an MP3 file without frames");
  const decoder = new MPEGDecoder();
  await decoder.ready;
  let at = start;
  let sampleRateHz = 0;
  // Frames that are damaged are passed over, and told in what it gives; it does not throw for bytes.
  const next = async (): Promise<Int16Array | undefined> => {
    while (at < source.sizeBytes) {
      const bytes = await source.read(at, sliceBytes);
      if (bytes.length === 0) return undefined;
      at += bytes.length;
      const { channelData, samplesDecoded, sampleRate } = decoder.decode(bytes);
      if (samplesDecoded === 0) continue;
      if (sampleRateHz === 0) sampleRateHz = sampleRate;
      return mixDown(channelData, samplesDecoded);
    }
    return undefined;
  };
  return await begin({ describe: () => ({ kind: "MP3", contentType: "audio/mpeg", sampleRateHz }), next, close: () => decoder.free() });
}

/** Where sound begins: a header, and behind its frame another of the same stream. */
async function firstFrame(source: ByteSource): Promise<number | undefined> {
  const start = await endOfTag(source);
  const bytes = Uint8Array.from(await source.read(start, mostNoiseBytes));
  for (let at = 0; at + 4 <= bytes.length; at++) {
    const length = frameBytes(bytes, at);
    if (length === undefined) continue;
    const next = at + length;
    if (start + next >= source.sizeBytes || next + 4 > bytes.length || frameBytes(bytes, next) !== undefined) return start + at;
  }
  return undefined;
}

/** ID3v2 §3.1: "ID3", version (16), flags (8), length in 4 × 7 bits. It can hold a picture of megabytes. */
async function endOfTag(source: ByteSource): Promise<number> {
  const head = await source.read(0, tagHeaderBytes);
  const [i, d, three, , , , a = 0, b = 0, c = 0, e = 0] = head;
  if (i !== 0x49 || d !== 0x44 || three !== 0x33) return 0;
  return tagHeaderBytes + ((a & 127) << 21) + ((b & 127) << 14) + ((c & 127) << 7) + (e & 127);
}

/**
 * The length of the frame of layer III whose header is at `at`; undefined when none is.
 *
 *   0                   1                   2
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3
 *  +---------------------+---+---+-+-------+---+-+-+
 *  |  eleven ones        |ver|lay|c|bitrate|Hz |p| |
 *  +---------------------+---+---+-+-------+---+-+-+
 */
function frameBytes(bytes: Uint8Array, at: number): number | undefined {
  const [sync = 0, kind = 0, rate = 0] = [bytes[at], bytes[at + 1], bytes[at + 2]];
  if (sync !== 0xff || (kind & 0xe0) !== 0xe0) return undefined;
  const version = (kind >> 3) & 3;
  const isLayer3 = ((kind >> 1) & 3) === 1;
  const isFirstVersion = version === 3;
  const kbps = bitrates[isFirstVersion ? 0 : 1][rate >> 4];
  const baseHz = ratesHz[(rate >> 2) & 3];
  if (version === 1 || !isLayer3 || kbps === undefined || kbps === 0 || baseHz === undefined) return undefined;
  const sampleRateHz = isFirstVersion ? baseHz : version === 2 ? baseHz / 2 : baseHz / 4;
  return Math.floor(((isFirstVersion ? 144_000 : 72_000) * kbps) / sampleRateHz) + ((rate >> 1) & 1);
}
