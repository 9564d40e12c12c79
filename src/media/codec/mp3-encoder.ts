import { createMp3Encoder } from "wasm-media-encoders";
import type { WavFormat } from "./wav-writer.ts";

/** Speech at 8 and 16 kHz, for each channel: MPEG-2.5 and MPEG-2 Layer III have these. */
const kbitPerChannel = (sampleRateHz: number) => (sampleRateHz > 8000 ? 48 : 32);

export type Mp3Encoder = {
  /** Samples of both channels in turn. What it returns is overwritten by the next call. */
  encode(samples: Int16Array): Uint8Array;
  finish(): Uint8Array;
};

/** LAME, for threads that have time: a second of sound takes it 3 ms (8 kHz) to 9 ms (16 kHz, two channels). */
export async function openMp3Encoder({ sampleRateHz, channels }: WavFormat): Promise<Mp3Encoder> {
  const encoder = await createMp3Encoder();
  const bitrate = (kbitPerChannel(sampleRateHz) * channels) as 32 | 48 | 64 | 96;
  encoder.configure({ sampleRate: sampleRateHz, channels, bitrate, outputSampleRate: sampleRateHz as 8000 | 16_000 });
  return {
    encode: (samples) => encoder.encode(Array.from({ length: channels }, (_, channel) => channelOf(samples, channel, channels))),
    finish: () => encoder.finalize(),
  };
}

function channelOf(samples: Int16Array, channel: number, channels: number): Float32Array {
  const result = new Float32Array(samples.length / channels);
  for (let index = 0; index < result.length; index++) result[index] = (samples[index * channels + channel] ?? 0) / 32_768;
  return result;
}
