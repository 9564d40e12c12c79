import { type Parsed, parsed, unparsed } from "../../../kernel/index.ts";
import { blockReader } from "./blocks.ts";
import type { ByteSource } from "./byte-source.ts";
import { pcmCodec, type SampleKind } from "./pcm.ts";
import { fastestHz, mostChannels, slowestHz, type SoundReader } from "./sound-reader.ts";
import { viewOf } from "./wav-format.ts";

const encodings: Readonly<Partial<Record<number, readonly [SampleKind, number]>>> = {
  1: ["mu-law", 1],
  2: ["PCM", 1],
  3: ["PCM", 2],
  4: ["PCM", 3],
  5: ["PCM", 4],
  6: ["float", 4],
  7: ["float", 8],
  27: ["A-law", 1],
};
const container = { name: "AU", contentType: "audio/basic" };
const headerBytes = 24;

/**
 * A Sun or NeXT AU file, all of it big-endian, 32 bits each: ".snd", where the samples begin, their length (0xffffffff when it is not known),
 * encoding, rate, channels.
 */
export async function openAu(source: ByteSource): Promise<Parsed<SoundReader>> {
  const head = await source.read(0, headerBytes);
  if (head.length < headerBytes) return unparsed("the header is cut off");
  const view = viewOf(head);
  const [start, length] = [view.getUint32(4), view.getUint32(8)];
  const [encoding, sampleRateHz, channels] = [view.getUint32(12), view.getUint32(16), view.getUint32(20)];
  if (channels < 1 || channels > mostChannels) return unparsed(`${channels} channels; 1 to ${mostChannels} are read`);
  if (sampleRateHz < slowestHz || sampleRateHz > fastestHz) return unparsed(`${sampleRateHz} Hz; ${slowestHz} to ${fastestHz} are read`);
  const [kind, sampleBytes] = encodings[encoding] ?? [];
  const codec = kind === undefined || sampleBytes === undefined ? undefined : pcmCodec(kind, sampleBytes, channels, false);
  if (codec === undefined) return unparsed(`AU encoding ${encoding}`);
  return parsed(blockReader(source, codec, container, sampleRateHz, { start, end: Math.min(source.sizeBytes, start + length) }));
}
