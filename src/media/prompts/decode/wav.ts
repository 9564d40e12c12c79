import { type Parsed, parsed, unparsed } from "../../../kernel/index.ts";
import { type BlockCodec, blockReader } from "./blocks.ts";
import type { ByteSource } from "./byte-source.ts";
import { gsm610 } from "./gsm.ts";
import { imaAdpcm } from "./ima-adpcm.ts";
import { msAdpcm } from "./ms-adpcm.ts";
import { pcmCodec } from "./pcm.ts";
import type { SoundReader } from "./sound-reader.ts";
import { parseWav, type WavFormat } from "./wav-format.ts";

const container = { name: "WAV", contentType: "audio/wav" };
/** Registered in RFC 2361. */
const codes = { pcm: 1, msAdpcm: 2, float: 3, aLaw: 6, muLaw: 7, imaAdpcm: 0x11, gsm610: 0x31 } as const;

/** A WAV file of PCM with 8 to 32 bits, floats, G.711, IMA or MS ADPCM, or GSM 6.10. */
export async function openWav(source: ByteSource): Promise<Parsed<SoundReader>> {
  const found = await parseWav(source);
  if (!found.ok) return found;
  const { format, ...range } = found.value;
  const codec = codecOf(format);
  return codec.ok ? parsed(blockReader(source, codec.value, container, format.sampleRateHz, range)) : codec;
}

function codecOf({ code, channels, bits, blockBytes, extra }: WavFormat): Parsed<BlockCodec> {
  switch (code) {
    case codes.msAdpcm:
      return msAdpcm(channels, blockBytes, extra);
    case codes.gsm610:
      return gsm610(channels, blockBytes);
    case codes.imaAdpcm:
      return imaAdpcm(channels, blockBytes);
    default: {
      // 20 bits lie in 24 or in 32, which only the length of a block says.
      const codec = sampleCodec(code, bits % 8 === 0 ? bits / 8 : blockBytes / channels, channels);
      return codec === undefined ? unparsed(`WAV format ${code} with ${bits} bits`) : parsed(codec);
    }
  }
}

function sampleCodec(code: number, sampleBytes: number, channels: number): BlockCodec | undefined {
  if (code === codes.pcm) return pcmCodec(sampleBytes === 1 ? "unsigned PCM" : "PCM", sampleBytes, channels, true);
  if (code === codes.float) return pcmCodec("float", sampleBytes, channels, true);
  if (code === codes.muLaw) return pcmCodec("mu-law", sampleBytes, channels, true);
  return code === codes.aLaw ? pcmCodec("A-law", sampleBytes, channels, true) : undefined;
}
