import type { CodecName } from "../plan.ts";
import { aLaw, muLaw } from "./g711.ts";

/** Everything in the worker is 8 kHz mono in frames of 20 ms. */
export const sampleRateHz = 8000;
export const frameMs = 20;
export const frameSamples = 160;
export const samplesPerMs = 8;

/** A codec of one byte a sample, as tables. */
export type Codec = {
  readonly name: CodecName;
  /** The byte that is silence. */
  readonly silence: number;
  /** 256 linear 16-bit samples, by byte. */
  readonly toLinear: Int16Array;
  /** 65,536 bytes, by a 16-bit sample as unsigned. */
  readonly fromLinear: Uint8Array;
};

export const codecByName: Readonly<Record<CodecName, Codec>> = {
  PCMU: { name: "PCMU", ...muLaw },
  PCMA: { name: "PCMA", ...aLaw },
};

export function decode(codec: Codec, bytes: Uint8Array, into: Int16Array): void {
  for (let index = 0; index < into.length; index++) into[index] = codec.toLinear[bytes[index] ?? 0] ?? 0;
}

/** Clips what is beyond 16 bits. */
export function encode(codec: Codec, samples: Int16Array | Int32Array, into: Uint8Array): void {
  for (let index = 0; index < into.length; index++) {
    const sample = samples[index] ?? 0;
    const clipped = sample > 32_767 ? 32_767 : sample < -32_768 ? -32_768 : sample;
    into[index] = codec.fromLinear[clipped & 0xffff] ?? 0;
  }
}

/** From one codec's bytes to another's. */
export function transcode(from: Codec, to: Codec, bytes: Uint8Array, into: Uint8Array): void {
  if (from === to) {
    into.set(bytes);
    return;
  }
  for (let index = 0; index < into.length; index++) into[index] = to.fromLinear[(from.toLinear[bytes[index] ?? 0] ?? 0) & 0xffff] ?? 0;
}
