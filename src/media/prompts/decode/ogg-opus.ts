import { OggOpusDecoder } from "ogg-opus-decoder";
import type { Parsed } from "../../../kernel/index.ts";
import type { ByteSource } from "./byte-source.ts";
import { begin, mixDown, type SoundReader } from "./sound-reader.ts";

/** 2 s at 32 kbit/s. */
const sliceBytes = 8 * 1024;
/** Opus decodes at this rate whatever was put in (RFC 7845 §5.1). */
const sampleRateHz = 48_000;

/** A page is at most so long (RFC 3533 §6). */
const longestPageBytes = 65_307;

/** An Ogg Opus file (RFC 7845) of any channels, without what is to be skipped at its begin (§4.2). */
export async function openOggOpus(source: ByteSource): Promise<Parsed<SoundReader>> {
  const decoder = new OggOpusDecoder();
  await decoder.ready;
  let at = 0;
  let isFlushed = false;
  let left = await lengthOf(source);
  const decoded = async () => {
    if (isFlushed) return undefined;
    // The decoder keeps pages that are not whole yet: it gets bytes of its own.
    const bytes = Uint8Array.from(await source.read(at, sliceBytes));
    at += bytes.length;
    isFlushed = bytes.length === 0;
    try {
      return await (isFlushed ? decoder.flush() : decoder.decode(bytes));
    } catch {
      // It throws at headers that make no sense: what came before is all that there is.
      isFlushed = true;
      return undefined;
    }
  };
  const next = async (): Promise<Int16Array | undefined> => {
    for (;;) {
      const sound = await decoded();
      if (sound === undefined) return undefined;
      const samples = Math.min(sound.samplesDecoded, left);
      left -= samples;
      if (samples > 0) return mixDown(sound.channelData, samples);
    }
  };
  return await begin({ describe: () => ({ kind: "Ogg Opus", contentType: "audio/ogg", sampleRateHz }), next, close: () => decoder.free() });
}

/**
 * How many samples there are: the last packet is filled up (RFC 7845 §4.4), which the decoder gives too. Infinity where the last page is of
 * another stream than the first, or says nothing.
 *
 *   page:  "OggS" version(8) flags(8) granule position(64, little-endian) stream(32) ...
 *   head:  "OpusHead" version(8) channels(8) pre-skip(16) ...
 */
async function lengthOf(source: ByteSource): Promise<number> {
  const head = Buffer.from(await source.read(0, 128));
  const tail = Buffer.from(await source.read(Math.max(0, source.sizeBytes - longestPageBytes), longestPageBytes));
  const [opus, page] = [head.indexOf("OpusHead"), tail.lastIndexOf("OggS")];
  if (opus < 0 || opus + 12 > head.length || page < 0 || page + 18 > tail.length) return Number.POSITIVE_INFINITY;
  if (head.readUInt32LE(14) !== tail.readUInt32LE(page + 14)) return Number.POSITIVE_INFINITY;
  const samples = Number(tail.readBigInt64LE(page + 6)) - head.readUInt16LE(opus + 10);
  return samples > 0 ? samples : Number.POSITIVE_INFINITY;
}
