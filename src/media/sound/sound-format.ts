import type { AudioCodec } from "../codec/audio-codec.ts";
import { audioCodecs } from "../codec/codecs.ts";
import type { CompandingTables } from "../codec/g711.ts";
import type { EndpointPlan, PromptPlan, SoundFormat, Source } from "../plan.ts";

export type LinearFormat = Extract<SoundFormat, `linear/${number}`>;

/** How sound in a format lies in memory. A unit is the smallest part that can be played: a sample, a codec's byte, or a packet of 20 ms. */
export type SoundShape = {
  readonly sampleRateHz: number;
  readonly unitRateHz: number;
  /** 0 for packets: they differ in length, and each has its own before it (packets.ts). */
  readonly unitBytes: number;
  /** Each byte of a stretch in which nothing is heard. Of packets, see codec/silence.ts. */
  readonly silence: number;
  /** A sample and its byte, for the codecs where one says all of the other. */
  readonly companding: CompandingTables | undefined;
};

const sampleBytes = 2;
const packetsPerSecond = 50;

const linearFormats: Readonly<Partial<Record<number, LinearFormat>>> = {
  8000: "linear/8000",
  16_000: "linear/16000",
  48_000: "linear/48000",
};

const shapes: Readonly<Record<SoundFormat, SoundShape>> = {
  PCMU: shapeOfCodec(audioCodecs.PCMU),
  PCMA: shapeOfCodec(audioCodecs.PCMA),
  G722: shapeOfCodec(audioCodecs.G722),
  opus: shapeOfCodec(audioCodecs.opus),
  "L16/8000": shapeOfCodec(audioCodecs["L16/8000"]),
  "L16/16000": shapeOfCodec(audioCodecs["L16/16000"]),
  "L16/48000": shapeOfCodec(audioCodecs["L16/48000"]),
  "linear/8000": linearShape(8000),
  "linear/16000": linearShape(16_000),
  "linear/48000": linearShape(48_000),
};

/** Looked up for each prompt, so made once. */
export function shapeOf(format: SoundFormat): SoundShape {
  return shapes[format];
}

export const soundFormats = Object.keys(shapes) as readonly SoundFormat[];

export function isLinear(format: SoundFormat): format is LinearFormat {
  return format.startsWith("linear/");
}

/** Samples at the rate at which the codec works. */
export function linearFormatOf(codec: AudioCodec["name"]): LinearFormat {
  return linearFormats[shapes[codec].sampleRateHz] ?? "linear/48000";
}

/**
 * The format in which a prompt that is the endpoint's source is needed: the codec's own, which costs a worker a copy, when nothing is done to
 * it; else samples. An announcement always needs samples (`linearFormatOf`).
 */
export function soundFormatOf({ codec, source, announcement, volumeDb = 0, recordings }: EndpointPlan): SoundFormat {
  if (codec === undefined) return "linear/8000";
  const prompt = promptOf(source);
  const isPlain = (prompt?.volumeDb ?? 0) === 0 && announcement === undefined && volumeDb === 0;
  if (prompt === undefined || !isPlain) return linearFormatOf(codec);
  if (shapes[codec].companding !== undefined) return codec;
  // Of other codecs, what is heard would have to be decoded again, and what a prompt makes itself, encoded.
  const isHeard = recordings.some(({ hears }) => hears === "both");
  return isHeard || prompt.items.some(isMade) ? linearFormatOf(codec) : codec;
}

/** The prompt that a source plays. */
export function promptOf(source: Source): PromptPlan | undefined {
  return source.kind === "prompt" || source.kind === "hold-music" ? source.prompt : undefined;
}

function isMade({ kind }: PromptPlan["items"][number]): boolean {
  return kind === "silence" || kind === "tone" || kind === "network-tone";
}

function shapeOfCodec({ name, sampleRatesHz, bytesPerMs, silence, tables }: AudioCodec): SoundShape {
  const [sampleRateHz = 8000] = sampleRatesHz;
  const unitBytes = bytesPerMs === undefined ? 0 : name.startsWith("L16/") ? sampleBytes : 1;
  const unitRateHz = bytesPerMs === undefined ? packetsPerSecond : (bytesPerMs * 1000) / unitBytes;
  return { sampleRateHz, unitRateHz, unitBytes, silence, companding: tables };
}

function linearShape(sampleRateHz: number): SoundShape {
  return { sampleRateHz, unitRateHz: sampleRateHz, unitBytes: sampleBytes, silence: 0, companding: undefined };
}
