import type { CodecName } from "../../src/media/index.ts";

/** How a codec is spoken here. */
export type Format = {
  readonly payloadType: number;
  readonly clockRateHz: number;
  /** Of 20 ms; absent when packets differ in length. */
  readonly frameBytes?: number;
  /** The byte that is silence, where one byte is a sample. */
  readonly silence?: number;
};

export const frameMs = 20;

export const formats: Readonly<Record<CodecName, Format>> = {
  PCMU: { payloadType: 0, clockRateHz: 8_000, frameBytes: 160, silence: 0xff },
  PCMA: { payloadType: 8, clockRateHz: 8_000, frameBytes: 160, silence: 0xd5 },
  // RFC 3551 §4.5.2: 16 kHz, and counted as 8.
  G722: { payloadType: 9, clockRateHz: 8_000, frameBytes: 160 },
  opus: { payloadType: 111, clockRateHz: 48_000 },
  "L16/8000": { payloadType: 96, clockRateHz: 8_000, frameBytes: 320 },
  "L16/16000": { payloadType: 97, clockRateHz: 16_000, frameBytes: 640 },
  "L16/48000": { payloadType: 98, clockRateHz: 48_000, frameBytes: 1_920 },
};

/** Cuts a prepared sound into frames of 20 ms; what is left over is dropped. A file of Opus has the length of each packet in the two bytes before it. */
export function framesOf(sound: Uint8Array, { frameBytes }: Format): readonly Uint8Array[] {
  const frames: Uint8Array[] = [];
  const lengthBytes = frameBytes === undefined ? 2 : 0;
  for (let at = 0; ; ) {
    const bytes = frameBytes ?? (sound[at] ?? 0) | ((sound[at + 1] ?? 0) << 8);
    const end = at + lengthBytes + bytes;
    if (bytes === 0 || end > sound.length) return frames;
    frames.push(sound.slice(at + lengthBytes, end));
    at = end;
  }
}
